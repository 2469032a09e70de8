"""Recording: every statement that Django executes on a shadow, with what it did there."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from django.db.migrations.migration import Migration

from nestflux.database.literals import bind
from nestflux.exceptions import RecordingFailed
from nestflux.graph.loader import dotted
from nestflux.graph.python_steps import PythonOperation, python_operations
from nestflux.history.deltas import StepRecord
from nestflux.history.layout import laid_out
from nestflux.history.lexer import significant, tokens
from nestflux.history.sqlfile import Item, Section, SessionStatement
from nestflux.history.statements import (
    Kind,
    kind_of,
    summary,
    why_not_in_a_file,
)
from nestflux.recording.measuring import Measuring, describe_python

if TYPE_CHECKING:
    from django.db.backends.base.base import BaseDatabaseWrapper


@dataclass
class Recorded:
    """What one migration did, in order: the section of the file, and a record a step."""

    section: Section
    records: list[StepRecord] = field(default_factory=list)


class Recorder:
    """An ``execute_wrapper`` that keeps what writes.

    The statement that is executed is the rendered text itself, so that what is written to the
    file and what ran cannot differ.
    """

    def __init__(self, connection: BaseDatabaseWrapper, family: str) -> None:
        self._measuring = Measuring(connection, family)
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
        with self._python_steps_watched(migration, backwards=backwards):
            try:
                yield
            finally:
                self._active = False
        section = Section(
            migration=dotted((migration.app_label, migration.name)),
            replaces=tuple(dotted(key) for key in migration.replaces),
            operations=_told(migration, backwards=backwards),
            items=tuple(self._items),
        )
        self.recorded.append(Recorded(section, self._records))

    @contextmanager
    def _python_steps_watched(self, migration: Migration, *, backwards: bool) -> Iterator[None]:
        """Wrap each Python operation of this migration, on the instance: the loader's own."""
        name = "database_backwards" if backwards else "database_forwards"
        steps = list(python_operations(migration))
        for step in steps:
            vars(step.operation)[name] = self._watching(step, getattr(step.operation, name))
        try:
            yield
        finally:
            for step in steps:
                vars(step.operation).pop(name, None)

    def _watching(self, step: PythonOperation, run: Callable[..., None]) -> Callable[..., None]:
        def watched(*args: Any, **kwargs: Any) -> None:
            self._implicit_commits = []
            try:
                run(*args, **kwargs)
            finally:
                commits, self._implicit_commits = self._implicit_commits, None
            made, record = describe_python(step, commits)
            self._items.append(made)
            self._records.append(record)

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
        if kind_of(sql) in (Kind.READ, Kind.TRANSACTION):
            return execute(sql, params, many, context)

        def run(text: str) -> Any:
            if many:  # here `execute` is the cursor's executemany, which without rows does nothing
                return context["cursor"].execute(text)
            return execute(text, None, False, context)

        result = None
        for bound in params if many else (params,):
            for text in _one_object_each(laid_out(_tidy(bind(sql, bound)))):
                result = self._record(text, run)
        return result

    def _record(self, text: str, execute: Callable[[str], Any]) -> Any:
        if why := why_not_in_a_file(text):
            raise RecordingFailed(
                f"{why[0].upper()}{why[1:]}.",
                where=summary(text),
                then="write it as one statement, or as a RunPython step",
            )
        if kind_of(text) is Kind.SESSION:
            self._items.append(SessionStatement(text))
            return execute(text)
        with self.paused():
            result, statement, record = self._measuring.run(text, execute)
        self._items.append(statement)
        self._records.append(record)
        return result

    @contextmanager
    def paused(self) -> Iterator[None]:
        """Let everything pass: our own readings, and Django's books."""
        self._paused = True
        try:
            yield
        finally:
            self._paused = False


def _tidy(sql: str) -> str:
    """Less the delimiter, and the comments and white space around the statement."""
    found = list(tokens(sql))
    while found and (found[-1].kind in ("space", "comment") or found[-1].text == ";"):
        found.pop()
    while found and found[0].kind in ("space", "comment"):
        found.pop(0)
    return "".join(token.text for token in found)


def _told(migration: Migration, *, backwards: bool) -> tuple[str, ...]:
    """The operations in words, a line each, in the order in which they run."""
    lines = tuple(" ".join(operation.describe().split()) for operation in migration.operations)
    return tuple(f"Undo: {line}" for line in reversed(lines)) if backwards else lines


def _one_object_each(sql: str) -> Iterator[str]:
    """``DROP TABLE a, b`` as a statement a table: MariaDB drops the first ones before it fails at
    a missing one, and half of such a statement could not be told from a delta."""
    found = significant(sql)
    words = [token.text.upper() for token in found]
    if words[:2] != ["DROP", "TABLE"] or "," not in words:
        yield sql
        return
    first = 4 if words[2:4] == ["IF", "EXISTS"] else 2
    head = " ".join(words[:first])
    tail = next((word for word in words if word in ("CASCADE", "RESTRICT")), "")
    names = "".join(t.text for t in found[first:] if t.text.upper() != tail or not tail)
    for name in names.split(","):
        yield f"{head} {name} {tail}".rstrip()
