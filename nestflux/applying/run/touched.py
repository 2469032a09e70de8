"""What a step touches, as it is now: read before it runs, and again where a run looks back."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from nestflux.schema.diff import Definitions, Delta
from nestflux.schema.introspection import has_programs, listed_tables, read_schema
from nestflux.sql.lexer import identifiers
from nestflux.sql.statements import leaves_programs, leaves_tables, makes_or_drops_tables

if TYPE_CHECKING:
    from django.db.backends.base.base import BaseDatabaseWrapper


class TouchedDefinitions:
    """Reads for one attempt, which holds the lock.

    Which tables there are, and whether there is any trigger or routine, is asked once, and again
    behind a step that could have made or dropped one: either takes longer than reading a table.
    """

    def __init__(self, connection: BaseDatabaseWrapper) -> None:
        self.connection = connection
        self._programs: bool | None = None
        self._listed: Mapping[str, str] | None = None

    def of(self, sql: str, recorded: Delta) -> Definitions:
        """Every object that a statement names, or that it changed when it was recorded."""
        names = {*identifiers(sql), *(key.holder_name for key in recorded.changes)}
        programs = not leaves_programs(sql) or self._has_programs()
        return read_schema(
            self.connection, names, programs=programs, listed=self._tables()
        ).definitions

    def step_done(self, sql: str, recorded: Delta) -> None:
        """A step ran to its end.

        Args:
            sql: empty for one in Python, which may do anything.
            recorded: what it changed when it was recorded.
        """
        if not leaves_programs(sql):
            self._programs = None
        if self._listed is None or leaves_tables(sql):
            return
        if makes_or_drops_tables(sql):
            self._listed = _after(self._listed, recorded)
        else:
            self._listed = None

    def forget(self) -> None:
        """Ask again: somebody else may have been here."""
        self._programs = self._listed = None

    def _has_programs(self) -> bool:
        if self._programs is None:
            self._programs = has_programs(self.connection)
        return self._programs

    def _tables(self) -> Mapping[str, str]:
        if self._listed is None:
            self._listed = listed_tables(self.connection)
        return self._listed


def _after(listed: Mapping[str, str], recorded: Delta) -> Mapping[str, str]:
    """The tables that there are behind a CREATE TABLE or DROP TABLE."""
    tables = dict(listed)
    for key, (before, after) in recorded.changes.items():
        if not key.is_table:
            continue
        if before is None:
            tables.setdefault(key.name, "BASE TABLE")
        elif after is None:
            tables.pop(key.name, None)
    return tables
