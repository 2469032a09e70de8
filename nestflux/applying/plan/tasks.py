"""A file as the list of what there is to do, step by step. Pure."""

from __future__ import annotations

from collections.abc import Mapping
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
from nestflux.sql.statements import Kind, kind_of, summary


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
