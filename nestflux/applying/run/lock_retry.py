"""How long a step has waited to be let in: its tries, its pauses, who was in the way."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from django.db.utils import Error

from nestflux.applying.run.events import LetIn, Retrying
from nestflux.database.blockers import Blocker, blockers_of
from nestflux.database.errors import number_of
from nestflux.database.numbers import DEADLOCK, LOCK_WAIT_TIMEOUT

if TYPE_CHECKING:
    from nestflux.applying.plan.tasks import Task
    from nestflux.applying.run.context import Context


class LockRetry:
    """Of one step, or of one write to the ledger. ``seconds`` count what the tries that were not
    let in took and the pauses after them; ``blockers`` are of the last such try."""

    def __init__(self, context: Context, name: str, task: Task) -> None:
        self.context = context
        self.name = name
        self.task = task
        self.tried = 0
        self.seconds = 0.0
        self.blockers: tuple[Blocker, ...] = ()
        self._began = 0.0
        self._announced: set[int] = set()

    def begin(self) -> None:
        """Another try begins."""
        self.tried += 1
        self._began = time.monotonic()

    def pauses(self, error: Error) -> bool:
        """Wait before the next try, where there is one."""
        number = number_of(error)
        if number not in (LOCK_WAIT_TIMEOUT, DEADLOCK):
            return False
        self.seconds += time.monotonic() - self._began
        if number == LOCK_WAIT_TIMEOUT:
            self.blockers = blockers_of(self.context.connection, self.task.record.tables)
        pause = self.context.options.retry.pause_after(self.tried, number)
        if pause is None:
            return False
        self.context.tell_now(self._retrying(number, pause))
        time.sleep(pause)
        self.seconds += pause
        return True

    def _retrying(self, number: int, pause: float) -> Retrying:
        """Who is in the way is announced once, and again when it is somebody else."""
        now = {blocker.connection_id for blocker in self.blockers}
        news = self.blockers if now - self._announced else ()
        self._announced |= now
        return Retrying(
            self.name,
            self.task.ordinal,
            "deadlock" if number == DEADLOCK else "locked by another connection",
            pause,
            self.tried,
            self.context.options.retry.tries,
            tuple(str(blocker) for blocker in news),
        )

    def let_in(self) -> None:
        """The try went through."""
        if self.tried > 1:
            self.context.tell(LetIn(self.name, self.task.ordinal, self.tried, self.seconds))
