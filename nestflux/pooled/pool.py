"""The pool of a process: SQLAlchemy's QueuePool, with sessions that are reset and checked.

QueuePool keeps connections, limits them, replaces them by age and takes back what nobody closed.
Here is what it leaves to others: how a session is made new, when a connection is asked whether it
lives, who is served first, which idle ones are closed, and what happens in a forked child.
"""

from __future__ import annotations

import logging
import os
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from select import POLLIN, poll
from threading import TIMEOUT_MAX, Lock, Timer
from typing import TYPE_CHECKING, Any, cast
from weakref import WeakKeyDictionary

import MySQLdb
from sqlalchemy import event, exc
from sqlalchemy.pool import ConnectionPoolEntry, PoolProxiedConnection, QueuePool

from nestflux.pooled.options import PoolOptions
from nestflux.pooled.session import Session
from nestflux.pooled.turns import Turns

if TYPE_CHECKING:
    from sqlalchemy.engine.interfaces import DBAPIConnection

logger = logging.getLogger("nestflux.pooled")

# Seconds in which a connection that answered is taken to live, unless its socket says otherwise:
# a ping costs a round trip, and a busy pool uses a connection again within milliseconds.
_SURE = 1.0
_TURN = "turn"  # in a slot's own dictionary, while it is out by somebody's turn


@dataclass(frozen=True)
class Recipe:
    """How a connection is made and what it is set to: two aliases or settings that differ in this
    have pools of their own. ``parameters`` are those of ``MySQLdb.connect``."""

    alias: str
    parameters: Mapping[str, Any] = field(repr=False)
    session: Session
    options: PoolOptions


class ConnectionPool:
    """Connections of one recipe in one process, for any of its threads."""

    def __init__(self, recipe: Recipe) -> None:
        self.recipe = recipe
        # What Django asks of a server once a connection object; those live as long as a request.
        self.server_data: dict[str, Any] | None = None
        self._sockets: WeakKeyDictionary[Any, int] = WeakKeyDictionary()
        self._is_closed = self._is_inherited = False
        self._looking, self._look_again = Lock(), False
        self._next_look: Timer | None = None
        options = recipe.options
        self._turns = Turns(options.max_size)
        self._queue = _ShrinkingPool(
            self._connect,
            pool_size=options.max_size,
            max_overflow=0,
            timeout=options.timeout,
            recycle=options.max_lifetime,
            use_lifo=True,  # so that what is not needed stays idle
            reset_on_return=None,  # by the event
            logging_name=recipe.alias,
        )
        event.listen(self._queue, "checkout", self._check)
        event.listen(self._queue, "reset", self._reset)
        event.listen(self._queue, "checkin", self._checked_in)

    def acquire(self) -> PoolProxiedConnection:
        """A connection that lives, in a new session; ``release`` gives it back.

        Raises MySQLdb.OperationalError where none becomes free in time, or none can be made.
        """
        options = self.recipe.options
        if not self._turns.take(options.timeout):
            raise MySQLdb.OperationalError(
                f"No connection of the pool of {self.recipe.alias!r} became free within "
                f"{options.timeout:g} s; it has max_size = {options.max_size}, and all are in use."
            )
        try:
            connection = self._queue.connect()
        except exc.SQLAlchemyError as error:  # the server ended each connection that it made
            self._turns.give_back()
            raise MySQLdb.OperationalError(
                f"No connection for the pool of {self.recipe.alias!r}: {error}"
            ) from error
        except BaseException:
            self._turns.give_back()
            raise
        _of(connection)[_TURN] = True
        return connection

    def release(self, connection: PoolProxiedConnection) -> None:
        """Reset a connection and let others have it. It is closed where it does not work."""
        connection.close()
        self._close_idle()

    def _close_idle(self) -> None:
        """Close what was idle for too long, and look again when the next one will have been.

        Whoever comes while another looks does not wait: it may be the garbage collector, in the
        middle of anything. The other then looks once more.
        """
        self._look_again = True
        while self._look_again and self._looking.acquire(blocking=False):
            self._look_again = False
            try:
                self._close_idle_and_wait()
            finally:
                self._looking.release()

    def _close_idle_and_wait(self) -> None:
        """A thread waits, as long as there is something to wait for: none where all may stay open,
        and none any more in a process that has closed what it could."""
        options = self.recipe.options
        if self._is_closed or self._is_inherited:
            return
        oldest = self._queue.close_idle(time.monotonic() - options.max_idle, keep=options.min_size)
        if oldest is None or self._next_look is not None:
            return
        wait = min(max(0, oldest + options.max_idle - time.monotonic()), TIMEOUT_MAX)
        self._next_look = Timer(wait, self._look)
        self._next_look.name = f"nestflux-pool-{self.recipe.alias}"
        self._next_look.daemon = True
        try:
            self._next_look.start()
        except RuntimeError:  # no more threads, or Python ends: the next return looks again
            self._next_look = None

    def _look(self) -> None:
        self._next_look = None
        self._close_idle()

    def close(self) -> None:
        """Close what is idle now, and what is in use when it is returned."""
        with self._looking:
            self._is_closed = True
            if self._next_look is not None:
                self._next_look.cancel()
        self._queue.dispose()

    def in_use(self) -> int:
        """How many connections are out."""
        return self._queue.checkedout()

    def leave_to_parent(self) -> None:
        """In a forked child: let go of the parent's sockets, and tell the server nothing.

        A descriptor is the child's own, the conversation behind it is not: whatever Python closes
        here at its end, mysql_close would say goodbye in the parent's name.
        """
        self._is_inherited = True
        nowhere = os.open(os.devnull, os.O_RDWR)
        for raw in list(self._sockets):
            if raw.open and self._has_its_socket(raw):
                os.dup2(nowhere, raw.fileno())
        os.close(nowhere)

    # ---- what QueuePool calls ----------------------------------------------------------------

    def _connect(self, rec: ConnectionPoolEntry) -> DBAPIConnection:
        raw: Any = MySQLdb.connect(**self.recipe.parameters)
        try:
            self.recipe.session.set_up(raw)
        except BaseException:
            raw.close()
            raise
        self._sockets[raw] = _socket(raw)
        return cast("DBAPIConnection", raw)

    def _checked_in(self, raw: Any, record: ConnectionPoolEntry) -> None:
        if _of(record).pop(_TURN, False):  # not one that failed while it was taken
            self._turns.give_back()

    def _check(
        self, raw: Any, record: ConnectionPoolEntry, connection: PoolProxiedConnection
    ) -> None:
        returned = record.info.get("returned")
        if returned is None:  # made just now
            return
        if time.monotonic() - returned < _SURE and not _has_something_to_say(raw):
            return
        try:
            raw.ping()
        except MySQLdb.Error as error:
            # A restart or a failover ended all of them: the others are replaced unasked.
            self.server_data = None
            raise exc.InvalidatePoolError from error

    def _has_its_socket(self, raw: Any) -> bool:
        """Did the client library not close it? It does where a connection is lost, and the driver
        keeps the number of the descriptor, which is nobody's then or another file's.

        To know it costs no round trip, and saves the process: libmariadb's mysql_change_user
        writes into the buffer that was freed with the socket ("corrupted double-linked list";
        10.11.19, valgrind shows it). Its other commands raise.
        """
        return _socket(raw) == self._sockets.get(raw)

    def _reset(self, raw: Any, record: ConnectionPoolEntry, state: Any) -> None:
        if self._is_inherited:
            return
        if self._is_closed or not self._has_its_socket(raw):
            record.close()
            return
        try:
            self.recipe.session.reset(raw)
        except MySQLdb.Error as error:
            logger.warning(
                "A connection of the pool of %r could not be reset and is closed: %s",
                self.recipe.alias,
                error,
            )
            record.invalidate(error)
        else:
            record.info["returned"] = time.monotonic()


