"""Why a server refuses a foreign key: the one column, type, index or row that is in the way.

InnoDB's conditions are in the manual (MySQL 15.1.20.5 "FOREIGN KEY Constraints", "Conditions and
Restrictions"; MariaDB KB "Foreign Keys"). MariaDB says of all of them only ``errno: 150``, MySQL
names some of them; so they are looked up here one after the other.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.db.utils import Error

from nestflux.sql import statement_parts
from nestflux.sql.definitions import ColumnParts, column_parts
from nestflux.sql.lexer import quoted
from nestflux.sql.orphans import orphans
from nestflux.sql.statement_parts import ForeignKey

if TYPE_CHECKING:
    from django.db.backends.base.base import BaseDatabaseWrapper

_SYNONYMS = {"integer": "int", "bool": "tinyint", "boolean": "tinyint", "numeric": "decimal"}


@dataclass(frozen=True)
class KeyColumn:
    """A column of a foreign key, as the server has it or will have it."""

    table: str
    name: str
    type: str
    collation: str
    nullable: bool

    @property
    def place(self) -> str:
        return f"{self.table}.{self.name}"

    @property
    def base(self) -> str:
        """The type in the form in which two must be equal: ``int unsigned``, ``decimal(8,2)``."""
        parts = column_parts(self.type)
        if parts.textual:
            return "text"
        word = _SYNONYMS.get(parts.type_name, parts.type_name)
        if parts.arguments and not word.endswith("int"):  # the display width means nothing
            word += f"({','.join(parts.arguments)})"
        return f"{word} unsigned" if parts.unsigned else word

    def __str__(self) -> str:
        collation = f" with collation {self.collation}" if self.collation else ""
        return f"{self.place} is {self.type}{collation}"


def why_refused(connection: BaseDatabaseWrapper | None, sql: str) -> str:
    """The reason in words, with the way out; empty where none of the known ones is found."""
    if connection is None:
        return ""
    defined = statement_parts.columns(sql)
    for key in statement_parts.foreign_keys(sql):
        try:
            with connection.cursor() as cursor:
                reason = _reason(cursor, key, _Columns(cursor, key.table, defined))
        except Error:
            return ""
        if reason:
            return reason
    return ""


class _Columns:
    """Columns by table and name: those of the statement first, then the server's."""

    def __init__(self, cursor: Any, table: str, defined: dict[str, ColumnParts]) -> None:
        self.cursor, self.table, self.defined = cursor, table, defined

    def get(self, table: str, name: str) -> KeyColumn | None:
        definition = self.defined.get(name) if table == self.table else None
        if definition is not None:
            collation = ""
            if definition.textual:
                collation = definition.collation or self._default_collation(table)
            return KeyColumn(table, name, definition.type, collation, definition.nullable)
        self.cursor.execute(
            "SELECT COLUMN_TYPE, COALESCE(COLLATION_NAME, ''), IS_NULLABLE = 'YES' "
            "FROM information_schema.COLUMNS "
            "WHERE TABLE_SCHEMA = DATABASE() AND TABLE_NAME = %s AND COLUMN_NAME = %s",
            [table, name],
        )
        row = self.cursor.fetchone()
        return KeyColumn(table, name, str(row[0]), str(row[1]), bool(row[2])) if row else None

    def _default_collation(self, table: str) -> str:
        self.cursor.execute(
            "SELECT COALESCE(MAX(TABLE_COLLATION), @@collation_database) "
            "FROM information_schema.TABLES "
            "WHERE TABLE_SCHEMA = DATABASE() AND TABLE_NAME = %s",
            [table],
        )
        return str(self.cursor.fetchone()[0])


