"""Doing it: under the lock of every deploy, each statement with its row in the ledger."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from django.db.utils import Error

from nestflux.applying.run.events import Noticed
from nestflux.applying.run.frame import lock_held, run_opened
from nestflux.applying.suitability import refuse_unsuitable
from nestflux.database.blockers import blockers_of
from nestflux.database.errors import in_words, message_of, number_of
from nestflux.exceptions import BackupFailed, LedgerConflict, NestFluxError, StatementFailed
from nestflux.history.folder import display_path
from nestflux.ledger.ledger import LedgerState, read_state
from nestflux.ledger.partition_steps import settle, unfinished_steps, write_pending
from nestflux.partitions.archive import archived, require_tool
from nestflux.partitions.declared import DeclaredTable, declared_tables
from nestflux.partitions.live import current_value, read_partitions, rows_in
from nestflux.partitions.planning import Action, Step, TablePlan, plan_table
from nestflux.schema.introspection import read_schema
from nestflux.schema.objects import TABLE, ObjectKey
from nestflux.sql.lexer import quoted

if TYPE_CHECKING:
    from django.db.backends.base.base import BaseDatabaseWrapper

    from nestflux.applying.backups.folder import Backup
    from nestflux.applying.run.context import Context, Options
    from nestflux.applying.target import Target
    from nestflux.ledger.rows import AttemptKey
    from nestflux.schema.diff import Definitions

_AGAIN = "python manage.py db_partitions"
_DUMPS = 3  # of one partition into which rows still come
# Measured on 10.11: an AUTO_INCREMENT that is asked for while REORGANIZE PARTITION runs may be
# given again. Nobody asks for one while the table is locked; writers wait for it anyway.
_GIVES_NUMBERS_TWICE = "mariadb"


@dataclass(frozen=True)
class Done:
    """A step that ran. Of an archived partition ``rows`` are counted, and ``archive`` is the folder
    of its dump, empty where there was no row."""

    table: DeclaredTable
    step: Step
    seconds: float
    rows: int | None = None
    archive: str = ""

    def to_json(self) -> dict[str, Any]:
        return {
            "table": self.table.table,
            **self.step.to_json(),
            "rows": self.step.rows if self.rows is None else self.rows,
            "archive": self.archive,
            "seconds": round(self.seconds, 3),
        }


@dataclass(frozen=True)
class Outcome:
    """What a run found to do, and did."""

    plans: tuple[TablePlan, ...] = ()
    done: tuple[Done, ...] = field(default=())

    @property
    def problems(self) -> tuple[TablePlan, ...]:
        return tuple(plan for plan in self.plans if plan.problem)


def plan_partitions(connection: BaseDatabaseWrapper) -> tuple[TablePlan, ...]:
    """What is to be done now, a plan a table. Changes nothing and takes no lock."""
    return tuple(
        plan_table(table, live, current_value(connection, table))
        if not (live := read_partitions(connection, table)).why_other
        else TablePlan(table, problem=live.why_other)
        for table in declared_tables(connection.alias)
    )


def maintain_partitions(
    target: Target,
    *,
    archive: Path | None,
    options: Options,
    on_done: Callable[[Done], None] = lambda done: None,
) -> Outcome:
    """Add the coming partitions, and take the old ones away. With nothing to do: no lock.

    Args:
        archive: where dumps go; None where no model asks for them (``declared.archives``).
        on_done: called with each step that ran, also where a later one fails.

    Raises Refused (and its kinds) with nothing changed; StatementFailed, BackupFailed,
    LockUnavailable or LockLost with what was done in the ledger. The next call goes on.
    """
    connection = target.connection
    plans = plan_partitions(connection)
    if not any(plan.steps for plan in plans):
        return Outcome(plans)
    refuse_unsuitable(target)
    with lock_held(connection, options) as lock:
        state = read_state(connection) or LedgerState()
        _refuse_half_way(state)
        plans = plan_partitions(connection)
        steps = [(plan.table, step) for plan in plans for step in plan.steps]
        if not steps:
            return Outcome(plans)
        if any(step.action is Action.ARCHIVE for _, step in steps):
            require_tool(target.server.family)
        with run_opened(target, lock, options, target.order, state.version) as context:
            _settle(context)
            done = []
            for each in _run(context, steps, archive):
                on_done(each)
                done.append(each)
            return Outcome(plans, tuple(done))


def _refuse_half_way(state: LedgerState) -> None:
    if (begun := state.in_flight) is not None:
        raise LedgerConflict(
            f"{begun.name} was begun and not finished: partitions wait for it.",
            stands="nothing was changed",
            then="python manage.py db_migrate   (finishes it), then db_partitions",
        )


def _settle(context: Context) -> None:
    """What runs that died left open: a step ran if its table is not as before it. What is still to
    be done is in this run's own plan."""
    for step in unfinished_steps(context.connection):
        context.lock.require()
        if step.before is None:
            settle(context.connection, step, ran=False, note="its run ended before it")
            continue
        names = [key.name for key in step.before]
        ran = any(_definition(context, name) != step.before for name in names)
        said = "its run ended; the schema shows that it ran" if ran else "it did not run"
        settle(context.connection, step, ran=ran, note=said)


def _definition(context: Context, table: str) -> Definitions:
    """The table's own line, which holds its partitions."""
    found = read_schema(context.connection, [table], programs=False).definitions
    key = ObjectKey(TABLE, table)
    return {key: found[key]} if key in found else {}


