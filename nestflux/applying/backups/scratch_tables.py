"""Scratch tables of a restore: a dump's tables under names of their own, in the same schema.

Beside the live ones, because a user in production may not create databases. They hold columns and
the primary key, and nothing that could refuse a row; ``reader.SCRATCH`` keeps them out of every
schema that is read.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Any

from django.db import transaction

from nestflux.database.dumping import DumpedRow, dumped_rows, dumped_tables
from nestflux.exceptions import RestoreFailed
from nestflux.schema.introspection import SCRATCH
from nestflux.schema.objects import PRIMARY_KEY
from nestflux.schema.printed_table import table_parts
from nestflux.sql.definitions import column_parts
from nestflux.sql.lexer import quoted, significant, unquoted

if TYPE_CHECKING:
    from django.db.backends.base.base import BaseDatabaseWrapper

_CHARSET = re.compile(r"DEFAULT CHARSET=\w+(?: COLLATE=\w+)?")
_BATCH = 256 * 1024  # bytes of an INSERT: below every server's max_allowed_packet
# Whatever a row holds goes in as it stands in the dump: its backslashes, a date with zeros, a
# moment in UTC.
LOADING = (
    "SET NAMES utf8mb4",
    "SET sql_mode = ''",
    "SET time_zone = '+00:00'",
    "SET foreign_key_checks = 0",
)


@dataclass(frozen=True)
class DumpedTable:
    """A table as a dump makes it. ``columns``: definitions by name; ``key``: the columns of its
    primary key; ``create`` makes the scratch table ``{name}``."""

    name: str
    columns: Mapping[str, str]
    key: tuple[str, ...]
    create: str

    @property
    def own_columns(self) -> tuple[str, ...]:
        """Those that hold values of their own."""
        return tuple(c for c, text in self.columns.items() if not column_parts(text).generated)


def tables_of(path: Path, tables: Collection[str]) -> dict[str, DumpedTable]:
    """The tables of a dump, each by the name of ``tables`` under which it was asked for."""
    return {name: _table(name, text) for name, text in dumped_tables(path, tables).items()}


def _table(name: str, text: str) -> DumpedTable:
    columns, others, rest = table_parts(text)
    primary = others.get((PRIMARY_KEY, ""), "")
    key = tuple(unquoted(t.text) for t in significant(primary) if t.kind == "name")
    lines = [f"  {quoted(column)} {_bare_type(part)} NULL" for column, part in columns.items()]
    if primary:
        lines = [
            line.removesuffix(" NULL") if column in key else line
            for line, column in zip(lines, columns, strict=True)
        ]
        lines.append(f"  {primary}")
    charset = _CHARSET.search(rest)
    options = f"ENGINE=InnoDB {charset.group()}" if charset else "ENGINE=InnoDB"
    body = ",\n".join(lines)
    return DumpedTable(name, columns, key, f"CREATE TABLE {{name}} (\n{body}\n) {options}")


def _bare_type(definition: str) -> str:
    """A definition's type, sign, character set and collation."""
    parts = column_parts(definition)
    charset = f" CHARACTER SET {parts.charset}" if parts.charset else ""
    collation = f" COLLATE {parts.collation}" if parts.collation else ""
    return f"{parts.type}{charset}{collation}"


def scratch_names(tables: Mapping[str, Any], backup: int) -> dict[str, str]:
    """A scratch table's name for each table of a backup."""
    return {table: f"{SCRATCH}{backup}_{n}" for n, table in enumerate(tables, start=1)}


def drop_scratch_tables(connection: BaseDatabaseWrapper) -> None:
    """Drop whatever a restore left: only under the lock."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT TABLE_NAME FROM information_schema.TABLES WHERE TABLE_SCHEMA = DATABASE() "
            "AND LEFT(TABLE_NAME, %s) = %s",
            [len(SCRATCH), SCRATCH],
        )
        for (name,) in cursor.fetchall():
            cursor.execute(f"DROP TABLE IF EXISTS {quoted(name)}")


def load_scratch_tables(
    connection: BaseDatabaseWrapper,
    dump: Path,
    tables: Mapping[str, DumpedTable],
    names: Mapping[str, str],
    rows: Mapping[str, int],
) -> None:
    """Make the scratch tables and load the dump's rows into them, in the session ``LOADING``.

    Raises RestoreFailed where a table does not hold the rows that its backup says.
    """
    with connection.cursor() as cursor:
        for table, name in names.items():
            cursor.execute(tables[table].create.replace("{name}", quoted(name), 1))
    wanted = (row for row in dumped_rows(dump, names) if row.table in names)
    for (table, columns), some in groupby(wanted, key=lambda row: (row.table, row.columns)):
        with transaction.atomic(connection.alias):
            _insert(connection, quoted(names[table]), columns, some)
    with connection.cursor() as cursor:
        for table, name in names.items():
            cursor.execute(f"SELECT COUNT(*) FROM {quoted(name)}")
            (found,) = cursor.fetchone()
            if found != rows[table]:
                raise RestoreFailed(
                    f"The dump gave {found:,} rows of {table}, and its backup says {rows[table]:,}."
                )


def _insert(connection: BaseDatabaseWrapper, table: str, columns: str, rows: Any) -> None:
    begin = f"INSERT INTO {table} {columns} VALUES ".encode()
    batch: list[bytes] = []
    size = 0
    row: DumpedRow
    for row in rows:
        if batch and size + len(row.values) > _BATCH:
            _send(connection, begin + b",".join(batch))
            batch, size = [], 0
        batch.append(row.values)
        size += len(row.values)
    if batch:
        _send(connection, begin + b",".join(batch))


def _send(connection: BaseDatabaseWrapper, sql: bytes) -> None:
    """The bytes of the dump as they are: no cursor decodes them or looks for parameters."""
    driver: Any = connection.connection
    with connection.wrap_database_errors:
        driver.query(sql)
