"""What a reviewer wants to know of a file besides what the rules find: how each statement runs,
what the schema becomes, what is lost, and what the way back is. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any

from nestflux.applying.plan.tasks import Task, work_of
from nestflux.exceptions import HistoryError
from nestflux.families import FAMILY_NAMES
from nestflux.history.data_loss import Lost, losses_of
from nestflux.history.folder import display_path
from nestflux.history.sqlfile import INEXACT, SqlFile
from nestflux.reviewing.reviewed import RowCount
from nestflux.reviewing.subjects import EntryFiles, History
from nestflux.schema.diff import Delta
from nestflux.schema.objects import ORDER, ObjectKey


@dataclass(frozen=True)
class ReportedStep:
    """A statement, or a Python step by its locator. ``verdict`` is how the server ran it when it
    was recorded; ``rows`` how many the table has that it changes, where that is known."""

    ordinal: int
    text: str
    title: str
    verdict: str
    tables: tuple[str, ...] = ()
    rows: int | None = None


@dataclass(frozen=True)
class FileReport:
    """A file of one family. ``changes`` are the lines of the schema's net difference; ``way_back``
    is a sentence; ``notes`` are those of the file's header; ``deploy_order`` is the order and what
    it is from, a line each, none where it was not measured."""

    name: str
    family: str
    where: str
    steps: tuple[ReportedStep, ...]
    changes: tuple[str, ...] = ()
    losses: tuple[str, ...] = ()
    way_back: str = ""
    notes: tuple[str, ...] = ()
    deploy_order: tuple[str, ...] = ()

    def to_json(self) -> dict[str, Any]:
        return asdict(self)


def file_report(history: History, files: EntryFiles, rows: RowCount) -> FileReport | None:
    """None where the file cannot be read, which is reported otherwise."""
    try:
        tasks = work_of(files.texts.up, files.texts.record).tasks
        down, order = files.texts.down, files.texts.record.deploy_order
    except HistoryError:
        return None
    return FileReport(
        name=files.entry.name,
        family=FAMILY_NAMES[history.family],
        where=display_path(files.up.path),
        steps=tuple(_step(task, rows) for task in tasks),
        changes=tuple(net_difference(tasks).lines()),
        losses=tuple(map(loss_in_words, losses_of(tasks))),
        way_back=_way_back(down),
        notes=files.texts.up.notes,
        deploy_order=order.lines() if order else (),
    )


def _step(task: Task, rows: RowCount) -> ReportedStep:
    known = [count for table in task.record.tables if (count := rows(table)) is not None]
    return ReportedStep(
        ordinal=task.ordinal,
        text=task.text,
        title=task.title,
        verdict=task.record.note or task.record.verdict or task.kind,
        tables=task.record.tables,
        rows=max(known, default=None),
    )


def net_difference(tasks: tuple[Task, ...]) -> Delta:
    """What all steps together change: what one makes and another takes away is no difference."""
    changes: dict[ObjectKey, tuple[str | None, str | None]] = {}
    for task in tasks:
        for key, (before, after) in task.record.delta.changes.items():
            if key.kind != ORDER:
                changes[key] = (changes[key][0] if key in changes else before, after)
    ordered = sorted(changes.items(), key=lambda item: str(item[0]))
    return Delta({key: (old, new) for key, (old, new) in ordered if old != new})


def loss_in_words(lost: Lost) -> str:
    match lost.kind:
        case "table":
            return f"the table {lost.table} with its rows"
        case "column":
            return f"the values of {lost.table}.{lost.column}"
        case "narrowed":
            return f"what {lost.table}.{lost.column} no longer holds ({lost.how})"
    return f"rows of {lost.table}"


def _way_back(down: SqlFile) -> str:
    if down.irreversible:
        return f"none: {down.irreversible}"
    if down.inexact:
        said = "; ".join(note.removeprefix(INEXACT) for note in down.inexact)
        return f"not exact: {said}"
    count = sum(1 for _ in down.steps())
    return f"exact, in {count} step{'' if count == 1 else 's'}" if count else "exact: no step"


def statements(report: FileReport) -> Iterator[str]:
    """The file's statements as a person reads them, each under its verdict."""
    for step in report.steps:
        yield f"-- [{step.ordinal}] {step.verdict}"
        yield step.text if step.text != step.title else f"-- {step.text}"
