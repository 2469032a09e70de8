"""A file that was begun and not finished, seen from the other side: can it be reversed?"""

from __future__ import annotations

from typing import TYPE_CHECKING

from nestflux.applying.plan.files import work_in
from nestflux.applying.plan.tasks import Work
from nestflux.applying.recovery.deciding import Conclusion, Decision
from nestflux.applying.recovery.in_flight import InFlight
from nestflux.applying.recovery.reversing import OTHER, CannotReverse, Leg, reversal
from nestflux.applying.run import failures
from nestflux.applying.run.attempt_rows import AttemptRows
from nestflux.applying.run.context import Context, Options
from nestflux.database.session import pin, restored_session
from nestflux.graph.loader import load
from nestflux.history.sqlfile import Direction
from nestflux.ledger.ledger import FileRow, Ledger, LedgerFile, LedgerStep
from nestflux.ledger.lock import DatabaseLock
from nestflux.schema.diff import Reading
from nestflux.schema.introspection import read_schema

if TYPE_CHECKING:
    from collections.abc import Sequence

    from django.db.backends.base.base import BaseDatabaseWrapper

    from nestflux.database.server import Server

_SETTLED = ("done", "skipped")


def looking(
    connection: BaseDatabaseWrapper, server: Server, order: Sequence[str], options: Options
) -> Context:
    """What a look needs that runs nothing: a context without the lock."""
    return Context(
        connection=connection,
        server=server,
        ledger=Ledger(connection),
        lock=DatabaseLock(connection, options.lock),
        options=options,
        order=tuple(order),
        load=lambda: load(connection, order=order),
    )


class HalfWay:
    """An attempt that stopped half-way.

    Args:
        context: the run, or a look (``looking``).
        known: the file's row as the ledger has it, in flight.
    """

    def __init__(self, context: Context, known: LedgerFile) -> None:
        self.context = context
        # The text that ran: an edit of what is behind it says nothing of the way back.
        self.row: FileRow = context.ledger.file_row(known.id)
        self.direction = Direction(known.direction)
        self.known = known
        self.rows = AttemptRows(context, self.row, work_in(self.row, self.direction), known)
        self.flight = InFlight(self.rows)

    def reversal(self) -> Work:
        """The steps of the other way that take back what was done. Changes nothing.

        Raises Undecided where the step in flight has to be decided by a person first, and Refused
        where the file can only be finished.
        """
        conclusion = self._finding()[1]
        ran = conclusion is not None and conclusion.decision is Decision.CLOSE
        ways = {way: work_in(self.row, way) for way in Direction}
        other = ways[OTHER[self.direction]]
        try:
            return reversal(
                ways[Direction.UP],
                ways[Direction.DOWN],
                self._legs(ran=ran),
                self._live(list(ways.values())),
                same_server=self.row.recorded_on == self.context.server.name,
            )
        except CannotReverse as error:
            raise failures.cannot_reverse(self.row.name, other, error) from None

    def settle(self) -> None:
        """Record what becomes of the step in flight: as done where it ran, as not begun where it
        did not. One that failed keeps its row. Runs nothing."""
        step, conclusion = self._finding()
        if step is None or conclusion is None:
            return
        ran = conclusion.decision is Decision.CLOSE
        if ran or step.state == "started":
            self.flight.settle(step, ran=ran, note=conclusion.why)

    def _finding(self) -> tuple[LedgerStep | None, Conclusion | None]:
        """The step in flight, and whether it ran. Raises Undecided."""
        _, step = self.flight.stand()
        if step is None:
            return None, None
        session = self.rows.work.file.session
        with restored_session(self.context.connection, session):
            pin(self.context.connection, session)  # a reading depends on it
            conclusion = self.flight.examine(step)
        if conclusion.decision is Decision.ASK:
            raise failures.undecided(self.row.name, step, step.recorded, conclusion)
        return step, conclusion

    def _legs(self, *, ran: bool) -> list[Leg]:
        """The attempts since the file was last whole, the oldest first.

        Args:
            ran: the step in flight of the last one ran.
        """
        done, step = self.flight.stand()
        flying = {done + 1} if ran and step is not None else set()
        legs = [_leg(self.direction, self._steps(self.direction, self.known.attempt), flying)]
        for attempt in range(self.known.attempt - 1, 0, -1):
            way, steps = next(
                ((way, steps) for way in Direction if (steps := self._steps(way, attempt))),
                (Direction.UP, ()),
            )
            if all(step.state in _SETTLED for step in steps):
                break
            legs.insert(0, _leg(way, steps, set()))
        return legs

    def _steps(self, way: Direction, attempt: int) -> tuple[LedgerStep, ...]:
        return self.context.ledger.steps(self.row.id, way.value, attempt)

    def _live(self, works: Sequence[Work]) -> Reading:
        """Every object that either way changes, as it is now."""
        names = {
            key.holder_name
            for work in works
            for task in work.tasks
            for key in task.record.delta.changes
        }
        session = self.rows.work.file.session
        with restored_session(self.context.connection, session):
            pin(self.context.connection, session)
            return read_schema(self.context.connection, names).reading


def _leg(way: Direction, steps: Sequence[LedgerStep], flying: set[int]) -> Leg:
    settled = {step.ordinal for step in steps if step.state in _SETTLED} | flying
    ran = {step.ordinal for step in steps if step.state == "done"} | flying
    return Leg(way, frozenset(settled), frozenset(ran))
