"""A statement with what goes before and behind it, as one list of statements. Pure.

    START TRANSACTION
    what the ledger is to say: the step before is done, this one begins
    the guard of the lock
    COMMIT
    the SETs of the file
    a DDL statement                                      START TRANSACTION
    SHOW WARNINGS, where the SETs let a table have       a data statement
      another engine than it states                      the ledger says that it is done
                                                         the guard of the lock
                                                         COMMIT
    SHOW CREATE … of what the next step touches

Sent as one packet (``nestflux/database/several.py``), it is one round trip. Whatever dies in it
leaves what recovery knows: before the COMMIT the step before is open, and the schema shows that it
ran; between COMMIT and statement this one is open and changed nothing; behind the statement it is
open, and the schema shows that it ran. A data statement and its row are one transaction: both
stand, or neither. The first that fails ends the packet, so its place says what stands.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum, auto

from nestflux.ledger import measured

_BEGIN, _COMMIT = "START TRANSACTION", "COMMIT"
SHOW_WARNINGS = "SHOW WARNINGS"


class Part(Enum):
    """Which part of a packet it was, by what stands where that failed."""

    LEDGER = auto()  # nothing of the packet, once it was rolled back
    SESSION = auto()  # the ledger's part; the statement did not begin
    STATEMENT = auto()  # as before, and what the server says of the statement
    CLOSING = auto()  # as before: a data statement without its row, once it was rolled back
    BEHIND = auto()  # the statement ran


@dataclass(frozen=True)
class StepPacket:
    """``ledger``: what makes a commit, empty where nothing is to be written. ``closing``: of a data
    statement, what the ledger is to say in its transaction; the lock's guard is its last.
    ``behind``: what reads what the next step touches."""

    ledger: tuple[str, ...]
    session: tuple[str, ...]
    statement: str
    closing: tuple[str, ...] = ()
    behind: tuple[str, ...] = ()
    asks_warnings: bool = False

    @property
    def statements(self) -> tuple[str, ...]:
        asked = (SHOW_WARNINGS,) if self.asks_warnings else ()
        closing = (measured.ENDS, *self.closing, _COMMIT) if self.closing else ()
        return (*self._before, self.statement, *closing, *asked, *self.behind)

    @property
    def _before(self) -> tuple[str, ...]:
        opening = (_BEGIN, measured.BEGINS) if self.closing else ()
        return (*self.ledger, *self.session, *opening)

    @property
    def place(self) -> int:
        """Of the statement, counted from 0."""
        return len(self._before)

    def part(self, at: int) -> Part:
        """To which part the statement at a place belongs."""
        if at < len(self.ledger):
            return Part.LEDGER
        if at < self.place:
            return Part.SESSION
        if at == self.place:
            return Part.STATEMENT
        is_closing = self.closing and at <= self.place + len(self.closing) + 2
        return Part.CLOSING if is_closing else Part.BEHIND

    def is_warning(self, at: int) -> bool:
        """Is it the answer to SHOW WARNINGS, of the statement?"""
        return self.asks_warnings and at == self.place + 1

    def commits(self, at: int) -> bool:
        """Does the ledger's part stand with the answer to this one?"""
        return at + 1 == len(self.ledger)


def transaction(writes: Sequence[str], guard: str) -> tuple[str, ...]:
    """Writes to the ledger that stand together, and only under the lock."""
    return (_BEGIN, *writes, guard, _COMMIT)


def commits(writes: Sequence[str], held: str) -> tuple[str, ...]:
    """Writes that may stand one after the other: fewer packets where each is one.

    Args:
        held: a condition that is true under the lock. The last write, an UPDATE, changes nothing
            where it is not.
    """
    *others, last = writes
    return (*others, f"{last} AND {held}")
