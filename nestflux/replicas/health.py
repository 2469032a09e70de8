"""What this process knows of a replica, and how it comes to know it without a request waiting.

A replica is asked by a thread of its own, when a read finds that what is known is old; the read
goes on with what is known.
"""

from __future__ import annotations

import logging
import os
import threading
import time
from contextlib import closing

from django.db import connections
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.utils import Error

from nestflux.conf import replicas
from nestflux.database.connection_copy import copy_of
from nestflux.database.errors import message_of
from nestflux.database.replication import ReplicaState, reached, replica_state
from nestflux.replicas.context import outside

logger = logging.getLogger("nestflux.replicas")

# What is known counts for so many pauses: a question that is not answered leaves it as it is.
_PAUSES = 3
# Seconds for the thread that asks; its alias may allow itself more.
_TIMEOUTS = {"connect_timeout": 5, "read_timeout": 5}


def why_left_out(state: ReplicaState, max_lag: float) -> str:
    """Why reads do not go to a replica; empty where they may. Pure.

    Without the server's own words for what stopped it: they may hold values of rows.
    """
    if not state.visible:
        return (
            "its state cannot be read: its user lacks REPLICATION CLIENT (MySQL) or REPLICA "
            "MONITOR (MariaDB)"
        )
    if not state.configured:
        return "it is no replica: it copies no server"
    if not state.read_only:
        return "it takes writes: read_only is off"
    if not state.io_running or not state.sql_running:
        thread = "SQL" if state.io_running else "IO"
        return f"its {thread} thread does not run; SHOW REPLICA STATUS says why"
    if state.lag is None:
        return "it does not know how far it is behind"
    if state.lag > max_lag:
        return f"it is {state.lag:g} s behind, and MAX_LAG is {max_lag:g} s"
    return ""


class Replica:
    """One replica, as this process knows it; used by all of its threads."""

    def __init__(self, alias: str) -> None:
        self.alias = alias
        self._why: str | None = None  # None: nothing is known yet; empty: well
        self._asked = 0.0
        self._late_until = 0.0
        self._asking = threading.Lock()
        self._answered = threading.Event()
        self._changing = threading.Lock()
        self._first: threading.Event | None = None  # set when whoever connects first has

    # ---- is it well? -----------------------------------------------------------------------------

    @property
    def is_well(self) -> bool:
        """May reads go to it? Where nothing was asked for long, it waits a little for an answer of
        one that was well; else for nothing."""
        configured, age = replicas(), time.monotonic() - self._asked
        if self._why is not None and age <= configured.pause:
            return not self._why
        self._ask_in_background()
        if self._why:
            return False
        is_old = self._why is None or age > _PAUSES * configured.pause
        return not is_old or (self._answered.wait(configured.wait) and self._why == "")

    def failed(self, error: BaseException) -> None:
        """It did not let us in, or the connection was lost."""
        said = message_of(error).strip(" .\n") or type(error).__name__
        self._know(f"it cannot be reached: {said}")

    def _ask_in_background(self) -> None:
        if not self._asking.acquire(blocking=False):
            return
        self._answered.clear()
        thread = threading.Thread(target=self._ask, name=f"nestflux {self.alias}", daemon=True)
        try:
            thread.start()
        except RuntimeError:  # the process is ending
            self._asking.release()

    def _ask(self) -> None:
        try:
            with outside():
                self._know(why_left_out(self._state(), replicas().max_lag))
        except Exception as error:  # whatever it is: nobody else would hear of it
            self.failed(error)
        finally:
            self._answered.set()
            self._asking.release()

    def _state(self) -> ReplicaState:
        # A copy belongs to this thread, takes no connection of a pool, and is closed here.
        with closing(copy_of(connections[self.alias], usual=_TIMEOUTS)) as own:
            return replica_state(own)

    def _know(self, why: str) -> None:
        with self._changing:
            before, self._why, self._asked = self._why, why, time.monotonic()
        if why and not before:
            logger.warning("Reads leave out the replica %r: %s.", self.alias, why)
        elif before and not why:
            logger.warning("Reads go to the replica %r again.", self.alias)

    # ---- connecting ------------------------------------------------------------------------------

    def connects(self, connection: BaseDatabaseWrapper) -> bool:
        """Is there a connection that lives? Makes one where there is none, or where one that was
        kept is dead. Who cannot be reached is left out from then on."""
        if connection.connection is not None:
            if connection.in_atomic_block or connection.is_usable():
                return True
            connection.close()
        with self._changing:
            first, is_first = self._first, self._first is None
            if first is None:
                self._first = first = threading.Event()
        if is_first:
            try:
                return self._connect(connection)
            finally:
                self._first = None
                first.set()
        # A server that is gone lets one wait until its timeout, and not all.
        return first.wait(replicas().wait) and self._why == "" and self._connect(connection)

    def _connect(self, connection: BaseDatabaseWrapper) -> bool:
        try:
            with outside():
                connection.ensure_connection()
        except Error as error:
            self.failed(error)
            return False
        return True

    # ---- what it has -----------------------------------------------------------------------------

    def has(self, connection: BaseDatabaseWrapper, position: str) -> bool:
        """Has it all up to a position? Waits a little, and for some seconds after a wait in vain
        not at all: one that has stopped would cost each request the whole time."""
        configured, now = replicas(), time.monotonic()
        try:
            with outside():
                wait = configured.wait if now >= self._late_until else 0
                there = reached(connection, position, wait)
        except Error as error:
            self.failed(error)
            return False
        if not there and wait:
            self._late_until = time.monotonic() + configured.pause
        return there


_known: dict[str, Replica] = {}


def known(alias: str) -> Replica:
    """What this process knows of a replica."""
    return _known.get(alias) or _known.setdefault(alias, Replica(alias))


def forget() -> None:
    """Know nothing, as at the start of a process."""
    _known.clear()


# Whoever held a lock of these is not in the child.
os.register_at_fork(after_in_child=forget)
