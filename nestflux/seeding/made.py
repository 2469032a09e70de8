"""Which rows were made here: a table of its own in the database, written in the same transactions
as the rows, so that ``--reset`` takes away those and no others."""

from __future__ import annotations

import json
import zlib
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.db.transaction import atomic

from nestflux.exceptions import Refused
from nestflux.seeding.draws import GENERATOR
from nestflux.seeding.plan import Plan, Table
from nestflux.sql.lexer import quoted

if TYPE_CHECKING:
    from django.db.backends.base.base import BaseDatabaseWrapper
    from django.db.backends.utils import CursorWrapper

TABLE = "nestflux_seed"
# Keys that count up are kept as a range; others, such as UUIDs, each by itself.
_CREATE = f"""
CREATE TABLE IF NOT EXISTS `{TABLE}` (
  `id` bigint NOT NULL AUTO_INCREMENT,
  `model` varchar(255) NOT NULL,
  `table_name` varchar(64) NOT NULL,
  `key_columns` text NOT NULL,
  `later_columns` text NOT NULL,
  `seed` bigint NOT NULL,
  `generator` int unsigned NOT NULL,
  `first_row` bigint NOT NULL,
  `row_count` int unsigned NOT NULL,
  `first_key` bigint NULL,
  `last_key` bigint NULL,
  `key_values` mediumblob NULL,
  `witnesses` text NULL,
  `made_at` datetime(6) NOT NULL,
  PRIMARY KEY (`id`),
  KEY `nestflux_seed_table` (`table_name`, `first_row`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin ROW_FORMAT=DYNAMIC"""
# Rows of a batch that are kept as they were written.
_WITNESSES = 16
_COLUMNS = (
    "`model`, `table_name`, `key_columns`, `later_columns`, `seed`, `generator`, `first_row`, "
    "`row_count`, `first_key`, `last_key`, `key_values`, `witnesses`, `made_at`"
)


@dataclass(frozen=True)
class Batch:
    """Rows that were written in one transaction.

    Args:
        key_columns: of the primary key; ``in_hex``: those whose values are hex digits of bytes.
        later: columns that may refer to rows written after these, and are NULL where they do not.
        keys: a range of numbers, or the keys as texts that the server reads.
        witnesses: of keys that count up, some rows as they were written: column → text.
    """

    id: int
    model: str
    table: str
    key_columns: tuple[str, ...]
    in_hex: frozenset[str]
    later: tuple[str, ...]
    first_row: int
    rows: int
    keys: range | tuple[tuple[str, ...], ...]
    witnesses: Mapping[int, Mapping[str, str | None]]


def prepare(connection: BaseDatabaseWrapper) -> None:
    """Make the table where it is not there. Raises Refused within a transaction, which CREATE TABLE
    would end."""
    if not exists(connection):
        if connection.in_atomic_block:
            raise Refused(
                f"The table {TABLE} is not there yet, and to make it would end the transaction.",
                then="run db_seed once outside of a transaction",
            )
        with connection.cursor() as cursor:
            cursor.execute(_CREATE)


def exists(connection: BaseDatabaseWrapper) -> bool:
    """Was anything ever made here?"""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT 1 FROM information_schema.tables "
            "WHERE table_schema = DATABASE() AND table_name = %s",
            [TABLE],
        )
        return cursor.fetchone() is not None


def remember(
    cursor: CursorWrapper,
    plan: Plan,
    table: Table,
    rows: range,
    keys: Sequence[tuple[str, ...]],
    in_hex: Collection[str],
    texts: Callable[[int], Mapping[str, str | None]],
) -> None:
    """Keep which rows a transaction writes.

    Args:
        keys: of each row, as texts of the server.
        in_hex: the columns of the key whose texts are hex digits.
        texts: of the row at a place, its columns as texts of the server.
    """
    columns = {column.column: column.column in in_hex for column in table.key_columns}
    numbers = _as_range(keys)
    places = () if numbers is None else range(0, len(numbers), len(numbers) // _WITNESSES + 1)
    witnesses = {keys[place][0]: texts(place) for place in places}
    listed = None if numbers is not None else zlib.compress(json.dumps(keys).encode())
    cursor.execute(
        f"INSERT INTO `{TABLE}` ({_COLUMNS}) "
        "VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, UTC_TIMESTAMP(6))",
        [
            table.label,
            table.name,
            json.dumps(columns),
            json.dumps([column.column for column in table.set_null_first]),
            plan.seed,
            GENERATOR,
            rows.start,
            len(rows),
            None if numbers is None else numbers[0],
            None if numbers is None else numbers[-1],
            listed,
            json.dumps(witnesses),
        ],
    )


def _as_range(keys: Sequence[tuple[str, ...]]) -> range | None:
    """The keys as numbers, where they are one and count up."""
    first, last = keys[0], keys[-1]
    if len(first) != 1 or not first[0].isdigit() or not last[0].isdigit():
        return None
    found = range(int(first[0]), int(first[0]) + len(keys))
    if any(key != (str(number),) for key, number in zip(keys, found, strict=True)):
        return None
    return found


def batches(connection: BaseDatabaseWrapper, table: str = "") -> list[Batch]:
    """What was made, in the order in which it was written; of one table, where it is named."""
    if not exists(connection):
        return []
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT `id`, `model`, `table_name`, `key_columns`, `later_columns`, `first_row`, "
            f"`row_count`, `first_key`, `last_key`, `key_values`, `witnesses` FROM `{TABLE}` "
            "WHERE %s IN ('', `table_name`) ORDER BY `id`",
            [table],
        )
        return [_batch(row) for row in cursor.fetchall()]


