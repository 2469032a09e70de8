"""What passed the proxy: a run's commands in their order, and what the server keeps of them."""

from __future__ import annotations

from dataclasses import dataclass, field
from threading import Lock

from nestflux.database.numbers import DEADLOCK
from tests.faults.packets import Answer


@dataclass(frozen=True)
class Command:
    """A counted command. ``at``: its position in the run, from 1."""

    at: int
    sql: str

    @property
    def word(self) -> str:
        """What it begins with, in capitals; empty for a command without a text."""
        return self.sql.lstrip(" (\n").partition(" ")[0].upper()


@dataclass
class Journal:
    """One run of a client. Only its first connection is counted: the others are the heartbeat's,
    whose number and order nobody can foresee, or made after the fault.

    ``commands``: what was counted. ``stands``: the statements whose effect the server keeps, in
    the order of their commits, by its own word: each answer says whether a transaction is open.
    ``unanswered``: those that were passed on and of which nobody heard.
    """

    commands: list[Command] = field(default_factory=list)
    stands: list[str] = field(default_factory=list)
    unanswered: list[str] = field(default_factory=list)
    _open: dict[int, list[str]] = field(default_factory=dict)
    _lock: Lock = field(default_factory=Lock)

    def comes(self, connection: int, sql: str) -> int:
        """A client asks for something; gives its position, 0 where none is counted."""
        if connection:
            return 0
        with self._lock:
            self.commands.append(Command(len(self.commands) + 1, sql))
            return len(self.commands)

    def answered(self, connection: int, sql: str, answer: Answer) -> None:
        """The server answered."""
        with self._lock:
            pending = self._open.setdefault(connection, [])
            if answer.error:
                if answer.error == DEADLOCK:  # rolls the whole transaction back
                    pending.clear()
                return
            pending.append(sql)
            if answer.in_transaction:
                return
            if not sql.lstrip().upper().startswith("ROLLBACK"):
                self.stands += pending
            pending.clear()

    def lost(self, sql: str) -> None:
        """The server died with it, or the proxy did not hear the answer."""
        with self._lock:
            self.unanswered.append(sql)
