"""``db_generate --accept``: a reviewer's edit of a file becomes what the journal records.

The whole history is run again on a shadow, the edited file measured statement by statement, so
that its verdicts, its deltas, its way back and the snapshot are those of the edited text.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from django.db.utils import Error

from nestflux.conf import configuration
from nestflux.database.errors import in_words, reachable
from nestflux.database.ledger import read_state
from nestflux.database.reader import Schema, read_schema
from nestflux.database.rows import read_rows
from nestflux.database.server import connection_for
from nestflux.database.session import PINNED, pin
from nestflux.exceptions import HistoryError, RecordingFailed, Refused, ServerUnavailable
from nestflux.graph.loader import ExtendedLoader, load
from nestflux.graph.python_steps import StepRunner
from nestflux.history.deltas import Delta, FileRecord, StepRecord
from nestflux.history.folder import SNAPSHOT
from nestflux.history.journal import Entry
from nestflux.history.sqlfile import Direction, PythonStep, SessionStatement, SqlFile, render
from nestflux.history.statements import sha256
from nestflux.recording.generate import families_of, place_of
from nestflux.recording.head import book, run_file, run_script
from nestflux.recording.measuring import Measuring, describe_python
from nestflux.recording.recorded_file import Place, inexactness
from nestflux.recording.snapshot import render_snapshot, settings_that_rows_assume, volatility

if TYPE_CHECKING:
    from django.db.backends.base.base import BaseDatabaseWrapper


@dataclass(frozen=True)
class Accepted:
    """An accepted edit: what the schema after the history has gained and lost by it."""

    name: str
    family: str
    schema_changes: list[str]


@dataclass(frozen=True)
class _Run:
    """A whole history on a shadow: one file of it measured, and what stands at its end."""

    up: SqlFile
    down: SqlFile
    record: FileRecord
    schema: Schema
    rows: object


def accept(alias: str, name: str) -> list[Accepted]:
    """Accept the edits of one file, in the history of each family where it was edited.

    Raises Refused where nothing was edited or the file was applied; RecordingFailed where the
    server refuses the edited text. Nothing is written then.
    """
    done = []
    for family in families_of(alias, configuration()):
        place = place_of(alias, family, configuration(), edits=True)
        try:
            entry = place.folder.journal.entry(name.rsplit("/", 1)[-1])
        except HistoryError:
            continue
        edited = {d: place.folder.edited(entry, d) for d in Direction}
        if any(edited.values()):
            done.append(_accept(place, entry, edited))
    if not done:
        raise Refused(f"{name} is as the journal records it: there is no edit to accept.")
    return done


def _accept(place: Place, entry: Entry, edited: dict[Direction, SqlFile | None]) -> Accepted:
    if _was_applied(place.alias, entry.id):
        raise Refused(
            f"{entry.name} was applied to the database {place.alias!r}; an applied file is never "
            "edited.",
            where=str(place.folder.up_path(entry.name)),
            stands="nothing was changed",
            then=f"git checkout -- {entry.name}.sql, and write the change as a new migration",
        )
    up = edited[Direction.UP] or place.folder.file(entry, Direction.UP)
    down = edited[Direction.DOWN] or place.folder.file(entry, Direction.DOWN)
    loader = load()
    old_schema = _schema_of_snapshot(place, loader)
    run = _run(place, entry, up, down, loader)
    again = _run(place, entry, up, down, loader)
    varying = volatility(run.rows, again.rows)  # type: ignore[arg-type]
    rows = run.rows
    journal = place.folder.journal
    last = journal.entries[-1].name
    snapshot = render_snapshot(last, run.schema, rows, varying)  # type: ignore[arg-type]
    renewed = replace(
        entry,
        up=sha256(render(run.up)),
        down=sha256(render(run.down)),
        record=sha256(run.record.dumps()),
    )
    staged = place.folder.stage(
        {
            f"{entry.name}.sql": render(run.up),
            f"{entry.name}.down.sql": render(run.down),
            f"{entry.name}.deltas.json": run.record.dumps(),
            SNAPSHOT: snapshot,
        },
        replace(
            journal.replaced(renewed),
            snapshot=sha256(snapshot),
            replay_because=varying.reasons,
            rows_assume=settings_that_rows_assume(rows),  # type: ignore[arg-type]
        ),
    )
    staged.write()
    changes = Delta.between(old_schema.reading, run.schema.reading).lines()
    return Accepted(entry.name, place.server.family, changes)


def _was_applied(alias: str, identity: str) -> bool:
    """Does the alias's own database say that the file was applied to it? A database that cannot
    be reached says nothing; ``db_migrate`` refuses the changed file there."""
    connection = connection_for(alias)
    try:
        with reachable(connection):
            state = read_state(connection)
    except ServerUnavailable:
        return False
    file = state.file(identity) if state else None
    return file is not None and file.is_applied


def _schema_of_snapshot(place: Place, loader: ExtendedLoader) -> Schema:
    """The schema after the history as it was accepted last."""
    with place.shadow() as connection:
        run_script(connection, place.folder.snapshot())
        return read_schema(connection)


def _run(place: Place, entry: Entry, up: SqlFile, down: SqlFile, loader: ExtendedLoader) -> _Run:
    journal = place.folder.journal
    steps = StepRunner(loader, journal.migrations)
    position = journal.entries.index(entry)
    with place.shadow() as connection:
        book(connection, ())
        for earlier in journal.entries[:position]:
            run_file(connection, place.folder.file(earlier), steps)
            book(connection, earlier.books)
        before = read_schema(connection)
        up, ups = _measured(connection, place, up, steps)
        book(connection, entry.books)
        downs: tuple[StepRecord, ...] = ()
        if not down.irreversible:
            down, downs = _measured(connection, place, down, steps)
            down = replace(down, notes=inexactness(before, read_schema(connection)))
    with place.shadow() as connection:
        book(connection, ())
        for one in journal.entries:
            run_file(connection, up if one is entry else place.folder.file(one), steps)
            book(connection, one.books)
        return _Run(
            up, down, FileRecord(ups, downs), read_schema(connection), read_rows(connection)
        )


def _measured(
    connection: BaseDatabaseWrapper, place: Place, file: SqlFile, steps: StepRunner
) -> tuple[SqlFile, tuple[StepRecord, ...]]:
    """Run an edited file on a shadow; the file with true comment lines, and its records."""
    pin(connection, file.session or PINNED)
    measuring = Measuring(connection, place.server.family)
    records: list[StepRecord] = []
    notes: dict[int, str] = {}
    ordinal = 0
    backwards = file.direction is Direction.DOWN
    for section in file.sections:
        for item in section.items:
            if isinstance(item, SessionStatement):
                with connection.cursor() as cursor:
                    cursor.execute(item.sql)
                continue
            ordinal += 1
            if isinstance(item, PythonStep):
                found = steps.find(item.locator)
                steps.run_as_django(found, connection, backwards=backwards)
                made, record = describe_python(found, [])
                notes[ordinal] = made.note
            else:
                record = _measure(connection, measuring, item.sql, file, ordinal)
                notes[ordinal] = record.note
            records.append(record)
    return file.with_notes(notes), tuple(records)


def _measure(
    connection: BaseDatabaseWrapper, measuring: Measuring, sql: str, file: SqlFile, ordinal: int
) -> StepRecord:
    def execute(text: str) -> None:
        with connection.cursor() as cursor:
            cursor.execute(text)

    try:
        _, _, record = measuring.run(sql, execute)
    except Error as error:
        raise RecordingFailed(
            f"The server refuses the edited statement: {in_words(error, connection, sql)}",
            where=f"{file.name}, {file.direction} file, step {ordinal}",
            stands="the edit was not accepted; nothing was written",
            then="mend the statement and run db_generate --accept again",
        ) from error
    return record