def _batch(row: Sequence[Any]) -> Batch:
    number, model, table, columns, later, first_row, rows, first, last, listed, seen = row
    keys: range | tuple[tuple[str, ...], ...]
    if listed is None:
        keys = range(first, last + 1)
    else:
        keys = tuple(tuple(key) for key in json.loads(zlib.decompress(listed)))
    named: dict[str, bool] = json.loads(columns)
    in_hex = frozenset(name for name, is_hex in named.items() if is_hex)
    return Batch(
        number,
        model,
        table,
        tuple(named),
        in_hex,
        tuple(json.loads(later)),
        first_row,
        rows,
        keys,
        {int(key): texts for key, texts in json.loads(seen or "{}").items()},
    )


def next_rows(connection: BaseDatabaseWrapper) -> dict[str, int]:
    """Label → the number of the next row: those below it were made before."""
    if not exists(connection):
        return {}
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT `model`, MAX(`first_row` + `row_count`) FROM `{TABLE}` GROUP BY `model`"
        )
        return {label: int(number) for label, number in cursor.fetchall()}


def has_other_rows(connection: BaseDatabaseWrapper, table: str) -> bool:
    """Holds the table a row that was not made here?"""
    ranges: list[range] = []
    listed = 0
    columns: tuple[str, ...] = ()
    for batch in batches(connection, table):
        columns = batch.key_columns
        if isinstance(batch.keys, range):
            ranges.append(batch.keys)
        else:
            listed += _still_there(connection, batch)
    with connection.cursor() as cursor:
        if listed:
            cursor.execute(f"SELECT COUNT(*) FROM {quoted(table)}")
            return int(cursor.fetchone()[0]) > listed
        apart = " AND ".join(
            f"{quoted(columns[0])} NOT BETWEEN {keys.start} AND {keys.stop - 1}"
            for keys in _joined(ranges)
        )
        cursor.execute(f"SELECT 1 FROM {quoted(table)} WHERE {apart or '1=1'} LIMIT 1")
        return cursor.fetchone() is not None


def _joined(ranges: Sequence[range]) -> Iterator[range]:
    """Ranges that meet, as one."""
    whole: range | None = None
    for one in sorted(ranges, key=lambda one: one.start):
        if whole is not None and one.start <= whole.stop:
            whole = range(whole.start, max(whole.stop, one.stop))
            continue
        if whole is not None:
            yield whole
        whole = one
    if whole is not None:
        yield whole


def _still_there(connection: BaseDatabaseWrapper, batch: Batch) -> int:
    with connection.cursor() as cursor:
        sql, params = _where(connection, batch)
        table = quoted(batch.table)
        cursor.execute(f"SELECT COUNT(*) FROM {table} WHERE {sql}", params)
        return int(cursor.fetchone()[0])


def _where(connection: BaseDatabaseWrapper, batch: Batch) -> tuple[str, list[Any]]:
    """The rows of a batch."""
    names = list(map(quoted, batch.key_columns))
    if isinstance(batch.keys, range):
        return f"{names[0]} BETWEEN %s AND %s", [batch.keys.start, batch.keys.stop - 1]
    parts = ["UNHEX(%s)" if name in batch.in_hex else "%s" for name in batch.key_columns]
    listed = ", ".join([f"({', '.join(parts)})"] * len(batch.keys))
    return f"({', '.join(names)}) IN ({listed})", [part for key in batch.keys for part in key]


