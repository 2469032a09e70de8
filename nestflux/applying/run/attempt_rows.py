"""An attempt in the ledger: its rows, written before a step and after it.

A DDL statement's row is written before it and closed after it; closing one and opening the next is
one commit. A data statement and an atomic Python step commit together with their row. What a
statement may take along in its packet waits for it (``Outbox``).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db.utils import Error

from nestflux.applying.plan.files import ledger_steps
from nestflux.applying.plan.tasks import Task, Work
from nestflux.applying.run.context import Context
from nestflux.applying.run.touched import Effect
from nestflux.applying.run.transactions import untransactional
from nestflux.history.sqlfile import Direction, PythonStep, Statement
from nestflux.ledger.ledger import FileRow, LedgerFile
from nestflux.ledger.rows import AttemptKey, StepKey
from nestflux.schema.diff import Definitions
from nestflux.sql.lexer import identifiers

if TYPE_CHECKING:
    from nestflux.graph.python_steps import PythonOperation
    from nestflux.schema.introspection import Look

RUNNING = {Direction.UP: "running", Direction.DOWN: "rolling_back"}
_FINISHED = {Direction.UP: "applied", Direction.DOWN: "rolled_back"}


class AttemptRows:
    """The rows of one file in one direction: of its steps, of itself, and of
    ``django_migrations``.

    ``opened`` is the step whose row says that it runs; ``before`` what it touches looked like;
    ``doubt`` why a crash in the middle of it could not be decided (empty: it can).

    Args:
        context: the run, which holds the lock.
        row: what the ledger is to know of the file.
        work: its steps, in the direction to go.
        known: the file's row as the ledger has it; None where it has none.
    """

    def __init__(
        self, context: Context, row: FileRow, work: Work, known: LedgerFile | None
    ) -> None:
        self.context = context
        self.connection = context.connection
        self.ledger = context.ledger
        self.row = row
        self.known = known
        self.direction = work.direction
        # In the other direction it is a new attempt, which turns the one that was begun round.
        self.resumes = (
            known is not None and known.is_in_flight and known.direction == self.direction
        )
        self.attempt = (known.attempt if known else 0) + (0 if self.resumes else 1)
        self.work = work.as_begun(self.ledger.steps(self.key)) if self.resumes else work
        self.opened = 0
        self.before: Definitions | None = None
        self.doubt = ""
        self.touched = context.touched

    @property
    def key(self) -> AttemptKey:
        return AttemptKey(self.row.id, self.direction.value, self.attempt)

    def step_key(self, task: Task) -> StepKey:
        return self.key.step(task.ordinal)

    # ---- the file --------------------------------------------------------------------------

    def begin(self) -> None:
        """Write the file's row and those of its steps; nothing is done yet."""
        first = self.work.to_run[0] if self.work.to_run else None
        with self.context.outbox.put():
            self.ledger.mark_signals_pending()
            state = RUNNING[self.direction]
            if self.direction is Direction.UP:
                self.ledger.put_file(
                    self.row, state=state, direction="up", attempt=self.attempt, origin="statements"
                )
            else:
                self.ledger.renew_file(self.row)
            self.ledger.begin_file(self.row.id, state, self.direction.value, self.attempt)
            self.ledger.replace_pending(self.key, ledger_steps(self.work), after=0)
            self.record_applied(self.work.recorded_first)
            if first:
                self.open(first)
            else:
                self.ledger.finish_file(self.row.id, _FINISHED[self.direction])

    def go_on(self, done: int) -> None:
        """The file runs again, ``done`` of its steps being done."""
        with self.context.outbox.put():
            self.ledger.mark_signals_pending()
            self.ledger.set_file_state(self.row.id, RUNNING[self.direction])
            self.renew(done)
            if not any(task.ordinal > done for task in self.work.to_run):
                self.ledger.finish_file(self.row.id, _FINISHED[self.direction])

    def renew(self, done: int) -> None:
        """Take over an accepted edit of what stands behind the steps that are done."""
        if self.texts_changed():
            self.ledger.renew_file(self.row)
            self.ledger.replace_pending(self.key, ledger_steps(self.work), after=done)
            self.opened = 0
            # Where a migration's last steps are gone, its row is due with those that ran.
            self.record_applied(self.work.recorded_first)
            for task in self.work.tasks[:done]:
                self.record_applied(task.recorded_migrations)

    def texts_changed(self) -> bool:
        """Was the file edited since it was written to the ledger?"""
        known = self.known
        return known is not None and (
            (known.up_sha256, known.down_sha256, known.record_sha256)
            != (self.row.up_sha256, self.row.down_sha256, self.row.record_sha256)
        )

    # ---- one step --------------------------------------------------------------------------

    def open(self, task: Task) -> None:
        """Before a step: that it begins and, for DDL, what it touches looks like."""
        self.look(task)
        self.write_opening(task)

    def open_alone(self, task: Task) -> None:
        with self.context.outbox.put():
            self.open(task)

    def look(self, task: Task) -> None:
        """What must be known of a step before it runs."""
        self.before = self.touched.of(self.effect(task)) if task.kind == "ddl" else None
        self.doubt = self._undecidable(task)

    def write_opening(self, task: Task) -> None:
        self.ledger.open_step(self.step_key(task), definitions=self.before, undecidable=self.doubt)
        self.opened = task.ordinal

    def look_behind(self, task: Task, following: Task | None) -> Look | None:
        """How what the step behind ``task`` touches is read in one packet with it; None where
        nothing is, or not so."""
        if following is None or following.kind != "ddl":
            return None
        return self.touched.look_behind(self.effect(task), self.effect(following))

    def step_done(
        self, task: Task, following: Task | None = None, read: Definitions | None = None
    ) -> None:
        """A step ran to its end, and behind it was read what ``following`` touches."""
        self.touched.step_done(self.effect(task))
        if following is not None and read is not None:
            self.touched.was_read(self.effect(following), read)

    def close_later(self, task: Task, rows: int | None, seconds: float) -> None:
        """After a step that ran: its row is closed, and that of the next step opened, with what is
        sent next. A step whose tables cannot be looked at now is opened by itself."""
        following = self.work.following(task)
        if following is not None:
            try:
                self.look(following)
            except Error:
                self.touched.forget()
                following = None
        if following is None:
            with self.context.outbox.put():
                self.close_done(task, rows, seconds)
            return
        with self.context.outbox.put(apart=True):
            self.record_applied(task.recorded_migrations)
            self.ledger.close_and_open_step(
                self.step_key(task),
                following.ordinal,
                rows=rows,
                seconds=seconds,
                definitions=self.before,
                undecidable=self.doubt,
            )
        self.opened = following.ordinal

    def close_done(self, task: Task, rows: int | None, seconds: float, note: str = "") -> None:
        """A step's row, the rows of ``django_migrations`` that come with it, the file's end."""
        self.ledger.close_step(self.step_key(task), rows=rows, seconds=seconds, note=note)
        self._end(task)

    def close_measured(self, task: Task) -> None:
        """``close_done`` in the packet of a data statement."""
        self.ledger.close_measured_step(self.step_key(task))
        self._end(task)

    def _end(self, task: Task) -> None:
        self.record_applied(task.recorded_migrations)
        if self.work.following(task) is None:
            self.ledger.finish_file(self.row.id, _FINISHED[self.direction])

    def record_applied(self, migrations: tuple[str, ...]) -> None:
        if self.direction is Direction.UP:
            self.ledger.record_applied(migrations)
        else:
            self.ledger.record_unapplied(migrations)

    def fail(self, task: Task, *, code: int | None, text: str, undecidable: str) -> None:
        """Write that a step failed, and what the server had said."""
        with self.context.write():
            self.ledger.fail_step(
                self.step_key(task), code=code, text=text, undecidable=undecidable
            )
            if self.direction is Direction.UP:
                self.ledger.set_file_state(self.row.id, "failed")

    # ---- what is known of a step -----------------------------------------------------------

    def operation(self, task: Task) -> PythonOperation | None:
        if not isinstance(task.step, PythonStep):
            return None
        return self.context.runner.find(task.step.locator)

    def _undecidable(self, task: Task) -> str:
        if task.record.undecidable:
            return task.record.undecidable
        operation = self.operation(task)
        if operation is not None and not operation.atomic:
            return "it is a Python step outside any transaction"
        if task.kind == "ddl":
            return ""
        names = {*task.record.tables, *identifiers(self.effect(task).sql)}
        return untransactional(self.connection, names)

    def effect(self, task: Task) -> Effect:
        """What a step may do to the schema, as far as its file says it."""
        sql = task.text if isinstance(task.step, Statement) else ""
        to_the_letter = self.row.recorded_on == self.context.server.name and not task.is_compiled
        return Effect(sql, task.record.delta, to_the_letter)
