"""One deploy at a time: a named lock on the connection that runs the DDL.

Why GET_LOCK and not a row: the server frees it with the connection, and only then. A client that
is killed in the middle of an ALTER leaves a connection that finishes the ALTER and keeps the lock
until it has; so whoever gets the lock knows that nothing is in flight (Manual 14.14, "Locking
Functions"; measured on both families). What it cannot see is a host that froze: the server keeps
such a connection for ``wait_timeout``, eight hours. For that there is the heartbeat.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from django.db.utils import Error

from nestflux.database.lock_names import lock_of
from nestflux.database.numbers import KILL_DENIED, NO_SUCH_THREAD
from nestflux.database.rendering import rendered
from nestflux.database.session import may_be_idle
from nestflux.exceptions import LockLost, LockUnavailable, NestFluxError
from nestflux.ledger.lock_times import LockTimes
from nestflux.ledger.lock_wait import Wait, runs_since

if TYPE_CHECKING:
    from django.db.backends.base.base import BaseDatabaseWrapper

_SLICE = 1.0  # seconds of one GET_LOCK: between two of them the holder is looked at
_SHOWN = 60  # characters of a statement
_WAITS = re.compile(r"waiting for .*lock\b", re.IGNORECASE)  # table metadata lock, backup lock…


@dataclass(frozen=True)
class Holder:
    """Who holds the lock, as far as the server and the ledger tell."""

    connection_id: int
    command: str = ""
    host: str = ""
    pid: int | None = None
    running_for: int | None = None  # seconds since its run began
    statement: str = ""
    statement_for: int | None = None  # seconds
    step: str = ""  # where that stands: "statement 3 of 7 of 0002_second.sql"
    heartbeat: str = ""
    heartbeat_age: float | None = None
    is_visible: bool = True  # in the server's process list
    is_idle: bool = False  # between two statements, or waiting for a lock

    def __str__(self) -> str:
        parts = [f"connection {self.connection_id}"]
        if self.command:
            parts.append(f"{self.command} on {self.host}, pid {self.pid}")
        if self.running_for is not None:
            parts.append(f"for {self.running_for} s")
        if self.step:
            parts.append(f"at {self.step}")
        if self.statement:
            shown = " ".join(self.statement.split())
            shown = shown if len(shown) <= _SHOWN else f"{shown[:_SHOWN]}…"
            parts.append(f"running for {self.statement_for} s: {shown}")
        return ", ".join(parts)


class DatabaseLock:
    """The lock of a connection's database.

    Args:
        on_wait: called with the holder when waiting begins, and whenever who or what it is changes.
        on_kill: called with a holder whose heartbeat was stale and whose connection was ended.
        on_spare: called with one, and why, whose connection was not: it works, or this user may
        not.
    """

    def __init__(
        self,
        connection: BaseDatabaseWrapper,
        times: LockTimes,
        *,
        on_wait: Callable[[Holder], None] = lambda holder: None,
        on_kill: Callable[[Holder], None] = lambda holder: None,
        on_spare: Callable[[Holder, str], None] = lambda holder, why: None,
    ) -> None:
        self.connection = connection
        self.times = times
        self.connection_id = 0
        self.waited: Wait | None = None
        self._on_wait = on_wait
        self._on_kill = on_kill
        self._on_spare = on_spare

    @cached_property
    def name(self) -> str:
        return lock_of(self.connection)

    def acquire(self) -> None:
        """Take the lock, waiting for it; ``waited`` says then what became of that.

        Raises LockUnavailable, naming the holder.
        """
        if not self._try(0):
            self._wait()
        self._begin()

    def release(self) -> None:
        """Give the lock back; never raises, for the server frees it with the connection."""
        try:
            self._row("SELECT RELEASE_LOCK(%s)", [self.name])
        except (Error, NestFluxError):
            with suppress(Error):
                self.connection.close()
        self.connection_id = 0

    def still_held(self) -> bool:
        """Does this very connection hold it? A Python step that closes the connection loses it
        silently, and Django connects anew."""
        (held,) = self._row(f"SELECT {self.held}")
        return bool(held)

    def require(self) -> None:
        """Before every statement and every write to the ledger. Raises LockLost."""
        if not self.still_held():
            raise LockLost(
                "This deploy's connection was closed and its lock with it; nothing more was run.",
                stands="what was applied so far is in the ledger",
                then="python manage.py db_migrate",
            )

    @property
    def held(self) -> str:
        """A condition that is true where ``require`` raises nothing."""
        return rendered(
            self.connection,
            "IS_USED_LOCK(%s) <=> CONNECTION_ID() AND CONNECTION_ID() = %s",
            [self.name, self.connection_id],
        )

    @property
    def guard(self) -> str:
        """A statement that fails (1242) where ``require`` would raise, so that nothing behind it in
        its packet runs. DO would not stop MariaDB. It is no write, and so is in no log: a replica,
        where nobody holds the lock, never runs it."""
        return f"SET @nestflux = IF({self.held}, 1, (SELECT 1 UNION ALL SELECT 2))"

    def regain(self) -> bool:
        """Take the lock again in a new connection, if nobody has it. A moment is waited for the
        server to be done with the old one, which it may have ended just now."""
        if not self._try(_SLICE):
            return False
        self._begin()
        return True

    def _begin(self) -> None:
        self.connection_id, idle = self._row("SELECT CONNECTION_ID(), @@SESSION.wait_timeout")
        may_be_idle(self.connection, idle)

    # ---- waiting ---------------------------------------------------------------------------

    def _wait(self) -> None:
        watch = _Watch(self.times)
        began = time.monotonic()
        deadline = began + self.times.wait
        (since,) = self._row("SELECT CAST(UTC_TIMESTAMP(6) AS CHAR)")
        seen: dict[int, Holder] = {}
        announced = announced_spared = ""
        while True:
            holder = holder_of(self.connection, self.name)
            if holder is not None:
                seen[holder.connection_id] = holder
                if holder_key(holder) != announced:
                    announced = holder_key(holder)
                    self._on_wait(holder)
                if watch.is_stale(holder):
                    spared = self._kill(holder)
                    if spared and spared != announced_spared:
                        self._on_spare(holder, spared)
                    announced_spared = spared
                    watch = _Watch(self.times)
            left = deadline - time.monotonic()
            if left <= 0:
                raise LockUnavailable(
                    f"Another deploy holds the lock of this database: {holder or 'unknown'}.",
                    stands=f"nothing was changed; waited {self.times.wait:g} s",
                    then="wait for it and run the command again, or give --lock TIMEOUT=SECONDS",
                )
            if self._try(min(_SLICE, left)):
                seconds = time.monotonic() - began
                last = str(list(seen.values())[-1]) if seen else "another deploy"
                runs = runs_since(self.connection, since, seen or (0,))
                self.waited = Wait(seconds, last, runs)
                return

    def _kill(self, holder: Holder) -> str:
        """End a holder's connection; why not, where it stays."""
        if not holder.is_visible:
            return "this user may not see what it does (the privilege PROCESS)"
        if not holder.is_idle:
            return "its connection is running a statement"
        with self.connection.cursor() as cursor:
            try:
                cursor.execute(f"KILL CONNECTION {holder.connection_id:d}")
            except Error as error:
                number = error.args[0] if error.args else 0
                if number == NO_SUCH_THREAD:
                    return ""
                if number not in KILL_DENIED:
                    raise
                return "this user may not end it"
        self._on_kill(holder)
        return ""

    def _try(self, seconds: float) -> bool:
        """GET_LOCK gives 1 (taken), 0 (timed out) or NULL (an error): only 1 counts."""
        (got,) = self._row("SELECT GET_LOCK(%s, %s)", [self.name, seconds])
        return bool(got == 1)

    def _row(self, sql: str, params: list[Any] | None = None) -> tuple[Any, ...]:
        with self.connection.cursor() as cursor:
            cursor.execute(sql, params)
            return tuple(cursor.fetchone())


