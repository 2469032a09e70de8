"""What the schema rules find in files that were just written."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace

from nestflux.conf import FAMILIES, configuration, history_folder, profile_path
from nestflux.database.profile import Sizes
from nestflux.database.profile_file import load as load_profile
from nestflux.exceptions import HistoryError
from nestflux.graph.loader import load
from nestflux.reviewing.findings import Finding
from nestflux.reviewing.reading import read_history
from nestflux.reviewing.reviewed import RowCount, rows_unknown
from nestflux.reviewing.schema_review import review_schema
from nestflux.reviewing.scope import Scope
from nestflux.reviewing.settings import review_settings


def findings_in(alias: str, names: Collection[str]) -> tuple[Finding, ...]:
    """The findings in these files of an alias, the worst first. Raises Misconfigured where the
    settings or the exemptions name a rule that does not exist."""
    settings = replace(review_settings(configuration()), rows=_rows(alias))
    if settings.is_off or not names:
        return ()
    folders = [history_folder(alias, family) for family in FAMILIES]
    histories = [read_history(folder) for folder in folders if folder.exists]
    scope = Scope(frozenset(names), "what was written")
    return review_schema(histories, scope, settings, load()).by_severity


def _rows(alias: str) -> RowCount:
    """By the profile, where one can be read: db_generate asks no live database."""
    try:
        return Sizes(profile=load_profile(profile_path(alias))).rows
    except HistoryError:  # said with what it costs to write tables anew
        return rows_unknown
