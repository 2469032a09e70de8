"""What the ledger is to say, kept until the next statement takes it along in its packet.

Closing a step, the end of its file, the beginning of the next one and the opening of its first step
wait here for the statement that follows. Nothing waits for long: whatever else talks to the server
first sends what waits.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

from django.db.utils import Error

from nestflux.applying.run.step_packet import commits, transaction
from nestflux.database.errors import number_of
from nestflux.database.numbers import TOO_MANY_ROWS
from nestflux.database.several import Answer, Stopped

if TYPE_CHECKING:
    from nestflux.applying.run.context import Context
    from nestflux.applying.run.events import Event


class Outbox:
    """The writes that wait, and the events that may be told once these stand."""

    def __init__(self, context: Context) -> None:
        self.context = context
        self._writes: list[str] = []
        self._are_apart = False
        self._events: list[Event] = []

    @contextmanager
    def put(self, *, apart: bool = False) -> Iterator[None]:
        """Let what the ledger is told in the block wait, if the block ends well.

        Args:
            apart: the writes may stand one after the other, the last of which is the UPDATE of a
                step: whoever finds it missing makes the others again.
        """
        with self.context.ledger.collected() as writes:
            yield
        self._are_apart = apart and not self._writes
        self._writes += writes

    def tell(self, event: Event) -> None:
        """Tell it, once what waits stands."""
        if self._writes:
            self._events.append(event)
        else:
            self.context.options.on_event(event)

    @property
    def commits(self) -> tuple[str, ...]:
        """What waits, to be sent under the lock; nothing where nothing does."""
        if not self._writes:
            return ()
        if self._are_few:
            return commits(self._writes, self.context.lock.held)
        return transaction(self._writes, self.context.lock.guard)

    @property
    def _are_few(self) -> bool:
        """Are they sent one by one, and without a transaction? Not where a log of statements would
        give a replica the condition, which nobody there meets."""
        return self._are_apart and not (self.context.packets.several or self.context.logs_text)

    def stands(self, answer: Answer) -> None:
        """What waited is committed. Raises LockLost.

        Args:
            answer: the last.
        """
        if self._are_few and answer.changed == 0:
            self.context.lock.require()
        self._writes.clear()
        while self._events:
            self.context.options.on_event(self._events.pop(0))

    def send(self) -> None:
        """Send what waits, by itself. Raises LockLost, or the server's error: then it waits on."""
        if not self._writes:
            return
        answers: list[Answer] = []
        try:
            self.context.packets.send(self.commits, lambda at, answer: answers.append(answer))
        except Stopped as stopped:
            raise self.undone(stopped) from None
        self.stands(answers[-1])

    def send_within(self, writes: Sequence[str]) -> None:
        """Send writes in the transaction that is open. Raises as ``send`` does."""
        try:
            self.context.packets.send((*writes, self.context.lock.guard))
        except Stopped as stopped:
            self._require_lock(stopped.error)
            raise stopped.error from None

    def undone(self, stopped: Stopped) -> Exception:
        """Roll back what a failed write leaves open; gives its error. Raises LockLost."""
        with suppress(Stopped):
            self.context.packets.send(("ROLLBACK",))
        self._require_lock(stopped.error)
        return stopped.error

    def _require_lock(self, error: Exception) -> None:
        if number_of(error) == TOO_MANY_ROWS:
            with suppress(Error):
                self.context.lock.require()