def holder_key(holder: Holder) -> str:
    """What must change for a waiter to say it again: who it is, or the step at which it is. Not
    the statement that the server names: between two steps that is the ledger's."""
    return f"{holder.connection_id} {holder.command} {holder.step}"


class _Watch:
    """Tells a stale heartbeat: old by the server's clock, and unchanged while we looked.

    Both, because a connection id alone may be one that the server gave out before it was
    restarted: a new holder's own row then follows within the time that we look.
    """

    def __init__(self, times: LockTimes) -> None:
        self.times = times
        self._seen = ""
        self._since = time.monotonic()

    def is_stale(self, holder: Holder) -> bool:
        seen = f"{holder.connection_id} {holder.heartbeat}"
        if seen != self._seen:
            self._seen, self._since = seen, time.monotonic()
        looked = time.monotonic() - self._since
        age = holder.heartbeat_age
        return age is not None and age > self.times.dead_after and looked > 2 * self.times.beat


def holder_of(connection: BaseDatabaseWrapper, name: str) -> Holder | None:
    """Who holds a lock, None where nobody does."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT IS_USED_LOCK(%s)", [name])
        (identity,) = cursor.fetchone()
        if identity is None:
            return None
        cursor.execute(
            "SELECT COALESCE(INFO, ''), TIME, COMMAND, COALESCE(STATE, '') "
            "FROM information_schema.PROCESSLIST WHERE ID = %s",
            [identity],
        )
        row = cursor.fetchone()
        statement, seconds, command, state = row or ("", None, "", "")
        run = _run_of(cursor, identity)
    return Holder(
        connection_id=int(identity),
        statement=str(statement),
        statement_for=seconds,
        is_visible=row is not None,
        # A statement that works on is a deploy that lives, whatever became of its client.
        is_idle=command == "Sleep" or bool(_WAITS.match(str(state))),
        **run,
    )


def _run_of(cursor: Any, identity: int) -> dict[str, Any]:
    try:
        cursor.execute(
            "SELECT id, command, host, pid, "
            "TIMESTAMPDIFF(SECOND, started_at, UTC_TIMESTAMP(6)), CONCAT(id, ' ', heartbeat_at), "
            "TIMESTAMPDIFF(MICROSECOND, heartbeat_at, UTC_TIMESTAMP(6)) / 1000000 "
            "FROM nestflux_run WHERE connection_id = %s AND finished_at IS NULL "
            "ORDER BY id DESC LIMIT 1",
            [identity],
        )
        row = cursor.fetchone()
        step = _step_of(cursor, row[0]) if row else ""
    except Error:  # the holder is making the ledger, or this user may not read it
        return {}
    if row is None:
        return {}
    _, command, host, pid, running_for, heartbeat, age = row
    return {
        "step": step,
        "command": command,
        "host": host,
        "pid": pid,
        "running_for": running_for,
        "heartbeat": heartbeat or "",
        "heartbeat_age": None if age is None else float(age),
    }


def _step_of(cursor: Any, run_id: int) -> str:
    """The step that a run has begun and not finished; empty while there is none."""
    cursor.execute(
        "SELECT s.ordinal, (SELECT COUNT(*) FROM nestflux_statement a "
        "WHERE a.sql_migration_id = s.sql_migration_id AND a.attempt = s.attempt "
        "AND a.direction = s.direction), m.name, s.direction "
        "FROM nestflux_statement s JOIN nestflux_sql_migration m ON m.id = s.sql_migration_id "
        "WHERE s.state = 'started' AND s.run_id = %s ORDER BY s.id DESC LIMIT 1",
        [run_id],
    )
    row = cursor.fetchone()
    if row is None:
        return ""
    ordinal, total, name, direction = row
    return f"statement {ordinal} of {total} of {name}{'.down' if direction == 'down' else ''}.sql"
