"""Who is in the way of a statement that waits for a table, as far as a server tells its user.

MySQL knows who holds a metadata lock (``performance_schema.metadata_locks``); MariaDB has that
table off by default and a plugin for it (``METADATA_LOCK_INFO``) that is rarely installed. Where
neither says anything, the oldest transactions are the likely ones: each keeps its locks until it
ends (Manual 10.11.4, "Metadata Locking"). What the user may not read is left out, never an error.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.db.utils import Error

if TYPE_CHECKING:
    from django.db.backends.base.base import BaseDatabaseWrapper

_MOST = 3  # that are named
_STATEMENT = 60  # characters

# A backup's lock is on no table: FLUSH TABLES WITH READ LOCK, LOCK INSTANCE FOR BACKUP. Ordinary
# statements hold the same ones, INTENTION_EXCLUSIVE.
_GRANTED = """
SELECT t.PROCESSLIST_ID, COALESCE(l.OBJECT_NAME, '') FROM performance_schema.metadata_locks l
  JOIN performance_schema.threads t ON t.THREAD_ID = l.OWNER_THREAD_ID
 WHERE l.LOCK_STATUS = 'GRANTED' AND t.PROCESSLIST_ID <> CONNECTION_ID()
   AND ((l.OBJECT_TYPE = 'TABLE' AND l.OBJECT_SCHEMA = DATABASE() AND l.OBJECT_NAME IN ({marks}))
        OR (l.OBJECT_TYPE IN ('GLOBAL', 'BACKUP LOCK') AND l.LOCK_TYPE = 'SHARED'))"""
_PLUGIN = """
SELECT THREAD_ID, TABLE_NAME FROM information_schema.METADATA_LOCK_INFO
 WHERE TABLE_SCHEMA = DATABASE() AND TABLE_NAME IN ({marks}) AND THREAD_ID <> CONNECTION_ID()"""
_RELATED = """
SELECT TABLE_NAME, REFERENCED_TABLE_NAME FROM information_schema.REFERENTIAL_CONSTRAINTS
 WHERE CONSTRAINT_SCHEMA = DATABASE()
   AND (TABLE_NAME IN ({marks}) OR REFERENCED_TABLE_NAME IN ({marks}))"""
# trx_started is in the server's own time zone, whatever the session's is.
_TRANSACTIONS = """
SELECT trx_mysql_thread_id,
       TIMESTAMPDIFF(SECOND, trx_started, CONVERT_TZ(NOW(), @@session.time_zone, 'SYSTEM'))
  FROM information_schema.INNODB_TRX WHERE trx_mysql_thread_id <> CONNECTION_ID()
 ORDER BY trx_started"""
_PROCESSES = """
SELECT ID, USER, HOST, COALESCE(DB, '') = DATABASE(), TIME, COALESCE(INFO, '')
  FROM information_schema.PROCESSLIST WHERE ID <> CONNECTION_ID()"""


@dataclass(frozen=True)
class Blocker:
    """A connection that holds a lock, or may. ``table`` is empty where nobody tells which it
    holds, ``transaction_for`` None where it is in no transaction; both times are seconds, and
    ``since`` counts from the begin of its statement, or from the end of its last one."""

    connection_id: int
    user: str = ""
    host: str = ""
    table: str = ""
    transaction_for: int | None = None
    statement: str = ""
    since: int | None = None

    def __str__(self) -> str:
        who = f"connection {self.connection_id}"
        if self.user:
            who += f" ({self.user}@{self.host})"
        parts = [f"{who} holds {self.table}"] if self.table else [who]
        if self.transaction_for is not None:
            parts.append(f"in a transaction for {self.transaction_for} s")
        shown = " ".join(self.statement.split())
        if shown:
            shown = shown if len(shown) <= _STATEMENT else f"{shown[:_STATEMENT]}…"
            parts.append(f"running for {self.since} s: {shown}")
        elif self.since is not None:
            parts.append(f"idle for {self.since} s")
        return ", ".join(parts)


def blockers_of(connection: BaseDatabaseWrapper, tables: Collection[str]) -> tuple[Blocker, ...]:
    """Who is in the way of a statement on these tables, the likeliest first; empty where the
    server does not tell. Never raises for what the user may not read.

    Args:
        tables: those that the statement names; where nobody is seen on them, on MySQL those
            that foreign keys join to them count, because it locks both ends of a key.
    """
    if connection.features.ignores_table_name_case:  # the server's lock tables have its own names
        tables = {*tables, *(name.lower() for name in tables)}
    with connection.cursor() as cursor:
        locks = _locks(cursor, sorted(tables))
        if not locks and tables and not _is_mariadb(connection):
            related = {name for row in _rows(cursor, _RELATED, sorted(tables), 2) for name in row}
            locks = _locks(cursor, sorted(related - set(tables)))
        transactions = {int(row[0]): row[1] for row in _rows(cursor, _TRANSACTIONS)}
        processes = {int(row[0]): row[1:] for row in _rows(cursor, _PROCESSES)}
    return chosen(locks, transactions, processes)


def chosen(
    locks: Iterable[tuple[int, str]],
    transactions: Mapping[int, int],
    processes: Mapping[int, tuple[Any, ...]],
) -> tuple[Blocker, ...]:
    """Those to tell a person of. Pure.

    Args:
        locks: connection and table; an empty name is a lock on everything.
        transactions: seconds since each connection's began, the oldest first.
        processes: user, host, whether it is in this schema, seconds, statement; by connection.
    """
    held: dict[int, str] = {}
    for identity, table in locks:
        held.setdefault(identity, table or "a lock on the whole server (a backup's)")
    if held:
        oldest = sorted(held, key=lambda identity: -(transactions.get(identity) or -1))
    else:
        here = {i for i, process in processes.items() if process[2]}
        oldest = sorted(transactions, key=lambda identity: here and identity not in here)
    found = []
    for identity in oldest[:_MOST]:
        user, host, _, since, statement = processes.get(identity, ("", "", 0, None, ""))
        found.append(
            Blocker(
                connection_id=identity,
                user=user,
                host=str(host).partition(":")[0],
                table=held.get(identity, ""),
                transaction_for=transactions.get(identity),
                statement=str(statement),
                since=since,
            )
        )
    return tuple(found)


def _is_mariadb(connection: BaseDatabaseWrapper) -> bool:
    return bool(getattr(connection, "mysql_is_mariadb", False))


def _locks(cursor: Any, tables: list[str]) -> list[tuple[int, str]]:
    if not tables:
        return []
    rows = _rows(cursor, _GRANTED, tables) or _rows(cursor, _PLUGIN, tables)
    return [(int(identity), str(table)) for identity, table in rows if identity is not None]


def _rows(
    cursor: Any, sql: str, names: list[str] | None = None, times: int = 1
) -> list[tuple[Any, ...]]:
    try:
        marks = ", ".join(["%s"] * len(names or ()))
        cursor.execute(sql.format(marks=marks), (names or []) * times or None)
        return list(cursor.fetchall())
    except Error:  # no such table on this family, or none for this user
        return []
