"""What the schema rules find in files that were just written."""

from __future__ import annotations

from collections.abc import Collection

from nestflux.conf import FAMILIES, configuration, history_folder
from nestflux.graph.loader import load
from nestflux.reviewing.findings import Finding
from nestflux.reviewing.reading import read_history
from nestflux.reviewing.schema_review import review_schema
from nestflux.reviewing.scope import Scope
from nestflux.reviewing.settings import review_settings


def findings_in(alias: str, names: Collection[str]) -> tuple[Finding, ...]:
    """The findings in these files of an alias, the worst first. Raises Misconfigured where the
    settings or the exemptions name a rule that does not exist."""
    settings = review_settings(configuration())
    if settings.is_off or not names:
        return ()
    folders = [history_folder(alias, family) for family in FAMILIES]
    histories = [read_history(folder) for folder in folders if folder.exists]
    scope = Scope(frozenset(names), "what was written")
    return review_schema(histories, scope, settings, load()).by_severity
