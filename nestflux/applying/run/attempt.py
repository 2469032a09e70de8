"""One attempt of one file, up or down: step by step, each with its row in the ledger."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING

from django.db import transaction
from django.db.utils import Error

from nestflux.applying.plan.tasks import Task, Work
from nestflux.applying.recovery.in_flight import InFlight
from nestflux.applying.run import failures
from nestflux.applying.run.attempt_rows import AttemptRows
from nestflux.applying.run.context import Context
from nestflux.applying.run.events import Finished, Noticed, Started, StepDone, StepStarted
from nestflux.applying.run.file_session import FileSession
from nestflux.applying.run.lock_retry import LockRetry
from nestflux.applying.run.sending import NotRecorded, Ran, send_step
from nestflux.applying.run.transactions import Sentinel
from nestflux.database.errors import number_of
from nestflux.database.numbers import LOCK_WAIT_TIMEOUT
from nestflux.database.session import limit_session, pin, steady_session
from nestflux.exceptions import LockLost
from nestflux.history.sqlfile import Direction, Statement
from nestflux.ledger.ledger import FileRow, LedgerFile
from nestflux.schema.diff import Delta
from nestflux.schema.names import names_of
from nestflux.sql.names import changes_case_only
from nestflux.sql.statements import gives_one_result, only_changes_rows

if TYPE_CHECKING:
    from nestflux.graph.python_steps import PythonOperation


class Attempt:
    """Runs one file in one direction, from its beginning or from where an earlier run stopped.

    Args:
        context: the run, which holds the lock.
        row: what the ledger is to know of the file.
        work: its steps, in the direction to go.
        known: the file's row as the ledger has it; None where it has none.
        session: of the run.
    """

    def __init__(
        self,
        context: Context,
        row: FileRow,
        work: Work,
        known: LedgerFile | None,
        session: FileSession,
    ) -> None:
        self.context = context
        self.connection = context.connection
        self.row = row
        self.direction = work.direction
        self.rows = AttemptRows(context, row, work, known)
        self.work = self.rows.work
        self.session = session
        self._ahead: Task | None = None

    def run(self, ahead: Task | None = None) -> Finished:
        """Run what is left of it. Raises StatementFailed, Undecided, LockLost or LedgerConflict;
        whatever it raises, the ledger says where it stands.

        Args:
            ahead: the step that runs next, of the file behind this one: the end of this file is
                written together with it. None: there is none, or something comes between.
        """
        self._ahead = ahead
        started = time.monotonic()
        try:
            self.session.enter(self.work.file.session)
            self._run_steps(self._done_before())
            seconds = time.monotonic() - started
            finished = Finished(self.row.name, self.direction.value, len(self.work.to_run), seconds)
            self.context.tell(finished)
            if ahead is None:
                self._write_waiting()
        except Error as error:
            raise failures.ledger_failed(error, self.row.name) from error
        return finished

    def _done_before(self) -> int:
        """How many steps are done already: none of a new attempt, whose rows are written."""
        if self.rows.resumes or not self.context.touched.was_read_ahead:
            self.session.send()  # definitions depend on it
        if not self.rows.resumes:
            self.rows.begin()
            return 0
        done = InFlight(self.rows).recover()
        self.rows.go_on(done)
        return done

    def _run_steps(self, done: int) -> None:
        tasks = self.work.tasks
        self.context.tell(Started(self.row.name, self.direction.value, len(tasks), done + 1))
        for task in tasks:
            runs = task.ordinal > done and task.ordinal not in self.work.skipped
            if runs and self.rows.opened != task.ordinal:
                self._persist(task, partial(self.rows.open_alone, task))
            self.session.add(task.session)
            if runs:
                self._step(task)

    # ---- one step --------------------------------------------------------------------------

    def _step(self, task: Task) -> None:
        total = len(self.work.tasks)
        self.context.tell(StepStarted(self.row.name, task.ordinal, total, task.title))
        started = time.monotonic()
        operation = self.rows.operation(task)
        if not _takes_along(task):
            self._write_waiting(task)
            self.session.send()
        if task.kind == "data" and _takes_along(task):
            self._try(task, lambda _: self._execute(task, operation))
        elif task.kind == "ddl" or (operation is not None and not operation.atomic):
            doubt = self.rows.doubt
            ran = self._try(task, lambda _: self._execute(task, operation))
            if operation is not None:
                self._keep_lock(task)
            # The step stands whatever becomes of its row: the write alone is tried again.
            self.rows.close_later(task, ran.changed, ran.seconds)
            if doubt:  # and nobody could tell from the schema that it ran
                self._write_waiting(task)
        else:
            self._try(task, lambda sentinel: self._run_with_row(task, operation, sentinel, started))
        seconds = time.monotonic() - started
        self.context.tell(StepDone(self.row.name, task.ordinal, total, seconds))

    def _try(self, task: Task, attempt: Callable[[Sentinel], Ran]) -> Ran:
        """Run a step, again where the server did not let it in. Only what runs here can be a
        failure of the step: a write to the ledger cannot."""
        retry = LockRetry(self.context, self.row.name, task)
        while True:
            retry.begin()
            if not _takes_along(task):  # a packet asks by itself
                self.context.lock.require()
            sentinel = Sentinel(self.connection)
            again = self._is_undone_by_a_failure(task)
            try:
                ran = attempt(sentinel)
            except LockLost:
                raise
            except NotRecorded as error:
                cause = error.__cause__
                if not (again and isinstance(cause, Error) and retry.pauses(cause)):
                    raise (cause or error) from None
            except Error as error:
                if sentinel.was_lost or not (again and retry.pauses(error)):
                    self._fail(task, error, sentinel, retry)
            except Exception as error:
                self._fail(task, error, sentinel, retry)
            else:
                retry.let_in()
                return ran

    def _is_undone_by_a_failure(self, task: Task) -> bool:
        """May it be tried again? A Python step outside a transaction stands in part."""
        operation = self.rows.operation(task)
        return operation is None or operation.atomic

    def _run_with_row(
        self,
        task: Task,
        operation: PythonOperation | None,
        sentinel: Sentinel,
        started: float,
    ) -> Ran:
        """Run a step and close its row in one transaction."""
        with transaction.atomic(self.connection.alias), sentinel:
            ran = self._execute(task, operation)
            sentinel.require_whole()
            if sentinel.is_lost():
                place = f"{self.row.name}, step {task.ordinal}"
                self.context.tell(Noticed(f"{place} committed by itself: {task.title}"))
            try:
                with self.context.ledger.collected() as writes:
                    self.rows.close_done(task, ran.changed, time.monotonic() - started)
                self.context.outbox.send_within(writes)
            except LockLost:
                raise
            except Exception as error:
                raise NotRecorded from error
        return ran

    def _write_waiting(self, task: Task | None = None) -> None:
        self._persist(task, self.context.outbox.send)

    def _persist(self, task: Task | None, write: Callable[[], None]) -> None:
        """A commit to the ledger, tried again where its tables are locked (a backup's lock).

        Args:
            task: the step that it is about; None: the end of the file.
        """
        task = task or next(reversed(self.work.tasks), None)
        retry = LockRetry(self.context, self.row.name, task) if task else None
        while True:
            if retry:
                retry.begin()
            try:
                write()
                return
            except Error as error:
                if retry is None or not retry.pauses(error):
                    raise

    # ---- running it ------------------------------------------------------------------------

    def _execute(self, task: Task, operation: PythonOperation | None) -> Ran:
        if operation is not None:
            return self._run_python(task, operation)
        if names_of(self.connection).fold and changes_case_only(task.text):
            place = f"{self.row.name}, statement {task.ordinal}"
            self.context.tell(
                Noticed(f"{place}: this server ignores the case of names: nothing to rename")
            )
            return Ran()
        return self._send(task) if _takes_along(task) else self._run_alone(task)

    def _run_python(self, task: Task, operation: PythonOperation) -> Ran:
        started = time.monotonic()
        self._wait_for_locks(self.context.callers_lock_wait)
        self.session.lose_sight()
        backwards = self.direction is Direction.DOWN
        self.context.runner.run(operation, self.connection, backwards=backwards)
        if operation.atomic:
            self._limit_lock_waits()
        self.rows.step_done(task)
        return Ran(seconds=time.monotonic() - started)

    def _send(self, task: Task) -> Ran:
        """A statement in one packet with what waits, and with a look at what the next one touches;
        a data statement with the end of its row, too."""
        following = self.work.following(task) or self._ahead
        look = self.rows.look_behind(task, following)
        closing = self._closing(task) if task.kind == "data" else ()
        ran = send_step(self.context, self.session, task.text, look, closing)
        self.rows.step_done(task, following, ran.read)
        if ran.substituted:
            place = f"{self.row.name}, statement {task.ordinal}"
            self.context.tell(Noticed(f"{place}: {ran.substituted}"))
        return ran

    def _closing(self, task: Task) -> Sequence[str]:
        with self.context.ledger.collected() as writes:
            self.rows.close_measured(task)
        return writes

    def _run_alone(self, task: Task) -> Ran:
        """A statement that may give several results, or that shares a transaction with its row."""
        started = time.monotonic()
        with self.connection.cursor() as cursor:
            cursor.execute(task.text)
            rows = int(cursor.rowcount)
            while cursor.nextset():  # CALL: each result may hold an error
                pass
        self.rows.step_done(task)
        return Ran(rows if rows >= 0 else None, time.monotonic() - started)

    def _limit_lock_waits(self) -> None:
        self._wait_for_locks(self.context.options.retry.ddl_lock_timeout)

    def _wait_for_locks(self, seconds: int) -> None:
        pin(self.connection, (f"SET lock_wait_timeout = {seconds:d}",))

    def _keep_lock(self, task: Task) -> None:
        """A Python step may lose its connection: take the lock again, if what the ledger says of
        the step is still what this run wrote, and set the new session as the old one was."""
        lock = self.context.lock
        try:
            if lock.still_held():
                self._limit_lock_waits()
                return
        except Error as error:
            if not failures.is_connection_lost(error):
                raise
            self.connection.close()
        if not (
            lock.regain()
            and self.context.ledger.move_run(lock.connection_id, self.rows.step_key(task))
        ):
            lock.release()
            lock.require()
        limit_session(self.connection, self.context.options.retry.ddl_lock_timeout)
        steady_session(self.connection)
        pin(self.connection, self.session.sets)
        self._limit_lock_waits()

    def _fail(self, task: Task, error: Exception, sentinel: Sentinel, retry: LockRetry) -> None:
        """Write that a step failed, and raise StatementFailed."""
        error = failures.cause_of(error, self.connection)
        undecidable = self.rows.doubt
        if sentinel.was_lost:
            undecidable = "it committed a part of its work by itself, and then failed"
        changed = None if task.kind == "ddl" else Delta()
        if not failures.is_connection_lost(error):
            with suppress(Error, LockLost):
                self._keep_lock(task)
                if task.kind == "ddl":
                    self.rows.touched.forget()
                    live = self.rows.touched.of(self.rows.effect(task))
                    changed = Delta.between(self.rows.before or {}, live)
                code, text = number_of(error) or None, failures.text_of(error)
                self.rows.fail(task, code=code, text=text, undecidable=undecidable)
        doubt = undecidable if task.kind != "ddl" else ""
        failed = failures.step_failed(
            error, self.connection, self.row.name, task, self.work, changed, doubt
        )
        if number_of(error) == LOCK_WAIT_TIMEOUT:
            failed = failures.not_let_in(failed, retry, self.direction)
        raise failed from error


def _takes_along(task: Task) -> bool:
    """Is it sent in one packet with what waits for it?"""
    if not isinstance(task.step, Statement):
        return False
    if task.kind == "ddl":
        return gives_one_result(task.text)
    return task.kind == "data" and only_changes_rows(task.text)


def step_ahead(work: Work, following: Work) -> Task | None:
    """The first step of the file behind ``work``, where what it touches may be read in the session
    of this one. Pure."""
    same = (
        not any(task.session for task in work.tasks) and work.file.session == following.file.session
    )
    first = next(iter(following.to_run), None)
    return first if same and first is not None and first.kind == "ddl" else None
