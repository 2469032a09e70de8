"""What passed the proxy: a run's commands in their order, and what the server keeps of them."""

from __future__ import annotations

from dataclasses import dataclass, field
from threading import Lock

from nestflux.database.numbers import DEADLOCK
from tests.faults.packets import Answer, statements_of


def word_of(sql: str) -> str:
    """What a statement begins with, in capitals; empty for a command without a text."""
    return sql.lstrip(" (\n").partition(" ")[0].upper()


@dataclass(frozen=True)
class Command:
    """A counted command. ``at``: its position in the run, from 1."""

    at: int
    sql: str

    @property
    def statements(self) -> list[str]:
        return statements_of(self.sql)

    @property
    def words(self) -> set[str]:
        """What its statements begin with, in capitals."""
        return {word_of(sql) for sql in self.statements}


@dataclass
class Journal:
    """One run of a client. Only its first connection is counted: the others are the heartbeat's,
    whose number and order nobody can foresee, or made after the fault.

    ``commands``: what was counted. ``stands``: the statements whose effect the server keeps, in
    the order of their commits, by its own word: each answer says whether a transaction is open.
    ``login``: the packets that the client sent before its first command.
    """

    login: int = 0
    commands: list[Command] = field(default_factory=list)
    stands: list[str] = field(default_factory=list)
    _open: dict[int, list[str]] = field(default_factory=dict)
    _lock: Lock = field(default_factory=Lock)

    def logs_in(self, connection: int) -> None:
        """A client sends a packet of its login."""
        self.login += not connection

    @property
    def packets(self) -> int:
        """All that the client sent, less the farewell (QUIT), which is not answered."""
        return self.login + len(self.commands)

    def comes(self, connection: int, sql: str) -> int:
        """A client asks for something; gives its position, 0 where none is counted."""
        if connection:
            return 0
        with self._lock:
            self.commands.append(Command(len(self.commands) + 1, sql))
            return len(self.commands)

    def answered(self, connection: int, sql: str, answer: Answer) -> None:
        """The server answered one statement."""
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
