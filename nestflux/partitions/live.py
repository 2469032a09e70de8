"""What a server says of a table's partitions, and what time it is there."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from nestflux.orm.partitioning.intervals import Bound
from nestflux.partitions.declared import DeclaredTable
from nestflux.sql.lexer import quoted, unquoted

if TYPE_CHECKING:
    from django.db.backends.base.base import BaseDatabaseWrapper

# MySQL Manual 28.3.21, "The INFORMATION_SCHEMA PARTITIONS Table"; of a table without partitions it
# has one row, without a name.
_PARTITIONS = """
SELECT PARTITION_NAME, PARTITION_METHOD, PARTITION_EXPRESSION, PARTITION_DESCRIPTION, TABLE_ROWS,
       SUBPARTITION_METHOD
  FROM information_schema.PARTITIONS WHERE TABLE_SCHEMA = DATABASE() AND TABLE_NAME = %s
 ORDER BY PARTITION_ORDINAL_POSITION"""
_METHOD = "RANGE COLUMNS"


@dataclass(frozen=True)
class LivePartition:
    """A partition of a range. Its values are less than ``below``; None: it is the catch-all.
    ``rows`` is the server's estimate."""

    name: str
    below: Bound | None
    rows: int = 0


@dataclass(frozen=True)
class LiveTable:
    """The partitions in their order. ``why_other``: why they are not those that are declared, in a
    clause of its own; empty where they are."""

    partitions: tuple[LivePartition, ...] = ()
    why_other: str = ""


def read_partitions(connection: BaseDatabaseWrapper, table: DeclaredTable) -> LiveTable:
    with connection.cursor() as cursor:
        cursor.execute(_PARTITIONS, [table.table])
        rows = cursor.fetchall()
    if not rows:
        return LiveTable(why_other="there is no such table")
    if rows[0][0] is None:
        return LiveTable(why_other="it has no partitions")
    _, method, expression, _, _, subpartitions = rows[0]
    columns = [unquoted(part.strip()) for part in str(expression or "").split(",")]
    if str(method) != _METHOD or columns != [table.column] or subpartitions:
        return LiveTable(why_other=f"its partitions are by {method} ({expression})")
    try:
        return LiveTable(tuple(_partition(row, table) for row in rows))
    except ValueError:
        return LiveTable(why_other=f"its bounds are not of the kind of {table.column}")


def _partition(row: tuple[Any, ...], table: DeclaredTable) -> LivePartition:
    name, _, _, description, rows, _ = row
    text = str(description)
    if text == "MAXVALUE":
        return LivePartition(str(name), None, int(rows or 0))
    plain = text.strip("'")
    below: Bound = datetime.fromisoformat(plain) if table.by_time else int(plain)
    return LivePartition(str(name), below, int(rows or 0))


def current_value(connection: BaseDatabaseWrapper, table: DeclaredTable) -> Bound:
    """Where the range has come to: of a time the server's clock, in the zone in which Django writes
    times of this alias (UTC, unless the project says otherwise); of a number the largest one."""
    with connection.cursor() as cursor:
        if not table.by_time:
            cursor.execute(f"SELECT MAX({quoted(table.column)}) FROM {quoted(table.table)}")
            return int(cursor.fetchone()[0] or 0)
        cursor.execute("SELECT UTC_TIMESTAMP()")
        (now,) = cursor.fetchone()
    zone = ZoneInfo(connection.timezone_name)
    local: datetime = now.replace(tzinfo=UTC).astimezone(zone)
    return local.replace(tzinfo=None)


def rows_in(connection: BaseDatabaseWrapper, table: str, partition: str) -> int:
    """They are counted, which reads them all."""
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT COUNT(*) FROM {quoted(table)} PARTITION ({quoted(partition)})")
        return int(cursor.fetchone()[0])
