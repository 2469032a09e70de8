"""A file as the list of what there is to do, step by step. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property

from nestflux.exceptions import HistoryError
from nestflux.history.deploy_order import DeployOrder
from nestflux.history.records import FileRecord, StepRecord
from nestflux.history.sqlfile import (
    Direction,
    PythonStep,
    SessionStatement,
    SqlFile,
    Statement,
    Step,
)
from nestflux.ledger.rows import COMPILED, UNCHECKED, LedgerStep
from nestflux.schema.diff import Delta
from nestflux.sql.statements import Kind, kind_of, summary, why_undecidable


@dataclass(frozen=True)
class Task:
    """One step.

    ``session`` are the SETs that stand between the step before and this one.
    ``recorded_migrations`` are the rows of ``django_migrations`` that are written, or on the way
    down removed, together with it.
    """

    ordinal: int
    step: Step
    record: StepRecord
    migration: str
    session: tuple[str, ...] = ()
    recorded_migrations: tuple[str, ...] = ()

    @cached_property
    def kind(self) -> str:
        """ddl | data | python. A SELECT shares a transaction like any data statement."""
        if isinstance(self.step, PythonStep):
            return "python"
        return "ddl" if kind_of(self.step.sql) is Kind.DDL else "data"

    @property
    def is_compiled(self) -> bool:
        """Does it stand in no file, but was compiled from the schemas?"""
        return self.record.verdict.startswith(COMPILED)

    @property
    def text(self) -> str:
        """The SQL, or a Python step's locator."""
        return self.step.sql if isinstance(self.step, Statement) else self.step.locator

    @property
    def title(self) -> str:
        """A few words for a person."""
        if isinstance(self.step, PythonStep):
            return f"python step {self.step.locator}"
        return summary(self.step.sql)


@dataclass(frozen=True)
class Work:
    """A file's tasks. ``books_first`` are those of sections before the first step, or of a file
    that has no step at all: they are written when the file is begun. ``skipped`` are the steps
    that are not to run, by ordinal, with the reason. ``deploy_order`` is of the way up."""

    file: SqlFile
    tasks: tuple[Task, ...]
    recorded_first: tuple[str, ...]
    skipped: Mapping[int, str] = field(default_factory=dict)
    deploy_order: DeployOrder | None = None

    @property
    def direction(self) -> Direction:
        return self.file.direction

    @property
    def to_run(self) -> tuple[Task, ...]:
        return tuple(task for task in self.tasks if task.ordinal not in self.skipped)

    @property
    def compiled(self) -> tuple[Task, ...]:
        """The statements that stand in no file, and that nobody reviewed."""
        return tuple(task for task in self.tasks if task.is_compiled)

    def following(self, task: Task) -> Task | None:
        """The step that runs after ``task``; None after the last one."""
        return next((one for one in self.to_run if one.ordinal > task.ordinal), None)

    def without(self, skipped: Mapping[int, str]) -> Work:
        """The same, some steps left out: what is recorded with them comes with the step that runs
        before them, or first."""
        recorded_first = list(self.recorded_first)
        kept: dict[int, list[str]] = {}
        last = 0
        for task in self.tasks:
            if task.ordinal not in skipped:
                last = task.ordinal
                kept[last] = []
            (kept[last] if last else recorded_first).extend(task.recorded_migrations)
        tasks = tuple(
            replace(task, recorded_migrations=tuple(kept.get(task.ordinal, ())))
            for task in self.tasks
        )
        return replace(
            self, tasks=tasks, recorded_first=tuple(recorded_first), skipped=dict(skipped)
        )

    def with_compiled(self, compiled: Sequence[Task], after: int) -> Work:
        """The same with statements that no file has, in place of its first ``after`` steps: they
        are to be left out (``without``). The ordinals of those behind them grow."""
        if not compiled:
            return self
        replaced, behind = self.tasks[:after], list(self.tasks[after:])
        recorded = tuple(row for task in replaced for row in task.recorded_migrations)
        *others, last = compiled
        if behind:  # whatever the compiled ones set, the file goes on with its own session
            before = (*self.file.session, *(sql for task in replaced for sql in task.session))
            behind[0] = replace(behind[0], session=(*before, *behind[0].session))
        tasks = (
            *(replace(task, recorded_migrations=()) for task in replaced),
            *others,
            replace(last, recorded_migrations=recorded),
            *behind,
        )
        numbered = (replace(task, ordinal=at) for at, task in enumerate(tasks, start=1))
        return replace(self, tasks=tuple(numbered))

    def as_begun(self, rows: Sequence[LedgerStep]) -> Work:
        """The same as an attempt was begun with it: with what was compiled then, and less what was
        not needed."""
        compiled = [row for row in rows if row.is_compiled]
        work = self
        if compiled and not self.compiled:
            after = compiled[0].ordinal - 1
            work = self.with_compiled([compiled_of(row) for row in compiled], after)
        return work.without({row.ordinal: row.note for row in rows if row.state == "skipped"})


def compiled_task(sql: str, delta: Delta, migration: str, *, unchecked: bool = False) -> Task:
    """A statement that stands in no file.

    Args:
        delta: what it will change, by which a crash in it is decided.
        migration: the one that was being applied, or undone.
        unchecked: it is to run with ``foreign_key_checks`` = 0.
    """
    statement = Statement(sql)
    record = StepRecord(
        sha256=statement.sha256,
        kind="ddl",
        verdict=f"{COMPILED}{UNCHECKED if unchecked else ''}",
        tables=tuple(sorted({key.holder_name for key in delta.changes})),
        undecidable=why_undecidable(sql, leaves_a_trace=bool(delta)),
        delta=delta,
    )
    session = (f"SET foreign_key_checks = {0 if unchecked else 1}",)
    return Task(0, statement, record, migration, session)


def compiled_of(row: LedgerStep) -> Task:
    """The same from its row."""
    unchecked = row.verdict.endswith(UNCHECKED)
    return compiled_task(row.sql, row.recorded, row.migration, unchecked=unchecked)


def work_of(file: SqlFile, record: FileRecord) -> Work:
    """A file's tasks. Raises HistoryError where the record is not of this text."""
    records = record.up if file.direction is Direction.UP else record.down
    tasks: list[Task] = []
    recorded_first: list[str] = []
    session: list[str] = []
    for section in file.sections:
        for item in section.items:
            if isinstance(item, SessionStatement):
                session.append(item.sql)
                continue
            ordinal = len(tasks) + 1
            known = _record_of(file, records, ordinal, item)
            tasks.append(Task(ordinal, item, known, section.migration, tuple(session)))
            session = []
        if tasks:
            last = tasks[-1]
            recorded_migrations = (*last.recorded_migrations, *section.recorded_migrations)
            tasks[-1] = replace(last, recorded_migrations=recorded_migrations)
        else:
            recorded_first += section.recorded_migrations
    if len(records) != len(tasks):
        raise _stale_record(file)
    order = record.deploy_order if file.direction is Direction.UP else None
    return Work(file, tuple(tasks), tuple(recorded_first), deploy_order=order)


def _record_of(
    file: SqlFile, records: tuple[StepRecord, ...], ordinal: int, step: Step
) -> StepRecord:
    if ordinal > len(records) or records[ordinal - 1].sha256 != step.sha256:
        raise _stale_record(file)
    return records[ordinal - 1]


def _stale_record(file: SqlFile) -> HistoryError:
    return HistoryError(
        f"{file.name}.deltas.json does not describe the statements of {file.name}.sql.",
        stands="nothing was run",
        then=f"python manage.py db_generate --accept {file.name}.sql",
    )
