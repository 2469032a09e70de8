"""Is the code of what is still to run that which was recorded and reviewed?

Asked of the project's own migrations only where something is pending, and of no server. What a
package changed in its migrations is reported and stops nothing: the SQL of the file is what runs.
"""

from __future__ import annotations

import inspect
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING

from django.db.migrations.operations import RunPython

from nestflux.exceptions import Refused
from nestflux.graph.fingerprints import (
    comparable,
    django_series,
    fingerprint,
    operations_print,
    prints_of,
)
from nestflux.graph.loader import undotted
from nestflux.graph.python_steps import StepRunner
from nestflux.history.folder import display_path
from nestflux.history.journal import Entry
from nestflux.history.records import FileRecord, StepRecord
from nestflux.history.sqlfile import PythonStep

if TYPE_CHECKING:
    from nestflux.applying.plan.files import MigrationFile
    from nestflux.applying.plan.plan import Plan
    from nestflux.applying.plan.tasks import Work
    from nestflux.graph.loader import ExtendedLoader
    from nestflux.ledger.ledger import Ledger


class How(StrEnum):
    """What of a migration is not as it was recorded."""

    STEP = "step"  # the code of a Python step
    OPERATIONS = "operations"  # what it does to the schema, and its source
    VALUES = "values"  # what it does, its source being the same: settings, or an upgrade


@dataclass(frozen=True)
class CodeChange:
    """A migration whose code is not that which was recorded. ``locator`` names a Python step."""

    how: How
    entry: Entry
    migration: str
    is_own: bool
    path: Path | None = None
    locator: str = ""

    @property
    def stops(self) -> bool:
        """May its file not be run before somebody has looked?"""
        return self.is_own and self.how is not How.VALUES

    @property
    def description(self) -> str:
        file = f"{self.entry.name}.sql"
        match self.how:
            case How.STEP:
                return (
                    f"The Python step {self.locator} has other code than when {file} was recorded "
                    "and reviewed."
                )
            case How.OPERATIONS:
                return (
                    f"The migration {self.migration} has other operations than when {file} was "
                    "recorded: the SQL that was reviewed is of the old ones."
                )
            case How.VALUES:
                return (
                    f"The migration {self.migration} makes other operations here than where {file} "
                    "was recorded, and its source is the same: they depend on settings, or are "
                    "made anew whenever it is imported. The SQL of the file is what counts."
                )


@dataclass(frozen=True)
class Remaining:
    """What is still to run of a file: migrations, and Python steps by locator."""

    entry: Entry
    record: FileRecord
    migrations: Collection[str]
    steps: Sequence[tuple[str, StepRecord]] = ()


def code_changes(remaining: Remaining, loader: ExtendedLoader) -> Iterator[CodeChange]:
    """What of a file's migrations is not as it was recorded. What was recorded before
    fingerprints were kept cannot be compared; with another series of Django, only functions can."""
    for name in remaining.migrations:
        known = remaining.record.migration(name)
        migration = loader.disk_migrations.get(undotted(name))
        if known is None or migration is None or known.django != django_series():
            continue
        if operations_print(migration, known.packages) != known.operations:
            source = prints_of(migration, known.packages).source
            edited = source and known.source and source != known.source
            how = How.OPERATIONS if edited else How.VALUES
            yield CodeChange(how, remaining.entry, name, known.is_own, path_of(migration))
    runner = StepRunner(loader, ())
    for locator, step in remaining.steps:
        name = locator.partition("/")[0]
        known = remaining.record.migration(name)
        if known is None or not step.fingerprint or undotted(name) not in loader.disk_migrations:
            continue
        found = runner.find(locator)
        if known.django != django_series() and not isinstance(found.operation, RunPython):
            continue  # its values are deconstructed too
        module = type(found.migration).__module__
        now = fingerprint(found.operation, module, known.packages)
        if comparable(step.fingerprint, now) and step.fingerprint != now:
            path = path_of(found.migration)
            yield CodeChange(How.STEP, remaining.entry, name, known.is_own, path, locator)


def path_of(migration: object) -> Path | None:
    """Where a migration is written."""
    try:
        return Path(inspect.getfile(type(migration)))
    except (TypeError, OSError):
        return None


def refuse_edited(changes: Sequence[CodeChange]) -> list[str]:
    """Notices of what stops nothing. Raises Refused where the project's own code was edited."""
    if stopping := [change for change in changes if change.stops]:
        first = stopping[0]
        more = [f"    {change.description}" for change in stopping[1:]]
        raise Refused(
            "\n".join([first.description, *more]),
            where=display_path(first.path) if first.path else "",
            stands="nothing was run",
            then=next_command(first),
        )
    return [
        change.description
        if change.is_own
        else f"{change.description} It is a package's: nothing is refused."
        for change in changes
    ]


def next_command(change: CodeChange) -> str:
    """Undo the edit, or have what was reviewed remembered anew."""
    return undo_or_accept(change.path, change.entry)


def undo_or_accept(path: Path | None, entry: Entry) -> str:
    accept = f"after a review: python manage.py db_generate --accept {entry.name}.sql"
    return f"git checkout -- {display_path(path)}\n         or, {accept}" if path else accept


def edited(
    plan: Plan,
    files: Mapping[str, MigrationFile],
    works: Mapping[str, Work],
    ledger: Ledger,
    loader: ExtendedLoader,
) -> list[CodeChange]:
    """Code of what a plan is still to run that is not as it was recorded.

    Args:
        files, works: of the plan's files, by their ids; no works where the snapshot is loaded.
    """
    changes: list[CodeChange] = []
    for entry in plan.pending:
        record = files[entry.id].record
        behind = [(r.operation, r) for r in record.up if r.operation in plan.after_load]
        left = Remaining(entry, record, entry.migrations, behind)
        if not plan.load:
            done = _done(plan, entry, ledger)
            tasks = [task for task in works[entry.id].to_run if task.ordinal not in done]
            ran = {task.migration for task in works[entry.id].tasks if task.ordinal in done}
            unfinished = {task.migration for task in tasks}
            left = Remaining(
                entry,
                record,
                [name for name in entry.migrations if name not in ran or name in unfinished],
                [(t.text, t.record) for t in tasks if isinstance(t.step, PythonStep)],
            )
        changes += code_changes(left, loader)
    return changes


def _done(plan: Plan, entry: Entry, ledger: Ledger) -> set[int]:
    """The steps of a file that an earlier run finished."""
    begun = plan.in_flight
    if begun is None or begun.id != entry.id or plan.reverses:
        return set()
    steps = ledger.steps(begun.attempt_key)
    return {step.ordinal for step in steps if step.state in ("done", "skipped")}
