"""A sign of life while a run lasts: a second connection renews the run's row from a thread.

Without it a waiter cannot tell a deploy that works on a long ALTER from a host that froze.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from math import ceil
from typing import TYPE_CHECKING

from django.db.utils import Error

if TYPE_CHECKING:
    from django.db.backends.base.base import BaseDatabaseWrapper


# Seconds that a run waits at its end for a beat under way: the beat's own waits, twice.
_PARTING = 4.0
_SPARE = 60  # seconds that its connection may be idle beyond three beats


@contextmanager
def beating(connection: BaseDatabaseWrapper, run_id: int, *, every: float) -> Iterator[None]:
    """Renew ``heartbeat_at`` of a run's row every so many seconds while the block lasts.

    Where no second connection can be had the row keeps no heartbeat, and nobody takes the run
    for dead on that account.
    """
    ended = threading.Event()
    thread = threading.Thread(
        target=_beat,
        args=(connection, run_id, every, ended),
        name="nestflux-heartbeat",
        daemon=True,
    )
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join(_PARTING)


def _beat(
    connection: BaseDatabaseWrapper, run_id: int, every: float, ended: threading.Event
) -> None:
    # A copy belongs to the thread that makes it; connections[alias] would be one that nobody
    # closes (django/db/backends/base/base.py, copy).
    own = connection.copy()
    try:
        while not ended.is_set():
            try:
                _renew(own, run_id, every)
            except Error:
                own.close()
            ended.wait(every)
    finally:
        own.close()


def _renew(own: BaseDatabaseWrapper, run_id: int, every: float) -> None:
    with own.cursor() as cursor:
        # A row locked by the run itself must not make the heart wait; and an operator's short
        # wait_timeout must not end it between two beats.
        cursor.execute(
            "SET SESSION innodb_lock_wait_timeout = 1, lock_wait_timeout = 1, "
            f"wait_timeout = {ceil(3 * every) + _SPARE:d}"
        )
        cursor.execute(
            "UPDATE nestflux_run SET heartbeat_at = UTC_TIMESTAMP(6) WHERE id = %s", [run_id]
        )
