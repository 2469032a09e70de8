"""How a deploy does without the pool."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from django.db import connections

_bypassed: ContextVar[bool] = ContextVar("bypassed", default=False)


def is_bypassed() -> bool:
    """Is a connection that is made now to be one of its own?"""
    return _bypassed.get()


@contextmanager
def without_pool() -> Iterator[None]:
    """Let this thread's connections be their own while the block lasts.

    A deploy holds its lock in a connection: a connection that goes back to the pool is reset, and
    the lock with it. At both ends this thread lets go of what it has, unless it is in a
    transaction.
    """
    _let_go()
    token = _bypassed.set(True)
    try:
        yield
    finally:
        _bypassed.reset(token)
        _let_go()


def _let_go() -> None:
    for connection in connections.all(initialized_only=True):
        if hasattr(connection, "is_pooled") and not connection.in_atomic_block:
            connection.close()
