"""A long step, watched from a second connection while a person looks on."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from django.db.utils import Error

from nestflux.applying.run.events import Advanced, Event, OnEvent, StepDone, StepStarted
from nestflux.database.background_connection import run_in_background
from nestflux.database.statement_progress import work_done

if TYPE_CHECKING:
    from django.db.backends.base.base import BaseDatabaseWrapper

    from nestflux.ledger.lock import DatabaseLock

EVERY = 0.5  # seconds between two looks; a step that is done by the second is not asked about
_PARTING = 2.0  # seconds that a run waits at its end for a look under way


@contextmanager
def watched(
    connection: BaseDatabaseWrapper, family: str, lock: DatabaseLock, on_event: OnEvent
) -> Iterator[OnEvent]:
    """A listener that also tells ``Advanced`` of a step that takes its time, from a thread.

    Where no second connection can be had, it is only what ``on_event`` is.
    """
    watch = _Watch(family, lock, on_event)
    with run_in_background(connection, "nestflux-watch", watch.look_on, parting=_PARTING):
        yield watch.on_event


class _Watch:
    def __init__(self, family: str, lock: DatabaseLock, on_event: OnEvent) -> None:
        self._family = family
        self._lock = lock
        self._on_event = on_event
        self._step: StepStarted | None = None

    def on_event(self, event: Event) -> None:
        if isinstance(event, StepStarted | StepDone):
            self._step = event if isinstance(event, StepStarted) else None
        self._on_event(event)

    def look_on(self, own: BaseDatabaseWrapper, ended: threading.Event) -> None:
        before = None
        try:
            while not ended.wait(EVERY):
                step = self._step
                if step is not None and step is before:
                    said = work_done(own, self._family, self._lock.connection_id)
                    if said and step is self._step:
                        self._on_event(Advanced(step, said))
                before = step
        except Error:
            return  # a run goes on without being watched
