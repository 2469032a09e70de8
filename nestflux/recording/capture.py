"""Recording: every statement that Django executes on a shadow, with what it did there."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, nullcontext, redirect_stdout, suppress
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, TextIO

from django.db.migrations.migration import Migration
from django.db.migrations.operations import RunSQL
from django.db.utils import Error

from nestflux.django_compat import method_replaced
from nestflux.exceptions import RecordingFailed
from nestflux.graph.loader import dotted
from nestflux.graph.python_steps import PythonOperation, is_python, operations_of, step_named
from nestflux.graph.receivers import receivers_connected
from nestflux.history.records import StepRecord
from nestflux.history.sqlfile import Item, Section, SessionStatement, Statement
from nestflux.recording.adapting import Adapting, as_django_gives_it
from nestflux.recording.measuring import Measuring, Unmeasured, code_of, describe_python
from nestflux.recording.model_subset import few_models
from nestflux.sql.formatting import laid_out
from nestflux.sql.lexer import opening, significant, tokens
from nestflux.sql.literals import bind, bind_outside_quotes
from nestflux.sql.moments import unstated_moment
from nestflux.sql.statements import (
    Kind,
    kind_of,
    one_table_each,
    statements_in,
    summary,
    why_not_in_a_file,
)

if TYPE_CHECKING:
    from django.db.backends.base.base import BaseDatabaseWrapper
    from django.db.migrations.state import ProjectState

    States = Sequence[ProjectState]


@dataclass
class Recorded:
    """What one migration did, in order: the section of the file, and a record a step."""

    section: Section
    records: list[StepRecord] = field(default_factory=list)


class RunsOnData(Exception):
    """A package's own operation reads rows, or writes them through the ORM: what it does depends
    on the data that it finds, and so it is recorded anew as a Python step."""

    def __init__(self, locator: str) -> None:
        self.locator = locator
        super().__init__(locator)


class Recorder:
    """An ``execute_wrapper`` that keeps what writes.

    The statement that is executed is the rendered text itself, so that what is written to the
    file and what ran cannot differ.

    Args:
        on_data: locators of operations that are Python steps because they run on data.
        adapting: what is said in Django's own statements of a way back.
        measured: False asks no server for verdicts and deltas.
        output: where the prints of Python steps go; None: where everybody's go.
    """

    def __init__(
        self,
        connection: BaseDatabaseWrapper,
        family: str,
        on_data: frozenset[str] = frozenset(),
        *,
        adapting: Adapting = as_django_gives_it,
        measured: bool = True,
        output: TextIO | None = None,
    ) -> None:
        self._connection = connection
        self._output = output
        self._on_data = on_data
        self._adapting = adapting
        self._running: PythonOperation | None = None
        # The operation that was begun and has not ended well: a failure is described by it.
        self.unfinished: PythonOperation | None = None
        self.family = family
        self._measuring = Measuring(connection, family) if measured else Unmeasured()
        self.recorded: list[Recorded] = []
        self._items: list[Item] = []
        self._records: list[StepRecord] = []
        self._active = False
        self._paused = False
        self._implicit_commits: list[str] | None = None

    # ---- the migration around the statements ----

    @contextmanager
    def migration(self, migration: Migration, *, backwards: bool) -> Iterator[None]:
        """Keep what is executed meanwhile as the statements of ``migration``."""
        self._items, self._records, self._active = [], [], True
        self.unfinished = None
        with self._operations_watched(migration, backwards=backwards):
            try:
                yield
            finally:
                self._active = False
        section = Section(
            migration=dotted((migration.app_label, migration.name)),
            replaces=tuple(dotted(key) for key in migration.replaces),
            operations=_describe_operations(migration, backwards=backwards),
            items=tuple(self._items),
        )
        self.recorded.append(Recorded(section, self._records))

    @contextmanager
    def _operations_watched(self, migration: Migration, *, backwards: bool) -> Iterator[None]:
        """Wrap each operation, on the instance: the loader's own."""
        name = "database_backwards" if backwards else "database_forwards"
        with ExitStack() as wrapped:
            for found in operations_of(migration):
                run = getattr(found.operation, name)
                is_step = is_python(found.operation) or found.locator in self._on_data
                watched = self._as_python_step(found, run) if is_step else self._as_sql(found, run)
                wrapped.enter_context(method_replaced(found.operation, name, watched))
            yield

    def _as_python_step(
        self, step: PythonOperation, run: Callable[..., None]
    ) -> Callable[..., None]:
        def watched(app_label: str, editor: Any, *states: Any) -> None:
            waiting = len(self._connection.run_on_commit)
            code = code_of(step)
            self.unfinished = step
            # An editor of its own, as when it is applied: what it defers (foreign keys of a
            # table that it makes) is its own and runs at its end.
            with (
                self._in_a_step(step, states) as commits,
                redirect_stdout(self._output or sys.stdout),
                self._connection.schema_editor(atomic=False) as own,
            ):
                own.atomic_migration = editor.atomic_migration
                run(app_label, own, *states)
            self._leave_to_the_step(waiting, step, states)
            made, record = describe_python(step, code, commits)
            self._items.append(made)
            self._records.append(record)
            self.unfinished = None

        return watched

    def _leave_to_the_step(self, waiting: int, step: PythonOperation, states: States) -> None:
        """What a step wants done on commit, behind the first ``waiting``, runs when the step has
        ended, and again with it wherever it is applied: it is no statement of the file."""
        hooks: list[Any] = self._connection.run_on_commit
        hooks[waiting:] = [
            (savepoints, self._as_of_a_step(hook, step, states), robust)
            for savepoints, hook, robust in hooks[waiting:]
        ]

    def _as_of_a_step(
        self, hook: Callable[[], object], step: PythonOperation, states: States
    ) -> Callable[[], None]:
        def run() -> None:
            with self._in_a_step(step, states):
                hook()

        return run

    @contextmanager
    def _in_a_step(self, step: PythonOperation, states: States) -> Iterator[list[str]]:
        """Nothing is recorded meanwhile; what commits implicitly is reported."""
        commits: list[str] = []
        self._implicit_commits = commits
        try:
            with step_named(step), receivers_connected(*states):
                yield commits
        finally:
            self._implicit_commits = None

    def _as_sql(self, found: PythonOperation, run: Callable[..., None]) -> Callable[..., None]:
        def watched(app_label: str, editor: Any, *states: Any) -> None:
            around = nullcontext() if _is_djangos(found) else receivers_connected(*states)
            self._running = self.unfinished = found
            try:
                with step_named(found), around:
                    run(app_label, editor, *few_models(found.operation, app_label, states))
            finally:
                self._running = None
            self.unfinished = None

        return watched

    # ---- the statements ----

    def __call__(
        self,
        execute: Callable[..., Any],
        sql: str,
        params: Any,
        many: bool,
        context: dict[str, Any],
    ) -> Any:
        if self._paused or not self._active:
            return execute(sql, params, many, context)
        if self._implicit_commits is not None:  # inside a Python step: Django runs it again
            if kind_of(sql) is Kind.DDL:
                self._implicit_commits.append(summary(sql))
            return execute(sql, params, many, context)
        kind = kind_of(sql)
        if kind is Kind.TRANSACTION or (kind is Kind.READ and _is_introspection(sql)):
            return execute(sql, params, many, context)
        running = self._running
        moves_rows = kind is Kind.READ or (kind is Kind.DATA and params)
        if running and moves_rows and not _is_djangos(running):
            raise RunsOnData(running.locator)
        if kind is Kind.READ and params is not None:  # Django's own operations look, and no more
            return execute(sql, params, many, context)

        def run(text: str) -> Any:
            if many:  # here `execute` is the cursor's executemany, which without rows does nothing
                return context["cursor"].execute(text)
            result = execute(text, None, False, context)
            # Not of an INSERT … RETURNING: whoever sent it reads the row.
            if opening(text, 1)[0].text.upper() == "CALL":
                while context["cursor"].nextset():  # each result may hold an error
                    pass
            return result

        result = None
        for bound in params if many else (params,):
            for text in _one_effect_each(_tidy(self._bound(sql, bound))):
                result = self._record(text, run)
        return result

    def _bound(self, sql: str, params: Any) -> str:
        """The statement with its parameters in it.

        Django's own operations write comments and checks into the text and leave other values to
        parameters; a ``%`` of the former is then one place too many. They mean no place in quotes,
        though only some of them say so (``params or None`` of ``create_model`` and ``add_field``,
        django/db/backends/base/schema.py).
        """
        try:
            return bind(sql, params)
        except (TypeError, ValueError) as error:
            bound = bind_outside_quotes(sql, params) if self._is_djangos_own_sql() else None
            if bound is not None:
                return bound
            raise RecordingFailed(
                f"A % in the statement is taken for the place of a parameter: {error}.",
                where=self._place_of(sql),
                stands="nothing was written",
                then="write %% for each % that is none; RunSQL takes a statement without a list of "
                "parameters as it is",
            ) from error
        except RecordingFailed as error:  # a value without a literal
            error.where, error.stands = self._place_of(sql), "nothing was written"
            error.then = "give another value, or do it in a RunPython operation"
            raise

    def _is_djangos_own_sql(self) -> bool:
        running = self._running
        return bool(running and _is_djangos(running) and not isinstance(running.operation, RunSQL))

    def _record(self, text: str, execute: Callable[[str], Any]) -> Any:
        if why := why_not_in_a_file(text):
            raise RecordingFailed(
                f"{why[0].upper()}{why[1:]}.",
                where=self._place_of(text),
                stands="nothing was written",
                then="write it as one statement, or as a RunPython step",
            )
        if instead := unstated_moment(text):
            raise RecordingFailed(
                "The server fills in the moment at which the statement runs: it would be another "
                "one in each database.",
                where=self._place_of(text),
                stands="nothing was written",
                then=instead,
            )
        if kind_of(text) is Kind.SESSION:
            self._items.append(SessionStatement(text))
            return execute(text)
        with self.paused():
            result, statement, record = self._run(text, execute)
        self._items.append(statement)
        operation = self._running.locator if self._running else ""
        self._records.append(replace(record, operation=operation))
        return result

    def _run(self, text: str, execute: Callable[[str], Any]) -> tuple[Any, Statement, StepRecord]:
        """A statement of Django's as it is adapted to the schema before, where the server takes
        that: a name may be another key's for a moment."""
        if self._is_schema_editors():
            sql, comments = self._adapting(text)
            if comments:
                with suppress(Error):
                    result, statement, record = self._measuring.run(sql, execute)
                    return result, replace(statement, comments=comments), record
        return self._measuring.run(text, execute)

    def _is_schema_editors(self) -> bool:
        """Is it of Django's schema editor, which writes some statements when all operations ran?"""
        return self._running is None or self._is_djangos_own_sql()

    def _place_of(self, text: str) -> str:
        return f"{place_of(self._running)}: {summary(text)}" if self._running else summary(text)

    @contextmanager
    def paused(self) -> Iterator[None]:
        """Let everything pass: our own introspection, and what Django writes of migrations."""
        self._paused = True
        try:
            yield
        finally:
            self._paused = False


