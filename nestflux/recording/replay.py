"""A history on a shadow: bringing it to the head or to an earlier file, by the files' text.

Recording begins with it, and a baseline is compared with it: both stand above this.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from django.db.migrations.recorder import MigrationRecorder
from django.db.utils import Error

from nestflux.database.errors import in_words, message_of, number_of
from nestflux.database.numbers import CONNECTION_LOST
from nestflux.database.session import PINNED, pin
from nestflux.exceptions import NestFluxError, NotReproduced
from nestflux.graph.loader import undotted
from nestflux.graph.python_steps import StepRunner
from nestflux.history.folder import SNAPSHOT, HistoryFiles
from nestflux.history.journal import Entry, Journal
from nestflux.history.snapshots import statements_of
from nestflux.history.sqlfile import (
    Direction,
    PythonStep,
    Section,
    SqlFile,
    Statement,
)
from nestflux.sql.names import tables_made_by
from nestflux.sql.statements import summary

if TYPE_CHECKING:
    from django.db.backends.base.base import BaseDatabaseWrapper

    from nestflux.graph.loader import ExtendedLoader

# What the server says of a view: no such column, no such table, no such routine.
_NAMES_NOTHING = frozenset({1054, 1146, 1305, 1356})


def bring_to_head(
    connection: BaseDatabaseWrapper, files: HistoryFiles, journal: Journal, loader: ExtendedLoader
) -> None:
    """Make an empty shadow what a database is after the last file of ``journal``: by its
    snapshot, or, where that is not enough, file by file."""
    record_applied(connection, journal.recorded_migrations)
    if not journal.entries:
        return
    if journal.replay_because:
        replay(connection, files, journal.entries, loader)
    else:
        steps = StepRunner(loader, journal.migrations)
        load_snapshot(connection, files.folder.snapshot(), journal.after_snapshot.steps, steps)
    pin(connection, PINNED)


def load_snapshot(
    connection: BaseDatabaseWrapper, text: str, after: Sequence[str], steps: StepRunner
) -> None:
    """What a fresh database gets: the text of ``schema.sql``, and the steps that make the rows
    which it may not hold. (``applying/run/fresh.py`` does the same under lock and ledger.)

    Raises NotReproduced, naming the step, where one does not run.
    """
    run_script(connection, text)
    if after:
        pin(connection, PINNED)
    for locator in after:
        try:
            steps.run_as_django(steps.find(locator), connection)
        except Exception as error:  # the server's, or whatever a Python step raises
            raise NotReproduced(
                f"the Python step {locator} does not run after schema.sql: "
                f"{_described(error, connection)}",
                where=locator,
                stands="nothing was written",
                then="correct the step so that it runs on what schema.sql holds, then run the "
                "command again",
            ) from error


def _described(error: Exception, connection: BaseDatabaseWrapper) -> str:
    if isinstance(error, NestFluxError):
        return error.what
    if isinstance(error, Error):
        return in_words(error, connection)
    return f"{type(error).__name__}: {error}"


def replay(
    connection: BaseDatabaseWrapper,
    files: HistoryFiles,
    entries: Sequence[Entry],
    loader: ExtendedLoader,
) -> None:
    """Run the first files of a history on an empty shadow. Raises as ``run_file`` does."""
    steps = StepRunner(loader, [name for entry in entries for name in entry.migrations])
    for entry in entries:
        run_file(connection, files(entry), steps)


def record_applied(connection: BaseDatabaseWrapper, rows: Sequence[str]) -> None:
    """Write rows of ``django_migrations``, which is made if it is missing."""
    recorder = MigrationRecorder(connection)
    recorder.ensure_schema()
    recorder.migration_qs.bulk_create(
        recorder.Migration(app=label, name=name) for label, name in map(undotted, rows)
    )


def run_script(connection: BaseDatabaseWrapper, text: str) -> None:
    """Run a client script, statement by statement. Raises NotReproduced where the server does not
    take one: a view names what a migration took away."""
    for sql in statements_of(text):
        try:
            pin(connection, (sql,))
        except Error as error:
            if number_of(error) in CONNECTION_LOST:
                raise
            raise _not_made(sql, error, connection) from error


def _not_made(sql: str, error: Error, connection: BaseDatabaseWrapper) -> NotReproduced:
    views = [name for name in tables_made_by(sql) if number_of(error) in _NAMES_NOTHING]
    if views:
        return NotReproduced(
            f"The view {views[0]} names what is not there any more: {message_of(error)} "
            f"({number_of(error)}).",
            where=f"{SNAPSHOT}: no fresh database can have such a view",
            then="let a migration drop the view, or make it anew, before what it names goes "
            "(RunSQL); then run the command again",
        )
    return NotReproduced(
        f"{SNAPSHOT} cannot be loaded: {in_words(error, connection, sql)}",
        where=summary(sql),
        then="look for what the statement needs and the schema lacks, and let a migration make it",
    )


def run_file(connection: BaseDatabaseWrapper, file: SqlFile, steps: StepRunner) -> None:
    """Run a file's text, as ``db_migrate`` does, without ledger and lock: on shadows only.

    Raises NotReproduced, naming the step, where the server or a Python step refuses.
    """
    pin(connection, file.session)
    for section in file.sections:
        run_section(connection, file, section, steps)


def run_section(
    connection: BaseDatabaseWrapper, file: SqlFile, section: Section, steps: StepRunner
) -> None:
    """Run one migration's part of a file. Raises as ``run_file`` does."""
    ordinal = next((n for n, found, _ in file.steps() if found is section), 1) - 1
    for item in section.items:
        ordinal += isinstance(item, Statement | PythonStep)
        try:
            if isinstance(item, PythonStep):
                found = steps.find(item.locator)
                steps.run_as_django(found, connection, backwards=file.direction is Direction.DOWN)
            else:
                with connection.cursor() as cursor:
                    cursor.execute(item.sql)
        except NestFluxError:
            raise
        except Exception as error:  # the server's, or whatever a Python step raises
            raise NotReproduced(
                f"Step {ordinal} of {file.name} fails when it is run again: "
                f"{_described(error, connection)}",
                where=f"{section.migration}, {file.direction} file, step {ordinal}",
                stands="nothing was written",
                then="correct that step, in its migration or, where it was edited, in the file; "
                "then run the command again",
            ) from error
