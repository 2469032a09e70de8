"""From a backup's scratch tables into the live ones: what was lost, and nothing else."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.db.utils import Error

from nestflux.applying.backups.scratch_tables import DumpedTable
from nestflux.database.errors import in_words
from nestflux.exceptions import RestoreFailed
from nestflux.history.data_loss import Lost
from nestflux.sql.lexer import quoted
from nestflux.sql.orphans import orphans

if TYPE_CHECKING:
    from django.db.backends.base.base import BaseDatabaseWrapper

# Strict, but for what a live row may hold already: zero dates, a zero as a key.
WRITING = (
    "SET NAMES utf8mb4",
    "SET sql_mode = 'STRICT_ALL_TABLES,NO_AUTO_VALUE_ON_ZERO,ALLOW_INVALID_DATES'",
    "SET time_zone = '+00:00'",
    "SET foreign_key_checks = 0",
)


@dataclass(frozen=True)
class TableRestore:
    """What is brought back of one table: whole rows, and values of columns in rows that stayed."""

    table: DumpedTable
    whole_rows: bool
    columns: tuple[str, ...]

    @property
    def refusal(self) -> str:
        """Why it cannot be brought back; empty where it can."""
        table = self.table
        if self.columns and not table.key:
            return (
                f"{table.name} has no primary key, by which the values of "
                f"{', '.join(self.columns)} would find their rows"
            )
        if lost_key := [column for column in self.columns if column in table.key]:
            return f"{table.name}.{lost_key[0]} is of the primary key, by which rows are found"
        return ""


def table_restores(
    lost: Sequence[Lost], tables: Mapping[str, DumpedTable]
) -> tuple[TableRestore, ...]:
    """What is to be brought back, table by table. Pure.

    A narrowed primary key is left alone: it is by its values that rows are found.
    """
    found = []
    for table in dict.fromkeys(each.table for each in lost):
        dumped = tables[table]
        mine = [each for each in lost if each.table == table]
        columns = [each for each in mine if each.column]
        wanted = [
            each.column
            for each in columns
            if not (each.kind == "narrowed" and each.column in dumped.key)
        ]
        whole = any(not each.column for each in mine)
        found.append(TableRestore(dumped, whole, tuple(wanted)))
    return tuple(found)


def bring_back(
    connection: BaseDatabaseWrapper, parts: Sequence[TableRestore], scratch: Mapping[str, str]
) -> tuple[str, ...]:
    """Bring everything back in the caller's transaction, in the session ``WRITING``; a line for
    each thing that was done. Raises RestoreFailed."""
    lines: list[str] = []
    for part in parts:
        live = _live(connection, part.table.name)
        if not live.columns:
            raise RestoreFailed(f"After the rollback there is no table {part.table.name}.")
        if part.table.key != live.key:
            raise RestoreFailed(
                f"After the rollback the primary key of {part.table.name} is "
                f"({', '.join(live.key)}), and in the backup ({', '.join(part.table.key)})."
            )
        if part.whole_rows:
            lines.append(_bring_rows(connection, part.table, live, scratch[part.table.name]))
        if part.columns:
            lines += _bring_values(connection, part, live, scratch[part.table.name])
    for part in parts:
        lines += _orphans(connection, part.table.name)
    return tuple(lines)


@dataclass(frozen=True)
class _Live:
    """A live table. ``renewing``: columns that the server sets at every UPDATE."""

    columns: tuple[str, ...]
    renewing: tuple[str, ...]
    key: tuple[str, ...]


def _live(connection: BaseDatabaseWrapper, table: str) -> _Live:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT COLUMN_NAME, EXTRA, COLUMN_TYPE FROM information_schema.COLUMNS "
            "WHERE TABLE_SCHEMA = DATABASE() AND TABLE_NAME = %s ORDER BY ORDINAL_POSITION",
            [table],
        )
        described = [(name, extra.upper()) for name, extra, _ in cursor.fetchall()]
        cursor.execute(
            "SELECT COLUMN_NAME FROM information_schema.STATISTICS WHERE TABLE_SCHEMA = DATABASE() "
            "AND TABLE_NAME = %s AND INDEX_NAME = 'PRIMARY' ORDER BY SEQ_IN_INDEX",
            [table],
        )
        key = tuple(name for (name,) in cursor.fetchall())
    # DEFAULT_GENERATED is MySQL's word for a default that is an expression.
    own = [
        (name, extra)
        for name, extra in described
        if "GENERATED" not in extra.replace("DEFAULT_GENERATED", "")
    ]
    renewing = tuple(name for name, extra in own if "ON UPDATE" in extra)
    return _Live(tuple(name for name, _ in own), renewing, key)


def _bring_rows(
    connection: BaseDatabaseWrapper, table: DumpedTable, live: _Live, scratch: str
) -> str:
    """The rows that are not there, by their primary key."""
    target, source = quoted(table.name), quoted(scratch)
    total = _one(connection, f"SELECT COUNT(*) FROM {source}")
    columns = [column for column in table.own_columns if column in live.columns]
    left_out = [column for column in table.own_columns if column not in live.columns]
    names = ", ".join(quoted(column) for column in columns)
    values = ", ".join(f"s.{quoted(column)}" for column in columns)
    if table.key:
        joined = f"LEFT JOIN {target} t ON {_on(table.key)} WHERE t.{quoted(table.key[0])} IS NULL"
    elif _one(connection, f"SELECT EXISTS (SELECT 1 FROM {target})"):
        raise RestoreFailed(
            f"{table.name} has no primary key and holds rows: which of the backup's are missing "
            "is unknown."
        )
    else:
        joined = ""
    rows = _run(
        connection, f"INSERT INTO {target} ({names}) SELECT {values} FROM {source} s {joined}"
    )
    line = f"{table.name}: {rows_text(rows)} brought back"
    if total > rows:
        line += f"; {rows_text(total - rows)} there already"
    return line + (f"; without {', '.join(left_out)}, which it has no more" if left_out else "")


def _bring_values(
    connection: BaseDatabaseWrapper, part: TableRestore, live: _Live, scratch: str
) -> Iterator[str]:
    """The columns' values, into the rows that are still there."""
    table = part.table
    target, source = quoted(table.name), quoted(scratch)
    if missing := [column for column in part.columns if column not in live.columns]:
        raise RestoreFailed(f"After the rollback {table.name} has no column {missing[0]}.")
    joined = f"{target} t JOIN {source} s ON {_on(table.key)}"
    assigned = [f"t.{quoted(column)} = s.{quoted(column)}" for column in part.columns]
    assigned += [
        f"t.{quoted(column)} = t.{quoted(column)}"
        for column in live.renewing
        if column not in part.columns
    ]
    _run(connection, f"UPDATE {joined} SET {', '.join(assigned)}")
    here = _one(connection, f"SELECT COUNT(*) FROM {joined}")
    since = _one(connection, f"SELECT COUNT(*) FROM {target}") - here
    gone = _one(connection, f"SELECT COUNT(*) FROM {source}") - here
    line = f"{table.name}.{', '.join(part.columns)}: the values of {rows_text(here)} brought back"
    if since:
        line += f"; {rows_text(since)} made since left as they are"
    if gone:
        line += f"; {rows_text(gone)} deleted since not made again"
    yield line


