"""A history run twice, under two clocks: its schema, its rows, and which of these vary."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from nestflux.graph.loader import load
from nestflux.graph.python_steps import StepRunner
from nestflux.history.journal import Entry
from nestflux.history.sqlfile import SqlFile
from nestflux.recording.private_values import private_values
from nestflux.recording.recording_target import RecordingTarget
from nestflux.recording.replay import record_applied, run_file
from nestflux.recording.snapshot import Volatility, volatility
from nestflux.schema.diff import Delta
from nestflux.schema.introspection import Schema, read_schema
from nestflux.schema.rows import TableRows, read_rows
from nestflux.sql.moments import same_but_for_moments

if TYPE_CHECKING:
    from django.db.backends.base.base import BaseDatabaseWrapper

Files = Callable[[Entry], SqlFile]


@dataclass(frozen=True)
class Twice:
    """What files made of an empty schema, ``rows`` under the clock of now and ``later`` under
    another one."""

    schema: Schema
    rows: Mapping[str, TableRows]
    later: Mapping[str, TableRows]
    varying: Volatility


def run_twice(target: RecordingTarget, entries: Sequence[Entry], files: Files) -> Twice:
    """Run the first files of a history on two empty shadows.

    Args:
        files: reads a file of the history.

    Raises NotReproduced, naming the step, where one does not run.
    """
    with target.shadow() as connection:
        run_files(connection, target, entries, files)
        schema, rows = read_schema(connection), read_rows(connection)
    with target.shadow_of_another_time() as connection:
        run_files(connection, target, entries, files)
        later = read_rows(connection)
    return Twice(schema, rows, later, volatility(rows, later, private_values()))


def run_files(
    connection: BaseDatabaseWrapper, target: RecordingTarget, entries: Sequence[Entry], files: Files
) -> None:
    """Run the first files of a history on an empty shadow, and record each as applied."""
    steps = StepRunner(load(), target.folder.journal.migrations)
    record_applied(connection, ())
    for entry in entries:
        run_file(connection, files(entry), steps)
        record_applied(connection, entry.recorded_migrations)


def how_to_reproduce(difference: Delta) -> str:
    """What to do where statements give another schema when they are run again."""
    if all(same_but_for_moments(*pair) for pair in difference.changes.values()):
        return (
            "write the moment itself ('2026-01-01 00:00:00') into the statement: the server fills "
            "in the one at which it runs"
        )
    return (
        "look for an operation that uses callproc or a cursor of its own, whose statements are not "
        "recorded, and run it in a RunPython operation"
    )