def _reason(cursor: Any, key: ForeignKey, columns: _Columns) -> str:
    named = f"The foreign key {key.name or 'of ' + key.table}"
    if key.parent != key.table:
        cursor.execute(
            "SELECT ENGINE FROM information_schema.TABLES "
            "WHERE TABLE_SCHEMA = DATABASE() AND TABLE_NAME = %s",
            [key.parent],
        )
        row = cursor.fetchone()
        if row is None:
            return (
                f"{named} refers to the table {key.parent}, which is not there. Make that table "
                "first: the migration that makes it must come earlier (dependencies)."
            )
        if str(row[0]).lower() != "innodb":
            return (
                f"{named} refers to {key.parent}, whose engine is {row[0]}. Convert it first: "
                f"ALTER TABLE {quoted(key.parent)} ENGINE=InnoDB;"
            )
    for child_name, parent_name in zip(key.columns, key.parent_columns, strict=False):
        child, parent = columns.get(key.table, child_name), columns.get(key.parent, parent_name)
        for table, name, column in (
            (key.table, child_name, child),
            (key.parent, parent_name, parent),
        ):
            if column is None:
                return f"{named} names the column {table}.{name}, which is not there."
        assert child is not None
        assert parent is not None
        if problem := _mismatch(named, child, parent) or _null_problem(named, key, child):
            return problem
    return _index_problem(cursor, named, key, columns)


def _mismatch(named: str, child: KeyColumn, parent: KeyColumn) -> str:
    if child.base != parent.base:
        return (
            f"{named} joins two types that differ: {child}, {parent}. Both must have the same "
            f"type and sign; give {child.place} the type {parent.type}."
        )
    if child.base == "text" and child.collation != parent.collation:
        return (
            f"{named} joins two collations that differ: {child}, {parent}. Give both the same, "
            f"for example with db_collation={parent.collation!r} on the field {child.name}, or "
            f"ALTER TABLE {quoted(child.table)} CONVERT TO CHARACTER SET "
            f"{parent.collation.split('_', 1)[0]} COLLATE {parent.collation};"
        )
    return ""


def _null_problem(named: str, key: ForeignKey, child: KeyColumn) -> str:
    if key.sets_null and not child.nullable:
        return (
            f"{named} sets {child.place} to NULL when its parent goes, and that column is NOT "
            "NULL. Allow NULL, or choose another rule."
        )
    return ""


def _index_problem(cursor: Any, named: str, key: ForeignKey, columns: _Columns) -> str:
    if key.parent == key.table and columns.defined:
        return ""  # a table that is being made: its indexes stand in the statement
    cursor.execute(
        "SELECT INDEX_NAME, COLUMN_NAME FROM information_schema.STATISTICS "
        "WHERE TABLE_SCHEMA = DATABASE() AND TABLE_NAME = %s ORDER BY INDEX_NAME, SEQ_IN_INDEX",
        [key.parent],
    )
    indexes: dict[str, list[str]] = {}
    for index, column in cursor.fetchall():
        indexes.setdefault(index, []).append(column)
    wanted = list(key.parent_columns)
    if any(sorted(found[: len(wanted)]) == sorted(wanted) for found in indexes.values()):
        return ""
    listed = ", ".join(wanted)
    return (
        f"{named} refers to {key.parent} ({listed}), which has no index that begins with those "
        f"columns. Make it unique first: ALTER TABLE {quoted(key.parent)} ADD UNIQUE ("
        f"{', '.join(map(quoted, wanted))});"
    )


def referring(connection: BaseDatabaseWrapper, table: str) -> list[ForeignKey]:
    """The foreign keys of the schema that refer to a table or belong to it."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT CONSTRAINT_NAME, TABLE_NAME, COLUMN_NAME, REFERENCED_TABLE_NAME, "
            "REFERENCED_COLUMN_NAME FROM information_schema.KEY_COLUMN_USAGE "
            "WHERE TABLE_SCHEMA = DATABASE() AND REFERENCED_TABLE_NAME IS NOT NULL "
            "AND %s IN (TABLE_NAME, REFERENCED_TABLE_NAME) "
            "ORDER BY TABLE_NAME, CONSTRAINT_NAME, ORDINAL_POSITION",
            [table],
        )
        keys: dict[tuple[str, str], ForeignKey] = {}
        for name, child, column, parent, parent_column in cursor.fetchall():
            known = keys.get((child, name), ForeignKey(child, (), parent, (), name))
            keys[(child, name)] = ForeignKey(
                child,
                (*known.columns, column),
                parent,
                (*known.parent_columns, parent_column),
                name,
            )
    return list(keys.values())


def orphans_query(key: ForeignKey) -> str:
    """The query that lists a child's rows without a parent."""
    return f"SELECT c.* FROM {orphans(key.table, key.columns, key.parent, key.parent_columns)};"