def place_of(found: PythonOperation) -> str:
    """``shop.0002_prices/0 (Alter field price on product)``, for a person."""
    return f"{found.locator} ({' '.join(found.operation.describe().split())})"


def _is_djangos(found: PythonOperation) -> bool:
    return type(found.operation).__module__.startswith("django.")


def _tidy(sql: str) -> str:
    """Less the delimiter, and the comments and white space around the statement."""
    found = list(tokens(sql))
    while found and (found[-1].kind in ("space", "comment") or found[-1].text == ";"):
        found.pop()
    while found and found[0].kind in ("space", "comment"):
        found.pop(0)
    return "".join(token.text for token in found)


def _describe_operations(migration: Migration, *, backwards: bool) -> tuple[str, ...]:
    """The operations in words, a line each, in the order in which they run."""
    lines = tuple(" ".join(operation.describe().split()) for operation in migration.operations)
    return tuple(f"Undo: {line}" for line in reversed(lines)) if backwards else lines


def _is_introspection(sql: str) -> bool:
    """Introspection of the server or of the schema, as Django and we do it; not of rows."""
    found = significant(sql)
    words = [token.text.upper() for token in found]
    if words[0] != "SELECT":
        return True  # SHOW, DESCRIBE, EXPLAIN
    if "INFORMATION_SCHEMA" in {word.strip("`") for word in words}:
        return "INTO" not in words
    # A table's description (django/db/backends/mysql/introspection.py), or a system variable.
    if words[1:3] == ["*", "FROM"] and words[4:] == ["LIMIT", "1"]:
        return True
    return "FROM" not in words and all(
        token.kind != "word" or token.text.startswith("@@") or token.text.upper() in _SYSTEM
        for token in found
    )


_SYSTEM = {"SELECT", "VERSION", "DATABASE", "CONNECTION_ID", "CURRENT_USER", "USER", "AS"}


def _one_effect_each(sql: str) -> Iterator[str]:
    """Each statement of a string by itself, and each table that one of them drops: between any
    two of them a run may die."""
    for text in statements_in(sql):
        yield from one_table_each(laid_out(text))