class _ShrinkingPool(QueuePool):
    """QueuePool opens on demand and closes nothing that is idle."""

    def close_idle(self, before: float, *, keep: int) -> float | None:
        """Close what was returned before a moment, as long as ``keep`` stay open. A slot without a
        connection makes one when its turn comes; the queue is last in, first out, so that those in
        use come first.

        Returns when the next one was returned that may be closed; None where there is none.
        """
        queue: Any = self._pool  # private; tests/pooled/test_pool.py tells when it changes
        with queue.mutex:
            idle = [record for record in queue.queue if record.dbapi_connection is not None]
            spare = self.checkedout() + len(idle) - keep
            left = []
            for record in idle[: max(0, spare)]:
                returned = float(record.info.get("returned", before))
                if returned < before:
                    record.close()
                else:
                    left.append(returned)
            return min(left, default=None)


def _of(slot: ConnectionPoolEntry | PoolProxiedConnection) -> dict[Any, Any]:
    """What is kept with a slot, whichever connection it has."""
    info = slot.record_info
    assert info is not None, "it belongs to a pool"
    return info


def _has_something_to_say(raw: Any) -> bool:
    """Between two statements a server only speaks to say goodbye: it ended the connection."""
    watch = poll()
    watch.register(raw.fileno(), POLLIN)
    return bool(watch.poll(0))


def _socket(raw: Any) -> int:
    """What a connection's descriptor is open on; 0 where it is on nothing."""
    try:
        return os.fstat(raw.fileno()).st_ino
    except OSError:
        return 0


# ---- the pools of this process -------------------------------------------------------------------

_pools: list[ConnectionPool] = []
_inherited: list[Any] = []
_making = Lock()


def pool_of(recipe: Recipe) -> ConnectionPool:
    """The pool of a recipe, made when it is first asked for."""
    for pool in _pools:
        if pool.recipe == recipe:
            return pool
    with _making:
        for pool in _pools:
            if pool.recipe == recipe:
                return pool
        _pools.append(ConnectionPool(recipe))
        return _pools[-1]


def forget(pool: ConnectionPool) -> None:
    """Close a pool, and make a new one when it is next asked for."""
    if pool in _pools:
        _pools.remove(pool)
    pool.close()


def close_all() -> None:
    """Close each pool of this process."""
    for pool in _pools[:]:
        forget(pool)


def keep_for_parent(held: object) -> None:
    """Never let go of what a forked child has from its parent: letting go would act on it."""
    _inherited.append(held)


def after_fork_in_child() -> None:
    """A child begins without connections. gunicorn with --preload, celery's prefork pool and
    multiprocessing fork whenever they like."""
    global _making
    _making = Lock()  # another thread may have held it
    for pool in _pools:
        pool.leave_to_parent()
    keep_for_parent(_pools[:])
    _pools.clear()
