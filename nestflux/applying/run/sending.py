"""Sends a statement with what waits for it, and hears what became of each part."""

from __future__ import annotations

import time
from collections.abc import Sequence
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


def send_step(
    context: Context,
    session: FileSession,
    sql: str,
    look: Look | None,
    closing: Sequence[str] = (),
) -> Ran:
    """Run a statement, behind what the ledger is to say and the file's SETs; and read what ``look``
    names. The lock is held, or nothing runs.

    Args:
        closing: of a data statement, what the ledger is to say of it, in one transaction with it.

    Raises LockLost; NotRecorded where the statement did not begin, or where a data statement and
    its row were rolled back; the server's error where it failed.
    """
    packet = StepPacket(
        context.outbox.commits,
        session.waiting,
        sql,
        closing=(*closing, context.lock.guard) if closing else (),
        behind=look.statements if look else (),
        asks_warnings=not closing and may_substitute(session.sets),
    )
    if not packet.ledger:
        context.lock.require()
    hearing = _Hearing(context, packet)
    try:
        context.packets.send(packet.statements, hearing.answered)
    except Stopped as stopped:
        part = packet.part(stopped.at)
        stands = part is Part.BEHIND or not (part is Part.LEDGER or packet.closing)
        error = stopped.error if stands else context.outbox.undone(stopped)
        if part in (Part.STATEMENT, Part.CLOSING):
            session.ran()
        if part is Part.STATEMENT:
            raise error from None
        if part is not Part.BEHIND:
            raise NotRecorded from error
        look = None  # of what stands behind the statement: it ran
    session.ran()
    if look is not None:
        hearing.ran.read = look.definitions(hearing.rows)
    return hearing.ran
