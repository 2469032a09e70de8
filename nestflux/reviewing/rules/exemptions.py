"""Exemptions that exempt nothing: found while the schema rules are applied (``schema_review``)."""

from __future__ import annotations

from nestflux.reviewing.findings import FindingKind, Severity

UNUSED = FindingKind(
    "unused-exemption",
    Severity.WARNING,
    "what it allowed is gone, and the next finding of its kind would pass unseen",
)
