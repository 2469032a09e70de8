"""The schema around every step of a history, from what its steps changed when they were recorded.

No server is asked: a record holds the delta of each statement. A delta does not hold what follows
by itself in other tables: a foreign key that follows a renamed table or column is put right here,
because rules look at foreign keys.
"""

from __future__ import annotations

from nestflux.applying.plan.tasks import Task
from nestflux.reviewing.reviewed import Tables
from nestflux.schema.diff import Definitions, Delta, columns_renamed_by
from nestflux.schema.objects import ORDER, ObjectKey
from nestflux.schema.transform.tables import tables_of
from nestflux.sql.definitions import ForeignKeyParts, foreign_key_parts
from nestflux.sql.lexer import quoted
from nestflux.sql.names import tables_renamed_by
from nestflux.sql.statement_parts import table_of


class SchemaFold:
    """Goes through the steps of a history, one after the other, from an empty schema on."""

    def __init__(self) -> None:
        self._parts: dict[str, dict[ObjectKey, str]] = {}  # by table
        self._others: dict[ObjectKey, str] = {}  # views and programs
        self.tables: Tables = {}
        # Views, triggers, routines and events.
        self.programs: Definitions = {}

    @property
    def definitions(self) -> Definitions:
        """The schema at this place, less the order of columns."""
        return {**self._others, **{k: v for part in self._parts.values() for k, v in part.items()}}

    def follow(self, task: Task) -> tuple[Tables, Tables]:
        """The tables before a step and after it."""
        before = self.tables
        touched = self._apply(task.record.delta)
        if task.kind == "ddl":
            touched |= self._follow_renames(task.text)
        after = {name: table for name, table in before.items() if name not in touched}
        self.programs = _changed(self.programs, task.record.delta)
        for name in touched:
            if parts := self._parts.get(name):
                after |= tables_of(parts)
        self.tables = after
        return before, after

    def _apply(self, delta: Delta) -> set[str]:
        touched = set()
        for key, (_, after) in delta.changes.items():
            if key.kind == ORDER:
                continue
            parts = self._others
            if key.is_of_table:
                touched.add(key.holder_name)
                parts = self._parts.setdefault(key.holder_name, {})
            if after is None:
                parts.pop(key, None)
            else:
                parts[key] = after
        return touched

    def _follow_renames(self, sql: str) -> set[str]:
        tables = dict(tables_renamed_by(sql))
        columns = columns_renamed_by(sql)
        if not tables and not columns:
            return set()
        changed = table_of(sql)
        touched = set()
        for holder, parts in self._parts.items():
            for key, text in parts.items():
                foreign_key = foreign_key_parts(text) if key.kind == "constraint" else None
                if foreign_key is None:
                    continue
                table = tables.get(foreign_key.table, foreign_key.table)
                names = columns if foreign_key.table == changed else {}
                if (table, names) != (foreign_key.table, {}):
                    parts[key] = _pointing_at(foreign_key, table, names)
                    touched.add(holder)
        return touched


def _changed(programs: Definitions, delta: Delta) -> Definitions:
    changes = {key: after for key, (_, after) in delta.changes.items() if not key.is_of_table}
    kept = {key: text for key, text in programs.items() if key not in changes}
    return {**kept, **{key: text for key, text in changes.items() if text is not None}}


def _pointing_at(key: ForeignKeyParts, table: str, columns: dict[str, str]) -> str:
    own = ",".join(map(quoted, key.columns))
    referenced = ",".join(quoted(columns.get(name.lower(), name)) for name in key.referenced)
    text = (
        f"CONSTRAINT {quoted(key.name)} FOREIGN KEY ({own}) "
        f"REFERENCES {quoted(table)} ({referenced})"
    )
    return f"{text} {key.rules.strip()}".strip()
