"""Work beside a run: a thread with a connection of its own."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from django.db.backends.base.base import BaseDatabaseWrapper

BackgroundWork = Callable[["BaseDatabaseWrapper", threading.Event], None]


@contextmanager
def run_in_background(
    connection: BaseDatabaseWrapper, name: str, work: BackgroundWork, *, parting: float
) -> Iterator[None]:
    """Let ``work`` run in a thread while the block lasts.

    Args:
        work: gets a copy of ``connection``, not yet connected, that is closed when it returns; and
            an event that is set at the block's end.
        parting: seconds that the block's end waits for it.
    """
    ended = threading.Event()
    thread = threading.Thread(target=_run, args=(connection, work, ended), name=name, daemon=True)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join(parting)


def _run(connection: BaseDatabaseWrapper, work: BackgroundWork, ended: threading.Event) -> None:
    # A copy belongs to the thread that makes it; connections[alias] would be one that nobody
    # closes (django/db/backends/base/base.py, copy).
    own = connection.copy()
    try:
        work(own, ended)
    finally:
        own.close()