def _orphans(connection: BaseDatabaseWrapper, table: str) -> Iterator[str]:
    """Rows whose foreign key leads nowhere: what they refer to was deleted since."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT CONSTRAINT_NAME, COLUMN_NAME, REFERENCED_TABLE_NAME, REFERENCED_COLUMN_NAME "
            "FROM information_schema.KEY_COLUMN_USAGE WHERE TABLE_SCHEMA = DATABASE() "
            "AND REFERENCED_TABLE_SCHEMA = DATABASE() AND TABLE_NAME = %s "
            "AND REFERENCED_TABLE_NAME IS NOT NULL ORDER BY CONSTRAINT_NAME, ORDINAL_POSITION",
            [table],
        )
        keys: dict[tuple[str, str], list[tuple[str, str]]] = {}
        for name, column, parent, parent_column in cursor.fetchall():
            keys.setdefault((name, parent), []).append((column, parent_column))
    for (_, parent), pairs in keys.items():
        columns, theirs = zip(*pairs, strict=True)
        rows = orphans(table, columns, parent, theirs)
        if count := _one(connection, f"SELECT COUNT(*) FROM {rows}"):
            whose = ", ".join(columns)
            yield f"Orphans: {rows_text(count)} of {table} whose {whose} is not found in {parent}"


def _on(key: Sequence[str]) -> str:
    return " AND ".join(f"t.{quoted(column)} = s.{quoted(column)}" for column in key)


def rows_text(count: int) -> str:
    """``1 row``, ``1,234 rows``."""
    return "1 row" if count == 1 else f"{count:,} rows"


def _one(connection: BaseDatabaseWrapper, sql: str) -> int:
    with connection.cursor() as cursor:
        cursor.execute(sql)
        row: Any = cursor.fetchone()
        return int(row[0])


def _run(connection: BaseDatabaseWrapper, sql: str) -> int:
    """Run a write. An error is put in words by the table that was written to, not by those that it
    reads."""
    try:
        with connection.cursor() as cursor:
            cursor.execute(sql)
            return int(cursor.rowcount)
    except Error as error:
        described = in_words(error, connection, sql.split(" SELECT ", 1)[0])
        raise RestoreFailed(described) from error
