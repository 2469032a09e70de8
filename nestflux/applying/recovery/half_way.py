"""A file that was begun and not finished, seen from the other side: can it be reversed?"""

from __future__ import annotations

from typing import TYPE_CHECKING

from nestflux.applying.plan.files import MigrationFile
from nestflux.applying.plan.tasks import Work
from nestflux.applying.recovery.deciding import Conclusion, Decision
from nestflux.applying.recovery.in_flight import InFlight
from nestflux.applying.recovery.reversing import OTHER, CannotReverse, Leg, reversal
from nestflux.applying.run import failures
from nestflux.applying.run.attempt_rows import AttemptRows
from nestflux.applying.run.context import Context, Options
from nestflux.applying.target import Target
from nestflux.database.server import default_collation
from nestflux.database.session import pin, restored_session
from nestflux.graph.loader import load
from nestflux.history.sqlfile import Direction
from nestflux.ledger.ledger import FileRow, Ledger, LedgerFile, LedgerStep
from nestflux.ledger.lock import DatabaseLock
from nestflux.ledger.rows import AttemptKey
from nestflux.schema.diff import Definitions
from nestflux.schema.introspection import read_schema

if TYPE_CHECKING:
    from collections.abc import Sequence


_SETTLED = ("done", "skipped")


def looking(target: Target, options: Options) -> Context:
    """What a look needs that runs nothing: a context without the lock."""
    return Context(
        target=target,
        ledger=Ledger(target.connection),
        lock=DatabaseLock(target.connection, options.lock),
        options=options,
        order=target.order,
        load=lambda: load(target.connection, order=target.order),
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
        self.file = MigrationFile.in_ledger(context.ledger, known.id)
        self.row: FileRow = self.file.row
        self.direction = Direction(known.direction)
        self.known = known
        self.rows = AttemptRows(context, self.row, self.file.work(self.direction), known)
        self.flight = InFlight(self.rows)

    def reversal(self) -> Work:
        """The steps of the other way that take back what was done. Changes nothing.

        Raises Undecided where the step in flight has to be decided by a person first, and Refused
        where the file can only be finished.
        """
        conclusion = self._finding()[1]
        ran = conclusion is not None and conclusion.decision is Decision.CLOSE
        up, down = self.file.up, self.file.down
        try:
            return reversal(
                up,
                down,
                self._legs(ran=ran),
                self._live([up, down]),
                same_server=self.row.recorded_on == self.context.server.name,
                collation=default_collation(self.context.connection),
            )
        except CannotReverse as error:
            other = self.file.work(OTHER[self.direction])
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
            pin(self.context.connection, session)  # definitions depend on it
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
        return self.context.ledger.steps(AttemptKey(self.row.id, way.value, attempt))

    def _live(self, works: Sequence[Work]) -> Definitions:
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
            return read_schema(self.context.connection, names).definitions


def _leg(way: Direction, steps: Sequence[LedgerStep], flying: set[int]) -> Leg:
    settled = {step.ordinal for step in steps if step.state in _SETTLED} | flying
    ran = {step.ordinal for step in steps if step.state == "done"} | flying
    return Leg(way, frozenset(settled), frozenset(ran))
