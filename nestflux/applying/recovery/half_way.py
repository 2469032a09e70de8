"""A file that was begun and not finished, seen from the other side: can it be reversed?"""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from nestflux.applying.plan.files import MigrationFile
from nestflux.applying.plan.tasks import Work, compiled_of
from nestflux.applying.recovery.compiling import Database, compiled_reversal
from nestflux.applying.recovery.deciding import Conclusion, Decision
from nestflux.applying.recovery.in_flight import InFlight
from nestflux.applying.recovery.reversing import OTHER, CannotReverse, Leg, reversal
from nestflux.applying.recovery.rows_there import filled_tables, finds_rows
from nestflux.applying.run import failures
from nestflux.applying.run.attempt_rows import AttemptRows
from nestflux.applying.run.context import Context, Options
from nestflux.applying.target import Target
from nestflux.database.server import default_collation
from nestflux.database.session import pin, restored_session
from nestflux.database.several import Packets
from nestflux.graph.loader import load
from nestflux.history.sqlfile import Direction
from nestflux.ledger.ledger import FileRow, Ledger, LedgerFile, LedgerStep
from nestflux.ledger.lock import DatabaseLock
from nestflux.ledger.rows import AttemptKey
from nestflux.schema.diff import Definitions
from nestflux.schema.introspection import read_schema

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence


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
        packets=Packets(target.connection),
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
        legs = self._legs(ran=ran)
        try:
            try:
                return reversal(
                    up,
                    down,
                    legs,
                    self._live([up, down]),
                    same_server=self._is_same_server,
                    collation=default_collation(self.context.connection),
                )
            except CannotReverse as error:
                if error.drifted:
                    raise
                return self._compiled(up, down, legs, error)
        except CannotReverse as error:
            other = self.file.work(OTHER[self.direction])
            raise failures.cannot_reverse(self.row.name, other, error) from None

    def _compiled(self, up: Work, down: Work, legs: Sequence[Leg], why: CannotReverse) -> Work:
        """The same, where no reviewed statement takes back what was done. Raises CannotReverse."""
        connection = self.context.connection
        with self._session():
            live = read_schema(connection).definitions
        database = Database(
            live,
            default_collation(connection),
            self.context.server.family,
            frozenset(filled_tables(connection, _changed([up, down]))),
        )
        way = compiled_reversal(up, down, legs, database, why, same_server=self._is_same_server)
        for doubt in way.doubts:
            if finds_rows(connection, doubt.query):
                raise CannotReverse(f"{doubt.why}: {doubt.query}", why.ordinal)
        return way.work

    @property
    def _is_same_server(self) -> bool:
        return self.row.recorded_on == self.context.server.name

    @contextmanager
    def _session(self) -> Iterator[None]:
        """The file's own: definitions depend on it."""
        session = self.rows.work.file.session
        with restored_session(self.context.connection, session):
            pin(self.context.connection, session)
            yield

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
        with self._session():
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
        with self._session():
            return read_schema(self.context.connection, _changed(works)).definitions


def _changed(works: Sequence[Work]) -> set[str]:
    """The names of the objects that steps change."""
    deltas = (task.record.delta for work in works for task in work.tasks)
    return {key.holder_name for delta in deltas for key in delta.changes}


def _leg(way: Direction, steps: Sequence[LedgerStep], flying: set[int]) -> Leg:
    settled, ran, compiled, ordinal = set(), set(), [], 0
    for step in steps:
        has_run = step.state == "done" or step.ordinal in flying
        if step.is_compiled:
            compiled += [compiled_of(step)] if has_run else []
            continue
        ordinal += 1  # as the file has it
        if has_run:
            ran.add(ordinal)
        if has_run or step.state in _SETTLED:
            settled.add(ordinal)
    return Leg(way, frozenset(settled), frozenset(ran), tuple(compiled))