def _run(
    context: Context, steps: list[tuple[DeclaredTable, Step]], archive: Path | None
) -> Iterator[Done]:
    ledger = context.ledger
    context.lock.require()
    rows = [(table.label, step.sql, str(step)) for table, step in steps]
    key = write_pending(ledger, ledger.run_id or 0, rows)
    for ordinal, (table, step) in enumerate(steps, start=1):
        yield _Running(context, key, ordinal, table, step).run(archive)


@dataclass(frozen=True)
class _Running:
    """One step of a run."""

    context: Context
    key: AttemptKey
    ordinal: int
    table: DeclaredTable
    step: Step

    def run(self, archive: Path | None) -> Done:
        started = time.monotonic()
        ledger, place = self.context.ledger, self.key.step(self.ordinal)
        self.context.lock.require()
        definition = _definition(self.context, self.table.table)
        ledger.open_step(place, definitions=definition, undecidable="")
        try:
            rows, backup = self._do(archive)
        except (Error, NestFluxError) as error:
            self._failed(error)
            raise self._as_failure(error) from error
        seconds = time.monotonic() - started
        path = display_path(backup.path) if backup else ""
        note = f"{self.step}{f'; {path}' if path else ''}"
        self.context.lock.require()
        ledger.close_step(place, rows=rows, seconds=seconds, note=note)
        return Done(self.table, self.step, seconds, rows, path)

    def _do(self, archive: Path | None) -> tuple[int | None, Backup | None]:
        if self.step.action is not Action.ARCHIVE:
            splits = self.step.action is Action.SPLIT
            is_alone = splits and self.context.server.family == _GIVES_NUMBERS_TWICE
            self._patiently(partial(self._alone if is_alone else self._execute, self.step.sql))
            return None, None
        assert archive is not None, "a table of which partitions are dumped"
        (partition,) = self.step.partitions
        connection, table = self.context.connection, self.table.table
        if not rows_in(connection, table, partition.name) and self._patiently(
            partial(self._drop_if, 0)
        ):
            return 0, None
        for _ in range(_DUMPS):
            self.context.tell(Noticed(f"Dumping {partition.name} of {self.table.table}"))
            backup = archived(self.context, self.table, partition, archive)
            if self._patiently(partial(self._drop_if, backup.manifest.rows)):
                return backup.manifest.rows, backup
        raise BackupFailed(
            f"{partition.name} of {self.table.table} is still written to: after each of "
            f"{_DUMPS} dumps it held other rows.",
            where=display_path(archive),
            stands="the partition and its rows are there, and the dumps too",
            then=f"see what writes rows that are so old, then: {_AGAIN}",
        )

    def _drop_if(self, rows: int) -> bool:
        """Drop the partition where it still has so many rows. Nobody reads or writes the table
        while they are counted: what came behind the dump would be lost with it."""
        (partition,) = self.step.names
        with self._table_locked():
            if rows_in(self.context.connection, self.table.table, partition) != rows:
                return False
            return self._execute(self.step.sql)

    def _alone(self, sql: str) -> bool:
        with self._table_locked():
            return self._execute(sql)

    @contextmanager
    def _table_locked(self) -> Iterator[None]:
        self._execute(f"LOCK TABLES {quoted(self.table.table)} WRITE")
        try:
            yield
        finally:
            with _lost_is_no_news():
                self._execute("UNLOCK TABLES")

    def _execute(self, sql: str) -> bool:
        self.context.lock.require()
        with self.context.connection.cursor() as cursor:
            cursor.execute(sql)
        return True

    def _patiently(self, act: Callable[[], bool]) -> bool:
        """Wait for the table a few seconds, step back, try again: meanwhile its queries go on."""
        tried = 0
        while True:
            tried += 1
            try:
                return act()
            except Error as error:
                number = number_of(error) or 0
                pause = self.context.options.retry.pause_after(tried, number)
                if pause is None:
                    raise
                held_by = blockers_of(self.context.connection, [self.table.table])
                who = "".join(f"\n    {blocker}" for blocker in held_by)
                self.context.tell(
                    Noticed(
                        f"{self.table.table} is locked by another connection; trying again in "
                        f"{pause:g} s{who}"
                    )
                )
                time.sleep(pause)

    def _failed(self, error: Error | NestFluxError) -> None:
        with _lost_is_no_news():
            self.context.lock.require()
            number = number_of(error) if isinstance(error, Error) else None
            text = message_of(error) if isinstance(error, Error) else error.what
            self.context.ledger.fail_step(
                self.key.step(self.ordinal), code=number, text=text, undecidable=""
            )

    def _as_failure(self, error: Error | NestFluxError) -> NestFluxError:
        if isinstance(error, NestFluxError):
            return error
        words = in_words(error, self.context.connection, self.step.sql)
        return StatementFailed(
            f"The partitions of {self.table.table} could not be changed: {words}",
            where=self.step.sql,
            stands="what is said above to be done is done, and this statement did not run",
            then=f"fix the cause, then: {_AGAIN}   (does what is left)",
        )


@contextmanager
def _lost_is_no_news() -> Iterator[None]:
    """Where the connection is gone, the error that is raised says so."""
    try:
        yield
    except (Error, NestFluxError):
        return
