"""The statements of a snapshot, many in a packet, each packet under the lock."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.db.utils import Error

from nestflux.applying.run.events import Noticed, StepStarted
from nestflux.applying.run.failures import is_connection_lost
from nestflux.applying.run.step_packet import SHOW_WARNINGS
from nestflux.database.errors import in_words
from nestflux.database.session import may_substitute, pinning, substitution_in
from nestflux.database.several import Answer, Stopped
from nestflux.exceptions import StatementFailed
from nestflux.history.folder import SNAPSHOT
from nestflux.sql.statements import Kind, kind_of, makes_or_drops_tables, summary

if TYPE_CHECKING:
    from nestflux.applying.run.context import Context

_SHOWN = 200  # characters of a statement that may stand on the live line


@dataclass(frozen=True)
class _Piece:
    """A statement that is sent: of the ``number``-th of the snapshot, or for it."""

    number: int
    sql: str


def _pieces(statements: Sequence[str], collation: str) -> Iterator[_Piece]:
    asks_warnings = may_substitute(sql for sql in statements if kind_of(sql) is Kind.SESSION)
    for number, sql in enumerate(statements, start=1):
        yield from (_Piece(number, own) for own in pinning((sql,), collation))
        if asks_warnings and makes_or_drops_tables(sql):
            yield _Piece(number, SHOW_WARNINGS)


def load_statements(
    context: Context, statements: Sequence[str], total: int, collation: str
) -> None:
    """Run them.

    Args:
        total: how many steps the load has, those behind the snapshot too.
        collation: the connection's, which it keeps.

    Raises StatementFailed, naming the one that failed; LockLost, or the server's error where the
    ledger could not be written.
    """
    pieces = tuple(_pieces(statements, collation))

    def begins(piece: _Piece) -> None:
        title = statements[piece.number - 1][:_SHOWN].split("\n", 1)[0].rstrip(" (")
        context.tell(StepStarted(SNAPSHOT, piece.number, total, title))

    def heard(at: int, answer: Answer) -> None:
        piece = pieces[at]
        if piece.sql == SHOW_WARNINGS and (said := substitution_in(answer.rows)):
            context.tell(Noticed(f"{SNAPSHOT}, statement {piece.number}: {said}"))
        if at + 1 < len(pieces) and pieces[at + 1].number != piece.number:
            begins(pieces[at + 1])

    for first in pieces[:1]:
        begins(first)
    try:
        sent = [piece.sql for piece in pieces]
        context.packets.send(sent, heard, opening=context.heartbeat)
    except Stopped as stopped:
        if stopped.in_opening and not is_connection_lost(stopped.error):
            context.lock.require()
            raise stopped.error from None
        number = pieces[stopped.at].number
        which = f"statement {number} of {total}"
        raise load_failed(stopped.error, which, statements[number - 1]) from stopped.error


def load_failed(error: Exception, which: str, sql: str = "") -> StatementFailed:
    """The load stopped.

    Args:
        which: step of it.
        sql: its text, if it is a statement.
    """
    then = "python manage.py db_migrate"
    if isinstance(error, Error):
        described = in_words(error, None, sql)
    else:
        described = f"{type(error).__name__}: {error}"
    if isinstance(error, Error) and is_connection_lost(error):
        what = f"The connection was lost in {SNAPSHOT}, {which}: {described}"
    else:
        what = f"{SNAPSHOT}, {which} failed: {described}"
        then += " --replay   (runs the files instead), or fix the cause and run it again"
    return StatementFailed(
        what,
        where=summary(sql) if sql else which,
        stands="the next run drops what the load made, and starts again",
        then=then,
    )
