"""Sends a DDL statement with what waits for it, and hears what became of each part."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from nestflux.applying.run.step_packet import Part, StepPacket
from nestflux.database.session import may_substitute, substitution_in
from nestflux.database.several import Answer, Stopped

if TYPE_CHECKING:
    from nestflux.applying.run.context import Context
    from nestflux.applying.run.file_session import FileSession
    from nestflux.schema.diff import Definitions
    from nestflux.schema.introspection import Look


class NotRecorded(Exception):
    """The ledger could not be written, or the session not be set, and that is no failure of the
    step: the cause says why."""


@dataclass
class Ran:
    """A step that ran, and what was heard of it.

    ``changed``: rows, None where the server says none; ``seconds``: from the sending to the answer,
    the commit before it included; ``substituted``: see ``substitution_in``; ``read``: what the
    following step touches, None where it was not read.
    """

    changed: int | None = None
    seconds: float = 0.0
    substituted: str = ""
    read: Definitions | None = None


@dataclass
class _Hearing:
    """The answers to a packet, one by one."""

    context: Context
    packet: StepPacket
    began: float = field(default_factory=time.monotonic)
    ran: Ran = field(default_factory=Ran)
    rows: list[tuple[Any, ...]] = field(default_factory=list)

    def answered(self, at: int, answer: Answer) -> None:
        packet = self.packet
        if packet.commits(at):
            self.context.outbox.stands(answer)
        match packet.part(at):
            case Part.STATEMENT:
                self.ran.changed = answer.changed if answer.changed >= 0 else None
                self.ran.seconds = time.monotonic() - self.began
            case Part.BEHIND if packet.is_warning(at):
                self.ran.substituted = substitution_in(answer.rows)
            case Part.BEHIND:
                self.rows += answer.rows


def send_step(context: Context, session: FileSession, sql: str, look: Look | None) -> Ran:
    """Run a statement, behind what the ledger is to say and the file's SETs; and read what ``look``
    names. The lock is held, or nothing runs.

    Raises LockLost; NotRecorded where the statement did not begin; the server's error where it
    failed.
    """
    behind = look.statements if look else ()
    packet = StepPacket(
        context.outbox.commits,
        session.waiting,
        sql,
        behind,
        asks_warnings=may_substitute(session.sets),
    )
    if not packet.ledger:
        context.lock.require()
    hearing = _Hearing(context, packet)
    try:
        context.packets.send(packet.statements, hearing.answered)
    except Stopped as stopped:
        match packet.part(stopped.at):
            case Part.LEDGER:
                raise NotRecorded from context.outbox.undone(stopped)
            case Part.SESSION:
                raise NotRecorded from stopped.error
            case Part.STATEMENT:
                session.ran()
                raise stopped.error from None
        look = None  # of what stands behind the statement: it ran
    session.ran()
    if look is not None:
        hearing.ran.read = look.definitions(hearing.rows)
    return hearing.ran
