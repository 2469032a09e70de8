"""The session that SQL is recorded in and applied in: pinned, so that both mean the same."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

from django.db.utils import Error

if TYPE_CHECKING:
    from django.db.backends.base.base import BaseDatabaseWrapper

# Strict, ANSI-neutral: what Django's own test suite runs with, on both families. Without
# NO_BACKSLASH_ESCAPES and ANSI_QUOTES a literal of a file means the same everywhere.
SQL_MODE = "STRICT_TRANS_TABLES,NO_ZERO_IN_DATE,NO_ZERO_DATE,ERROR_FOR_DIVISION_BY_ZERO"
PINNED = (
    "SET NAMES utf8mb4",
    f"SET sql_mode = '{SQL_MODE}'",
    "SET time_zone = '+00:00'",
    "SET foreign_key_checks = 1",
)
# What a file's SETs may change and a caller's session must get back.
_RESTORED = (
    "sql_mode",
    "time_zone",
    "foreign_key_checks",
    "unique_checks",
    "character_set_client",
    "character_set_results",
    "collation_connection",
    "lock_wait_timeout",
    "innodb_lock_wait_timeout",
)


def pin(connection: BaseDatabaseWrapper, session: tuple[str, ...] = PINNED) -> None:
    """Run a file's SETs on a connection."""
    with connection.cursor() as cursor:
        for sql in session:
            cursor.execute(sql)


@contextmanager
def restored_session(connection: BaseDatabaseWrapper) -> Iterator[None]:
    """Give a connection its session variables back at the end, if it is still the same one."""
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT CONNECTION_ID(), {', '.join(f'@@{name}' for name in _RESTORED)}")
        identity, *values = cursor.fetchone()
    try:
        yield
    finally:
        if connection.connection is not None and not connection.needs_rollback:
            # A lost connection has no session to restore, and must not hide why it was lost.
            with suppress(Error), connection.cursor() as cursor:
                cursor.execute("SELECT CONNECTION_ID()")
                if cursor.fetchone()[0] == identity:
                    assignments = ", ".join(f"{name} = %s" for name in _RESTORED)
                    cursor.execute(f"SET {assignments}", values)
