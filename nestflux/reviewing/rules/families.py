"""Histories of several server families: do they hold the same?"""

from __future__ import annotations

from collections.abc import Iterator

from nestflux.history.families import behind
from nestflux.reviewing.findings import Finding, FindingKind, Severity
from nestflux.reviewing.rule import rule
from nestflux.reviewing.subjects import Histories

BEHIND = FindingKind(
    "families-out-of-step",
    Severity.ERROR,
    "until it catches up, db_migrate refuses every database of that family",
)


@rule(Histories)
def families_that_are_behind(histories: Histories) -> Iterator[Finding]:
    for found in behind(histories.by_family):
        yield BEHIND.found(
            str(found),
            where=histories.root / found.family,
            then=found.command,
            details=found.migrations if len(found.migrations) > 1 else (),
        )
