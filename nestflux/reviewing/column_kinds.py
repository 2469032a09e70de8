"""What became of a column, each in one class: so that two rules do not report one cause. Pure.

A kept column's values are of a ``kind``: code that expects one kind cannot use another. A dropped
column may have a successor.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from nestflux.reviewing.table_changes import KeptColumn, SchemaChanges, TableChange
from nestflux.schema.transform.tables import TableSchema
from nestflux.sql.column_types import column_type, holds
from nestflux.sql.definitions import BYTES, SPATIAL, TEXTUAL, ColumnParts, key_parts

_NUMBERS = {
    *("tinyint", "smallint", "mediumint", "int", "bigint", "bit"),
    *("decimal", "float", "double"),
}
_MOMENTS = {"datetime": "a date and time", "timestamp": "a date and time"}


# ---- columns that stay ---------------------------------------------------------------------


def kind_of_values(column: ColumnParts) -> str:
    """``a number``, ``text``, ``json``: what code gets of it."""
    name = column.type_name
    if name in _NUMBERS:
        return "a number"
    if name in TEXTUAL:
        # MariaDB's JSON is a longtext with a check.
        return "json" if "json_valid" in column.check.lower() else "text"
    if name in BYTES:
        return "bytes"
    return "a geometry" if name in SPATIAL else _MOMENTS.get(name, name)


def changes_kind(column: KeptColumn) -> bool:
    return kind_of_values(column.before) != kind_of_values(column.after)


def removed_values(column: KeptColumn) -> tuple[str, ...]:
    """The values of an ENUM or SET that it has no longer."""
    if column.before.type_name != column.after.type_name:
        return ()
    if column.before.type_name not in ("enum", "set"):
        return ()
    kept = set(column.after.arguments)
    return tuple(value for value in column.before.arguments if value not in kept)


def holds_less(column: KeptColumn) -> bool:
    """Does its type hold less, whatever its character set?"""
    old, new = (replace(column_type(text), charset="") for text in column.definitions)
    return not old.generated and not new.generated and not holds(new, old)


# ---- columns that go -----------------------------------------------------------------------


@dataclass(frozen=True)
class DroppedColumn:
    """A column that a file drops from a live table, or loses in what a rename would have kept.

    ``moved_to`` is the table that gets one like it, ``replaced_by`` the column of its own table
    that does; empty where there is none.
    """

    table: str
    name: str
    parts: ColumnParts
    moved_to: str = ""
    replaced_by: str = ""

    @property
    def about(self) -> str:
        return f"{self.table}.{self.name}"

    @property
    def has_successor(self) -> bool:
        return bool(self.moved_to or self.replaced_by)


def is_required(column: ColumnParts) -> bool:
    """Does an INSERT fail that does not name it: error 1364?"""
    given = column.default or column.generated or column.auto_increment
    return column.not_null and not given


def dropped_columns(changes: SchemaChanges) -> Iterator[DroppedColumn]:
    for table in changes.tables:
        replaced = _replaced(table)
        for name, parts in table.dropped.items():
            if parts.generated:
                continue  # its values are computed from others
            moved_to = _moved_to(name, table, changes)
            successor = "" if moved_to else replaced.get(name, "")
            yield DroppedColumn(table.name, name, parts, moved_to, successor)


def _replaced(table: TableChange) -> dict[str, str]:
    """Of dropped columns the added ones that are like no other: what a rename looks like that
    nobody called one."""
    dropped = {name: _shape(table.before, name) for name in table.dropped}
    added = {name: _shape(table.after, name) for name in table.added}
    old_ones, new_ones = list(dropped.values()), list(added.values())
    return {
        old: new
        for old, shape in dropped.items()
        for new, other in added.items()
        if shape == other and old_ones.count(shape) == new_ones.count(shape) == 1
    }


def _shape(table: TableSchema, column: str) -> tuple[str, str]:
    """A column's definition, and the table to which it refers."""
    keys = table.foreign_keys.values()
    parent = next((key.parent for key in keys if key.columns == (column,)), "")
    return table.columns[column], parent


def _moved_to(name: str, table: TableChange, changes: SchemaChanges) -> str:
    """The related table that gets a column of the same name and definition."""
    if table.before.primary and name in key_parts(table.before.primary).columns:
        return ""
    text = table.before.columns[name]
    gained = {change.after.name: change.after for change in changes.tables if name in change.added}
    gained |= {made.name: made for made in changes.made}
    for other in gained.values():
        if other.columns.get(name) == text and _are_related(table.after, other):
            return other.name
    return ""


def _are_related(one: TableSchema, other: TableSchema) -> bool:
    def refers(child: TableSchema, parent: TableSchema) -> bool:
        return any(key.parent == parent.name for key in child.foreign_keys.values())

    return one.name != other.name and (refers(one, other) or refers(other, one))
