"""One passage of one file, up or down: step by step, each with its row in the ledger.

A DDL statement's row is written before it and closed after it; closing one and opening the next is
one commit. A data statement and an atomic Python step commit together with their row.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import partial
from typing import TYPE_CHECKING

from django.db import transaction
from django.db.utils import Error

from nestflux.applying import failures
from nestflux.applying.context import Context
from nestflux.applying.events import (
    Finished,
    Noticed,
    Recovered,
    Retrying,
    Started,
    StepDone,
    StepStarted,
)
from nestflux.applying.recover import Decision, Finding, Interrupted, decide
from nestflux.applying.tasks import Task, Work
from nestflux.applying.transactions import Sentinel, untransactional
from nestflux.database.errors import number_of
from nestflux.database.ledger import FileRow, LedgerFile, LedgerStep
from nestflux.database.numbers import DEADLOCK
from nestflux.database.reader import read_schema
from nestflux.database.session import limit_session, pin, restored_session
from nestflux.exceptions import LockLost
from nestflux.history.deltas import Delta
from nestflux.history.lexer import identifiers
from nestflux.history.sqlfile import Direction, PythonStep, Statement

if TYPE_CHECKING:
    from nestflux.graph.python_steps import PythonOperation

_RUNNING = {Direction.UP: "running", Direction.DOWN: "rolling_back"}
# What a run says of the step that an earlier one left: by the decision, and whether the server
# had answered that it failed.
_RECOVERED = {
    (Decision.CLOSE, True): "failed in an earlier run and is done all the same",
    (Decision.CLOSE, False): "was in flight and is done",
    (Decision.RUN, True): "failed in an earlier run; running it again",
    (Decision.RUN, False): "was in flight; running it again",
}
_FINISHED = {Direction.UP: "applied", Direction.DOWN: "rolled_back"}


class _NotBooked(Exception):
    """A step ran, and the row that commits with it could not be written: no failure of its own."""


class Passage:
    """Runs one file in one direction, from its beginning or from where an earlier run stopped.

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
        self.work = work
        self.known = known
        self.direction = work.direction
        self.resumes = known is not None and known.is_in_flight
        self.attempt = (known.attempt if known else 0) + (0 if self.resumes else 1)
        self._opened = 0
        self._before: dict[str, str] | None = None
        self._doubt = ""
        self._session: list[str] = []

    def run(self) -> Finished:
        """Run what is left of it. Raises StatementFailed, Undecided, LockLost or LedgerConflict;
        whatever it raises, the ledger says where it stands."""
        started = time.monotonic()
        try:
            with restored_session(self.connection, self._all_sets()):
                self._set_session(self.work.file.session)
                self._limit_lock_waits()
                self._run_steps(self._resume() if self.resumes else self._begin())
        except Error as error:
            raise failures.ledger_failed(error, self.row.name) from error
        finished = Finished(
            self.row.name,
            self.direction.value,
            len(self.work.tasks),
            time.monotonic() - started,
        )
        self.context.tell(finished)
        return finished

    def _run_steps(self, done: int) -> None:
        tasks = self.work.tasks
        self.context.tell(Started(self.row.name, self.direction.value, len(tasks), done + 1))
        for task in tasks:
            if task.ordinal > done and self._opened != task.ordinal:
                self._persist(task, partial(self._open_alone, task))
            self._set_session(task.session)
            if task.ordinal > done:
                self._step(task)

    def _all_sets(self) -> tuple[str, ...]:
        return (*self.work.file.session, *(sql for t in self.work.tasks for sql in t.session))

    def _set_session(self, session: tuple[str, ...]) -> None:
        pin(self.connection, session)
        self._session += session

    def _limit_lock_waits(self) -> None:
        self._wait_for_locks(self.context.options.retry.ddl_lock_timeout)

    def _wait_for_locks(self, seconds: int) -> None:
        pin(self.connection, (f"SET lock_wait_timeout = {seconds:d}",))

    # ---- beginning and going on ------------------------------------------------------------

    def _begin(self) -> int:
        """Write the file's row and those of its steps; nothing is done yet."""
        first = self.work.tasks[0] if self.work.tasks else None
        with self._write():
            self.ledger.owe_signals()
            state = _RUNNING[self.direction]
            if self.direction is Direction.UP:
                self.ledger.put_file(
                    self.row, state=state, direction="up", attempt=self.attempt, origin="statements"
                )
            else:
                self.ledger.renew_file(self.row)
            self.ledger.begin_file(self.row.id, state, self.direction.value, self.attempt)
            self.ledger.replace_pending(*self._passage, self._ledger_steps(), after=0)
            self._book(self.work.books_first)
            if first:
                self._open(first)
            else:
                self.ledger.finish_file(self.row.id, _FINISHED[self.direction])
        return 0

    def _resume(self) -> int:
        """How many steps are done, after the one in flight was decided."""
        done, flying = self.stand()
        if flying is not None and self._recover(flying):
            done += 1
        with self._write():
            self.ledger.owe_signals()
            self.ledger.set_file_state(self.row.id, _RUNNING[self.direction])
            self._renew(done)
            if done == len(self.work.tasks):
                self.ledger.finish_file(self.row.id, _FINISHED[self.direction])
        return done

    def stand(self) -> tuple[int, LedgerStep | None]:
        """How many steps are done, and the one that is in flight.

        Raises LedgerConflict where a step that ran is not in its place any more.
        """
        rows = self.ledger.steps(*self._passage)
        done = 0
        while done < len(rows) and rows[done].state in ("done", "skipped"):
            done += 1
        for row in rows[:done]:
            self._require_in_place(row)
        is_flying = done < len(rows) and rows[done].state != "pending"
        return done, rows[done] if is_flying else None

    def examine(self, row: LedgerStep) -> Finding:
        """What a look at the schema says of the step in flight."""
        flying = Interrupted(
            kind=row.kind,
            sql=row.sql,
            answered=row.state == "failed",
            undecidable=row.undecidable,
            before=row.before_reading,
            recorded=row.recorded,
            same_server=self.row.recorded_on == self.context.server.name,
        )
        live = self._reading(row.sql, row.recorded) if row.kind == "ddl" else {}
        return decide(flying, live)

    def settle(self, row: LedgerStep, *, ran: bool, note: str) -> bool:
        """Book the step in flight as done, or put it back; run nothing. True where that was the
        last step and the file is finished. Raises LedgerConflict where it is not in its place."""
        if ran:
            self._require_in_place(row)
        with self._write():
            self.ledger.set_file_state(self.row.id, _RUNNING[self.direction])
            if not ran:
                self.ledger.put_back_step((*self._passage, row.ordinal), note=note)
                return False
            self.ledger.owe_signals()
            self._renew(done=row.ordinal)
            self._book_done(self.work.tasks[row.ordinal - 1], None, 0.0, note)
        return row.ordinal == len(self.work.tasks)

    def _recover(self, row: LedgerStep) -> bool:
        """Decide the step in flight: True where it is booked as done, False where it is to run.

        Raises Undecided where nobody but a person can tell.
        """
        finding = self.examine(row)
        if finding.decision is Decision.ASK:
            raise failures.undecided(self.row.name, row, row.recorded, finding)
        if finding.decision is Decision.CLOSE:
            self._require_in_place(row)
            with self._write():
                self._close(self.work.tasks[row.ordinal - 1], None, 0.0, note=finding.why)
        how = _RECOVERED[finding.decision, row.state == "failed"]
        self.context.tell(Recovered(self.row.name, row.ordinal, f"{how}: {finding.why}"))
        return finding.decision is Decision.CLOSE

    def _require_in_place(self, row: LedgerStep) -> None:
        tasks = self.work.tasks
        if row.ordinal > len(tasks) or tasks[row.ordinal - 1].step.sha256 != row.sha256:
            raise failures.changed_under_way(self.row.name, row.ordinal)

    def _renew(self, done: int) -> None:
        """Take over an accepted edit of what stands behind the steps that are done."""
        if self._texts_changed():
            self.ledger.renew_file(self.row)
            self.ledger.replace_pending(*self._passage, self._ledger_steps(), after=done)
            self._opened = 0

    def _texts_changed(self) -> bool:
        known = self.known
        return known is not None and (
            (known.up_sha256, known.down_sha256, known.record_sha256)
            != (self.row.up_sha256, self.row.down_sha256, self.row.record_sha256)
        )

    # ---- one step --------------------------------------------------------------------------

    def _step(self, task: Task) -> None:
        total = len(self.work.tasks)
        self.context.tell(StepStarted(self.row.name, task.ordinal, total, task.title))
        started = time.monotonic()
        operation = self._operation(task)
        if task.kind == "ddl" or (operation is not None and not operation.atomic):
            rows = self._try(task, lambda _: self._execute(task, operation))
            if operation is not None:
                self._keep_lock()
            self._close_after(task, rows, time.monotonic() - started)
        else:
            self._try(task, lambda sentinel: self._run_with_row(task, operation, sentinel, started))
        seconds = time.monotonic() - started
        self.context.tell(StepDone(self.row.name, task.ordinal, total, seconds))

    def _try(self, task: Task, attempt: Callable[[Sentinel], int | None]) -> int | None:
        """Run a step, again where the server did not let it in. Only what runs here can be a
        failure of the step: what the ledger is told of it afterwards cannot."""
        tried = 0
        while True:
            tried += 1
            self.context.lock.require()
            sentinel = Sentinel(self.connection)
            again = isinstance(task.step, Statement)
            try:
                return attempt(sentinel)
            except LockLost:
                raise
            except _NotBooked as error:
                cause = error.__cause__
                if not (again and isinstance(cause, Error) and self._pauses(task, tried, cause)):
                    raise (cause or error) from None
            except Error as error:
                if sentinel.was_lost or not (again and self._pauses(task, tried, error)):
                    self._fail(task, error, sentinel)
            except Exception as error:
                self._fail(task, error, sentinel)

    def _run_with_row(
        self,
        task: Task,
        operation: PythonOperation | None,
        sentinel: Sentinel,
        started: float,
    ) -> int | None:
        """Run a step and close its row in one transaction."""
        with transaction.atomic(self.connection.alias), sentinel:
            rows = self._execute(task, operation)
            if sentinel.is_lost():
                place = f"{self.row.name}, step {task.ordinal}"
                self.context.tell(Noticed(f"{place} committed by itself: {task.title}"))
            self.context.lock.require()
            try:
                self._close(task, rows, time.monotonic() - started)
            except Exception as error:
                raise _NotBooked from error
        return rows

    def _persist(self, task: Task, write: Callable[[], None]) -> None:
        """A commit to the ledger, tried again where its tables are locked (a backup's lock)."""
        tried = 0
        while True:
            tried += 1
            try:
                write()
                return
            except Error as error:
                if not self._pauses(task, tried, error):
                    raise

    def _pauses(self, task: Task, tried: int, error: Error) -> bool:
        """Wait before the next try, where there is one."""
        pause = self.context.options.retry.pause_after(tried, number_of(error))
        if pause is None:
            return False
        reason = "deadlock" if number_of(error) == DEADLOCK else "locked by another connection"
        self.context.tell(Retrying(self.row.name, task.ordinal, reason, pause))
        time.sleep(pause)
        return True

    def _execute(self, task: Task, operation: PythonOperation | None) -> int | None:
        if operation is not None:
            backwards = self.direction is Direction.DOWN
            self._wait_for_locks(self.context.callers_lock_wait)
            self.context.runner.run(operation, self.connection, backwards=backwards)
            if self.context.lock.still_held():
                self._limit_lock_waits()
            return None
        with self.connection.cursor() as cursor:
            cursor.execute(task.text)
            rows = int(cursor.rowcount)
            while cursor.nextset():  # CALL: each result may hold an error
                pass
        return rows if rows >= 0 else None

    def _operation(self, task: Task) -> PythonOperation | None:
        if not isinstance(task.step, PythonStep):
            return None
        return self.context.runner.find(task.step.locator)

    def _keep_lock(self) -> None:
        """A Python step outside a transaction may close its connection: take the lock again,
        if no other run has begun since, and set the new session as the old one was."""
        lock = self.context.lock
        if lock.still_held():
            return
        if lock.regain() and self.ledger.move_run(lock.connection_id):
            limit_session(self.connection, self.context.options.retry.ddl_lock_timeout)
            pin(self.connection, tuple(self._session))
            self._limit_lock_waits()
            return
        lock.require()

    def _fail(self, task: Task, error: Exception, sentinel: Sentinel) -> None:
        """Write that a step failed, and raise StatementFailed."""
        undecidable = self._doubt
        if sentinel.was_lost:
            undecidable = "it committed a part of its work by itself, and then failed"
        changed = None if task.kind == "ddl" else Delta()
        if not failures.is_connection_lost(error):
            with suppress(Error, LockLost):
                self._limit_lock_waits()
                if task.kind == "ddl":
                    live = self._reading(task.text, task.record.delta)
                    changed = Delta.between(self._before or {}, live)
                with self._write():
                    self.ledger.fail_step(
                        self._place(task),
                        code=number_of(error) or None,
                        text=failures.text_of(error),
                        undecidable=undecidable,
                    )
                    if self.direction is Direction.UP:
                        self.ledger.set_file_state(self.row.id, "failed")
        doubt = undecidable if task.kind != "ddl" else ""
        raise failures.step_failed(
            error,
            self.connection,
            self.row.name,
            task,
            len(self.work.tasks),
            changed,
            doubt,
            self.direction,
        ) from error

    # ---- rows ------------------------------------------------------------------------------

    @property
    def _passage(self) -> tuple[str, str, int]:
        return self.row.id, self.direction.value, self.attempt

    def _place(self, task: Task) -> tuple[str, str, int, int]:
        return (*self._passage, task.ordinal)

    @contextmanager
    def _write(self) -> Iterator[None]:
        """One commit to the ledger, under the lock."""
        self.context.lock.require()
        with transaction.atomic(self.connection.alias):
            yield

    def _open(self, task: Task) -> None:
        """Before a step: that it begins and, for DDL, what it touches looks like."""
        self._look(task)
        self._write_opening(task)

    def _open_alone(self, task: Task) -> None:
        with self._write():
            self._open(task)

    def _look(self, task: Task) -> None:
        """What must be known of a step before it runs."""
        is_ddl = task.kind == "ddl"
        self._before = self._reading(task.text, task.record.delta) if is_ddl else None
        self._doubt = self._undecidable(task)

    def _write_opening(self, task: Task) -> None:
        self.ledger.open_step(self._place(task), reading=self._before, undecidable=self._doubt)
        self._opened = task.ordinal

    def _close_after(self, task: Task, rows: int | None, seconds: float) -> None:
        """Close the row of a step that stands whatever becomes of its row: the write alone is
        tried again. Where the next step's tables cannot be looked at, it is opened by itself."""
        following = self.work.tasks[task.ordinal] if task.ordinal < len(self.work.tasks) else None
        if following is not None:
            try:
                self._look(following)
            except Error:
                following = None

        def write() -> None:
            with self._write():
                self._book_done(task, rows, seconds, "")
                if following is not None:
                    self._write_opening(following)

        self._persist(task, write)

    def _close(self, task: Task, rows: int | None, seconds: float, note: str = "") -> None:
        """After a step: what is booked with it, and the next step's opening."""
        self._book_done(task, rows, seconds, note)
        if task.ordinal < len(self.work.tasks):
            self._open(self.work.tasks[task.ordinal])

    def _book_done(self, task: Task, rows: int | None, seconds: float, note: str) -> None:
        """A step's row, the rows of ``django_migrations`` that come with it, the file's end."""
        self.ledger.close_step(self._place(task), rows=rows, seconds=seconds, note=note)
        self._book(task.books)
        if task.ordinal == len(self.work.tasks):
            self.ledger.finish_file(self.row.id, _FINISHED[self.direction])

    def _book(self, migrations: tuple[str, ...]) -> None:
        if self.direction is Direction.UP:
            self.ledger.book(migrations)
        else:
            self.ledger.unbook(migrations)

    def _undecidable(self, task: Task) -> str:
        if task.record.undecidable:
            return task.record.undecidable
        operation = self._operation(task)
        if operation is not None and not operation.atomic:
            return "it is a Python step outside any transaction"
        if task.kind == "ddl":
            return ""
        sql = task.text if isinstance(task.step, Statement) else ""
        return untransactional(self.connection, {*task.record.tables, *identifiers(sql)})

    def _reading(self, sql: str, recorded: Delta) -> dict[str, str]:
        """What a statement touches, as it is now: every object that it names or changed."""
        changed = {key.split(" / ")[0].split(" ", 1)[1] for key in recorded.changes}
        return read_schema(self.connection, {*identifiers(sql), *changed}).reading

    def _ledger_steps(self) -> list[LedgerStep]:
        return [
            LedgerStep(
                ordinal=task.ordinal,
                sha256=task.step.sha256,
                kind=task.kind,
                migration=task.migration,
                sql=task.text,
                verdict=task.record.verdict,
                undecidable=task.record.undecidable,
                delta={k: list(v) for k, v in task.record.delta.changes.items()},
            )
            for task in self.work.tasks
        ]
