"""What one request, or one task, has seen of a primary and wrote to it.

A context variable, so that threads, async tasks and requests each have their own; what they start
(``asyncio.gather``, ``sync_to_async``) shares it.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from threading import RLock
from typing import TYPE_CHECKING, Any

from django.db import connections
from django.db.utils import Error

from nestflux.conf import replicas
from nestflux.database.replication import position

if TYPE_CHECKING:
    from django.db.backends.base.base import BaseDatabaseWrapper


@dataclass(frozen=True)
class Behind:
    """Reads are to see what a primary's log has up to a position, until a moment of the monotonic
    clock. Without a position (``""``) only the primary itself is sure to show it."""

    position: str
    until: float


@dataclass
class Context:
    """Everything by primary. ``chosen``: where its reads go from the first one on, so that a later
    one never sees less; the primary itself where no replica would do. ``unsettled``: the
    connections that saw or wrote what ``behind`` does not cover yet. ``wrote``: those written to.
    ``checked``: the connections to replicas that answered in this context. ``reached``: which
    replica has which position. ``is_over``: what it was for has ended, whatever it started."""

    chosen: dict[str, str] = field(default_factory=dict)
    behind: dict[str, Behind] = field(default_factory=dict)
    unsettled: dict[str, set[BaseDatabaseWrapper]] = field(default_factory=dict)
    wrote: set[str] = field(default_factory=set)
    checked: set[BaseDatabaseWrapper] = field(default_factory=set)
    reached: set[tuple[str, str]] = field(default_factory=set)
    is_over: bool = False
    _settling: Any = field(default_factory=RLock)

    def saw(self, connection: BaseDatabaseWrapper) -> None:
        """It was read from a primary: what is read next must not be older."""
        with self._settling:
            self.unsettled.setdefault(connection.alias, set()).add(connection)

    def note_write(self, connection: BaseDatabaseWrapper) -> None:
        """A primary was written to, or may have been."""
        self.saw(connection)
        self.wrote.add(connection.alias)

    def settle(self, primary: str) -> Behind | None:
        """What the next read of a primary is to be behind; None where there is nothing.

        The position is asked when it is needed and not after each write. It is unknown while a
        transaction is open, for what that writes has no place in the log yet.
        """
        with self._settling:
            if not (writers := self.unsettled.get(primary)):
                return self._still(primary)
            until = time.monotonic() + replicas().remember
            if any(in_transaction(writer) for writer in writers):
                return Behind("", until)
            writers.clear()  # first: who writes while it is asked is asked again
            self.behind[primary] = Behind(_position(primary), until)
            return self.behind[primary]

    def _still(self, primary: str) -> Behind | None:
        found = self.behind.get(primary)
        if found is not None and found.until < time.monotonic():
            del self.behind[primary]
            return None
        return found

    def positions(self) -> dict[str, str]:
        """What the next request is to know: the position of each primary that was written to in
        this context, and of those before it. It is asked again: a request that began later may have
        ended, and its own is not to be forgotten."""
        for primary in self.wrote:
            self.saw(connections[primary])
        known = {primary: self.settle(primary) for primary in (*self.behind, *self.wrote)}
        return {primary: each.position for primary, each in known.items() if each}


def in_transaction(connection: BaseDatabaseWrapper) -> bool:
    """Is a transaction open, or may one be? Connects to nothing."""
    is_connected = connection.connection is not None
    return connection.in_atomic_block or (is_connected and not connection.autocommit)


def _position(primary: str) -> str:
    with outside():
        try:
            return position(connections[primary])
        except Error:  # it is down: whoever reads next hears of it
            return ""


# ---- the current one -----------------------------------------------------------------------------


def _always() -> bool:
    return True


@dataclass(frozen=True)
class Scope:
    """A context, and whether reads may go to replicas just now."""

    context: Context
    may_use_replicas: Callable[[], bool] = _always


_scope: ContextVar[Scope | None] = ContextVar("nestflux_replicas", default=None)


def current() -> Scope | None:
    """None outside of requests and tasks: everything goes to the primary then. So does what they
    started and did not wait for."""
    scope = _scope.get()
    return None if scope is None or scope.context.is_over else scope


@contextmanager
def entered(scope: Scope | None) -> Iterator[None]:
    """It is the current one while the block lasts; its context ends with it, unless it is that of
    the block around."""
    around = _scope.get()
    token = _scope.set(scope)
    try:
        yield
    finally:
        _scope.reset(token)
        if scope is not None and (around is None or around.context is not scope.context):
            scope.context.is_over = True


def outside() -> AbstractContextManager[None]:
    """For questions of this package's own, which are no reads of a request's."""
    return entered(None)
