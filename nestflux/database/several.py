"""Several statements in one packet: one round trip, where driver, server and what stands between
them take it.

The server runs them one after the other and answers each as soon as it is done; the one that fails
is the last that is answered, and none behind it runs (MySQL Manual, C API Developer Guide,
"Multiple Statement Execution Support"; MariaDB KB "Multi-statements").
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import TYPE_CHECKING, Any

from django.db.utils import Error, InterfaceError

from nestflux.database.errors import number_of
from nestflux.database.numbers import CONNECTION_LOST
from nestflux.sql.statements import is_program

if TYPE_CHECKING:
    from django.db.backends.base.base import BaseDatabaseWrapper

# A line of its own: a comment at the end of a statement ends before it.
_JOINT = "\n;\n"
# Bytes of a packet that holds several. Fewer packets win little, and a person who watches sees
# nothing of a packet before it arrived: 64 kB a packet take 9.1 s where one packet takes 6.6 s.
_AT_ONCE = 256 * 1024


@dataclass(frozen=True)
class Answer:
    """What the server said of one statement. ``changed``: rows, -1 where it says none."""

    rows: tuple[tuple[Any, ...], ...] = ()
    changed: int = -1


class Stopped(Exception):
    """The statement at place ``at``, counted from 0, failed with ``error``: those before it ran,
    those behind it did not. ``in_opening``: it did not begin, for what opens its packet failed."""

    def __init__(self, at: int, error: Exception, *, in_opening: bool = False) -> None:
        super().__init__(at, error)
        self.at = at
        self.error = error
        self.in_opening = in_opening


Heard = Callable[[int, Answer], None]


class Packets:
    """Sends statements on a connection, as many of them in a packet as it takes.

    Args:
        several: more than one; see ``packets_of``.
        limit: the server's ``max_allowed_packet``, in bytes.
    """

    def __init__(
        self, connection: BaseDatabaseWrapper, *, several: bool = False, limit: int = _AT_ONCE
    ) -> None:
        self.connection = connection
        self.several = several
        self.bound = min(_AT_ONCE, limit // 2) if several else 0

    def send(
        self,
        statements: Sequence[str],
        heard: Heard = lambda at, answer: None,
        *,
        opening: Sequence[str] = (),
    ) -> None:
        """Run statements, each of which gives one result.

        Args:
            heard: called with the place and the answer of each as soon as it came. It sends nothing
                on this connection.
            opening: what each packet begins with.

        Raises Stopped.
        """
        at = 0
        for packet in packed(statements, self.bound):
            self._send(packet, at, heard, opening)
            at += len(packet)

    def run(self, statements: Sequence[str]) -> list[Answer]:
        """Run statements and wait for all answers. Raises the server's error."""
        answers: list[Answer] = []
        try:
            self.send(statements, lambda at, answer: answers.append(answer))
        except Stopped as stopped:
            raise stopped.error from None
        return answers

    def _send(self, packet: Sequence[str], at: int, heard: Heard, opening: Sequence[str]) -> None:
        sent = (*opening, *packet)
        texts = ((_JOINT.join(sent), len(sent)),) if self.several else ((sql, 1) for sql in sent)
        answers = chain.from_iterable(self._answers(*each) for each in texts)
        for place in range(at - len(opening), at + len(packet)):
            try:
                answer = next(answers)
            # What a server prints may be no text in any character set: ValueError.
            except (Error, ValueError) as error:
                raise Stopped(max(at, place), error, in_opening=place < at) from error
            if place >= at:
                heard(place, answer)

    def _answers(self, text: str, count: int) -> Iterator[Answer]:
        """Of so many statements in one text, each when it comes."""
        with self.connection.cursor() as cursor:
            for place in range(count):
                if place == 0:
                    cursor.execute(text)
                elif not cursor.nextset():
                    raise InterfaceError(f"The server answered {place} of {count} statements.")
                yield self._answer(cursor)

    def _answer(self, cursor: Any) -> Answer:
        rows = tuple(map(tuple, cursor.fetchall())) if cursor.description else ()
        return Answer(rows, int(cursor.rowcount))


def packed(statements: Sequence[str], bound: int) -> Iterator[list[str]]:
    """The statements of each packet. Pure.

    MySQL takes the text up to the packet's end for the body of a trigger, routine or event: such a
    one is the last of its packet.

    Args:
        bound: the bytes of a packet that holds more than one.
    """
    packet: list[str] = []
    size = 0
    for sql in statements:
        own = len(sql.encode()) + len(_JOINT)
        if packet and size + own > bound:
            yield packet
            packet, size = [], 0
        packet.append(sql)
        size += own
        if is_program(sql):
            yield packet
            packet, size = [], 0
    if packet:
        yield packet


def packets_of(connection: BaseDatabaseWrapper) -> Packets:
    """Ask, with one packet of two statements, whether both are answered here, and how much the
    server takes at once. They are not where the alias says ``multi_statements: False`` (1064), nor
    through every proxy. It begins with neither SELECT nor SET, by which proxies choose a server.
    """
    try:
        with connection.cursor() as cursor:
            cursor.execute(_JOINT.join(("DO 1", "SELECT @@SESSION.max_allowed_packet")))
            if cursor.nextset() and (row := cursor.fetchone()):
                return Packets(connection, several=True, limit=int(row[0]))
    except Error as error:
        if number_of(error) in CONNECTION_LOST:
            raise
    return Packets(connection)
