"""The heartbeat of a run: a second connection renews the run's row from a thread.

Without it a waiter cannot tell a deploy that works on a long ALTER from a host that froze.
"""

from __future__ import annotations

import threading
from contextlib import AbstractContextManager
from functools import partial
from math import ceil
from typing import TYPE_CHECKING

from django.db.utils import Error

from nestflux.database.background_connection import run_in_background

if TYPE_CHECKING:
    from django.db.backends.base.base import BaseDatabaseWrapper


# Seconds that a run waits at its end for a beat under way: the beat's own waits, twice.
_PARTING = 4.0
_SPARE = 60  # seconds that its connection may be idle beyond three beats


def beating(
    connection: BaseDatabaseWrapper, run_id: int, *, every: float
) -> AbstractContextManager[None]:
    """Renew ``heartbeat_at`` of a run's row every so many seconds while the block lasts.

    Where no second connection can be had the row keeps no heartbeat, and nobody takes the run
    for dead on that account.
    """
    beat = partial(_beat, run_id, every)
    return run_in_background(connection, "nestflux-heartbeat", beat, parting=_PARTING)


def _beat(run_id: int, every: float, own: BaseDatabaseWrapper, ended: threading.Event) -> None:
    while not ended.is_set():
        try:
            _renew(own, run_id, every)
        except Error:
            own.close()
        ended.wait(every)


def _renew(own: BaseDatabaseWrapper, run_id: int, every: float) -> None:
    with own.cursor() as cursor:
        # A row locked by the run itself must not make the heart wait; an operator's short
        # wait_timeout must not end it between two beats, nor his autocommit=0 keep a beat unseen.
        cursor.execute(
            "SET SESSION autocommit = 1, innodb_lock_wait_timeout = 1, lock_wait_timeout = 1, "
            f"wait_timeout = {ceil(3 * every) + _SPARE:d}"
        )
        cursor.execute(
            "UPDATE nestflux_run SET heartbeat_at = UTC_TIMESTAMP(6) WHERE id = %s", [run_id]
        )