def is_still_there(connection: BaseDatabaseWrapper, batch: Batch) -> bool:
    """Are the rows with a batch's keys those that were made? A table that was emptied counts from 1
    again, and no figure of the server's tells that it was. So some rows are looked at: one at least
    is to have half of its columns as they were. A migration may have dropped columns, or all."""
    columns = _columns(connection, batch.table)
    if not columns:
        return False
    asked, params = [], []
    for key, seen in batch.witnesses.items():
        texts = {column: text for column, text in seen.items() if column in columns}
        same = [f"({quoted(column)} <=> %s)" for column in texts]
        if same:
            asked.append(
                f"({quoted(batch.key_columns[0])} = %s AND {' + '.join(same)} >= {len(same) / 2})"
            )
            params += [key, *texts.values()]
    if not asked:
        return True
    with connection.cursor() as cursor:
        table = quoted(batch.table)
        cursor.execute(f"SELECT 1 FROM {table} WHERE {' OR '.join(asked)} LIMIT 1", params)
        return cursor.fetchone() is not None


def _columns(connection: BaseDatabaseWrapper, table: str) -> set[str]:
    """The columns of a table; none where it is not there."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT column_name FROM information_schema.columns "
            "WHERE table_schema = DATABASE() AND table_name = %s",
            [table],
        )
        return {name for (name,) in cursor.fetchall()}


def forget(connection: BaseDatabaseWrapper, batch: Batch) -> None:
    """Its rows are gone, and others may have their keys."""
    with connection.cursor() as cursor:
        cursor.execute(f"DELETE FROM `{TABLE}` WHERE `id` = %s", [batch.id])


def release(connection: BaseDatabaseWrapper, batch: Batch) -> None:
    """Let go of rows that were written later, so that those can be removed first."""
    if not batch.later:
        return
    sql, params = _where(connection, batch)
    nothing = ", ".join(f"{quoted(name)} = NULL" for name in batch.later)
    with connection.cursor() as cursor:
        cursor.execute(f"UPDATE {quoted(batch.table)} SET {nothing} WHERE {sql}", params)


def remove(connection: BaseDatabaseWrapper, batch: Batch) -> int:
    """Take a batch's rows away, and forget it, in one transaction. Returns how many there were.
    Raises StillReferredTo."""
    sql, params = _where(connection, batch)
    table = quoted(batch.table)
    references = _references(connection, batch.table)
    unchecked = any(one.table == batch.table and one.required for one in references)
    with atomic(using=connection.alias), connection.cursor() as cursor:
        if unchecked:
            _require_unreferred(connection, batch, references)
        with _foreign_keys_unchecked(cursor) if unchecked else nullcontext():
            cursor.execute(f"DELETE FROM {table} WHERE {sql}", params)
        gone = int(cursor.rowcount)
        forget(connection, batch)
    return gone


class StillReferredTo(Exception):
    """A row that is not removed refers to one that is to be: ``table`` and ``column`` of it."""

    def __init__(self, table: str, column: str) -> None:
        self.table = table
        self.column = column
        super().__init__(f"{table}.{column}")


@dataclass(frozen=True)
class _Reference:
    """A foreign key of the server that refers to a table's ``target``."""

    table: str
    column: str
    target: str
    required: bool


def _references(connection: BaseDatabaseWrapper, table: str) -> list[_Reference]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT k.table_name, k.column_name, k.referenced_column_name, c.is_nullable "
            "FROM information_schema.key_column_usage k JOIN information_schema.columns c "
            "ON c.table_schema = k.table_schema AND c.table_name = k.table_name "
            "AND c.column_name = k.column_name "
            "WHERE k.table_schema = DATABASE() AND k.referenced_table_schema = DATABASE() "
            "AND k.referenced_table_name = %s",
            [table],
        )
        return [_Reference(t, c, to, null == "NO") for t, c, to, null in cursor.fetchall()]


@contextmanager
def _foreign_keys_unchecked(cursor: CursorWrapper) -> Iterator[None]:
    """InnoDB refuses to delete a row that refers to itself, alone as with all that refer to it
    (error 1451). Asked first who refers to the rows, it need not check."""
    cursor.execute("SET SESSION foreign_key_checks = 0")
    try:
        yield
    finally:
        cursor.execute("SET SESSION foreign_key_checks = 1")


def _require_unreferred(
    connection: BaseDatabaseWrapper, batch: Batch, references: Sequence[_Reference]
) -> None:
    """Raises StillReferredTo where the server would have refused."""
    sql, params = _where(connection, batch)
    for one in references:
        rows = f"SELECT {quoted(one.target)} FROM {quoted(batch.table)} WHERE {sql}"
        apart, more = (f" AND NOT ({sql})", params) if one.table == batch.table else ("", [])
        with connection.cursor() as cursor:
            cursor.execute(
                f"SELECT 1 FROM {quoted(one.table)} WHERE {quoted(one.column)} IN ({rows}){apart} "
                "LIMIT 1",
                params + more,
            )
            if cursor.fetchone() is not None:
                raise StillReferredTo(one.table, one.column)
