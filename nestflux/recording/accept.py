"""``db_generate --accept``: a reviewer's edit of a file becomes what the journal records.

The whole history is run again on a shadow, the edited file measured statement by statement, so
that its verdicts, its deltas, its way back and the snapshot are those of the edited text.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from django.db.utils import Error

from nestflux.conf import configuration, history_folder
from nestflux.database.errors import in_words, reachable
from nestflux.database.server import connection_for
from nestflux.database.session import PINNED, pin
from nestflux.exceptions import (
    HistoryError,
    NestFluxError,
    RecordingFailed,
    Refused,
    ServerUnavailable,
)
from nestflux.graph.fingerprints import Prints
from nestflux.graph.loader import ExtendedLoader, load, undotted
from nestflux.graph.python_steps import StepRunner, operations_of
from nestflux.history.deploy_order import DeployOrder
from nestflux.history.folder import SNAPSHOT, Staged, display_path, texts_of
from nestflux.history.journal import Entry
from nestflux.history.records import FileRecord, StepRecord
from nestflux.history.snapshots import statements_of
from nestflux.history.sqlfile import Direction, PythonStep, SessionStatement, SqlFile
from nestflux.ledger.ledger import read_state
from nestflux.recording.after_snapshot import Recording, Served, serve
from nestflux.recording.deploy_order.measure import deploy_order
from nestflux.recording.deploy_order.several import change_of
from nestflux.recording.determinism import Twice, run_files, run_twice
from nestflux.recording.generate import families_of
from nestflux.recording.measuring import Measuring, code_of, describe_python
from nestflux.recording.recorded_file import inexactness
from nestflux.recording.recording_target import RecordingTarget, recording_target
from nestflux.recording.remembering import prints_by_name
from nestflux.recording.replay import record_applied, run_script
from nestflux.recording.rerecord import is_known, remember_again
from nestflux.recording.snapshot import settings_that_rows_assume
from nestflux.recording.unchanged_steps import operations_of_steps, why_not_kept
from nestflux.schema.diff import Delta
from nestflux.schema.introspection import Schema, read_schema
from nestflux.sql.statements import Kind, kind_of, sha256, summary

if TYPE_CHECKING:
    from django.db.backends.base.base import BaseDatabaseWrapper


@dataclass(frozen=True)
class Accepted:
    """An accepted edit: what the schema after the history has gained and lost by it, and what was
    learned of the edited steps.

    ``texts_edited`` is False where it was the code of a migration that changed. ``other_sql``:
    what its ``.py`` gives now, where that is not what the file says, by migration; ``respelled``:
    the migrations whose text only another Django made another. ``unedited`` are the other families
    whose file of that name stays as it is.
    """

    name: str
    family: str
    schema_changes: list[str]
    record: FileRecord
    staged: Staged
    texts_edited: bool = True
    other_sql: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    respelled: tuple[str, ...] = ()
    unedited: tuple[str, ...] = ()


@dataclass(frozen=True)
class _Edit:
    """A file of a history as it was edited: where, and both its ways; and the fingerprints of its
    migrations that there are."""

    target: RecordingTarget
    entry: Entry
    known: FileRecord
    up: SqlFile
    down: SqlFile
    texts_edited: bool
    prints: Mapping[str, Prints]

    def file(self, entry: Entry, direction: Direction) -> SqlFile:
        """A file of the history, the edited one in its place."""
        if entry.id != self.entry.id:
            return self.target.files(entry, direction)
        return self.up if direction is Direction.UP else self.down


def accept(alias: str, name: str) -> list[Accepted]:
    """Accept the edits of one file, in the history of each family where it was edited; or, where
    its text was not, that the code of its migrations changed.

    Raises Refused where nothing was edited or the edited file was applied; RecordingFailed where
    the server refuses the edited text. Nothing is written then.
    """
    done: list[Accepted] = []
    loader = load()
    try:
        for edit in list(_edits(alias, name, loader)):  # before any of them runs a migration
            done.append(_accept(edit, loader))
    except NestFluxError:
        for one in done:
            one.staged.discard()
        raise
    if not done:
        raise Refused(
            f"{name} is as the journal records it: there is no edit to accept.",
            then="edit the file, then run this again",
        )
    for one in done:
        one.staged.write()
    unedited = _unedited(alias, done)
    return [replace(one, unedited=unedited) for one in done]


def _unedited(alias: str, done: Sequence[Accepted]) -> tuple[str, ...]:
    """The families that hold a file of that name, and where it was not edited."""
    others = set(families_of(alias, configuration())) - {one.family for one in done}
    name = done[0].name
    return tuple(f for f in sorted(others) if name in history_folder(alias, f).journal.names)


def _edits(alias: str, name: str, loader: ExtendedLoader) -> Iterator[_Edit]:
    """The file as it was edited, or as it is where its migrations were, in each family."""
    for family in families_of(alias, configuration()):
        folder = history_folder(alias, family)
        journal = folder.journal
        try:
            entry = journal.entry(name.rsplit("/", 1)[-1])
        except HistoryError:
            continue
        up, down = (folder.edited(entry, way) for way in Direction)
        edited, known = bool(up or down), folder.record(entry)
        if edited or not is_known(known, entry, loader):
            target = recording_target(alias, family, configuration(), edits=True)
            up = up or folder.file(entry, Direction.UP)
            down = down or folder.file(entry, Direction.DOWN)
            held = filter(None, map(loader.disk_migrations.get, map(undotted, entry.migrations)))
            yield _Edit(target, entry, known, up, down, edited, prints_by_name(held))


def _require_same_migrations(edit: _Edit) -> None:
    """An edit changes statements; which file it is and which migrations it holds stay."""
    migrations, down = edit.entry.migrations, edit.down
    held = {Direction.UP: migrations, Direction.DOWN: migrations[::-1]}
    for way, file in ((Direction.UP, edit.up), (Direction.DOWN, down)):
        same = (file.name, file.id, file.direction) == (edit.entry.name, edit.entry.id, way)
        same &= file.replaces == (edit.entry.replaces if way is Direction.UP else ())
        sections = tuple(section.migration for section in file.sections)
        if not same or (sections != held[way] and not (file.irreversible and not sections)):
            raise Refused(
                "An edit may change statements; the name, the id and the migrations of a file "
                "stay as they were recorded.",
                where=str(edit.target.folder.sql_path(edit.entry.name, way)),
                stands="nothing was changed",
                then="restore the header and the '-- ---- Migration' lines",
            )


def _require_python_steps(edit: _Edit, loader: ExtendedLoader) -> None:
    """What only Django can run is changed in the migration, and not in the file."""
    known = edit.known
    migrations = [loader.disk_migrations.get(undotted(name)) for name in edit.entry.migrations]
    locators = [o.locator for m in migrations if m is not None for o in operations_of(m)]
    for records, file in ((known.up, edit.up), (known.down, edit.down)):
        if file.irreversible:
            continue
        if why := why_not_kept(records, file, locators):
            raise Refused(
                f"An edit may change statements, and {why}.",
                where=str(edit.target.folder.sql_path(edit.entry.name, file.direction)),
                stands="nothing was changed",
                then="put it back to its place, or change the migration and record it anew",
            )


def _accept(edit: _Edit, loader: ExtendedLoader) -> Accepted:
    target, entry = edit.target, edit.entry
    _require_same_migrations(edit)
    _require_python_steps(edit, loader)
    if edit.texts_edited and _was_applied(target.alias, entry.id):
        raise Refused(
            f"{entry.name} was applied to the database {target.alias!r}; an applied file is never "
            "edited.",
            where=str(target.folder.up_path(entry.name)),
            stands="nothing was changed",
            then=f"git checkout -- {display_path(target.folder.up_path(entry.name))}, and write "
            "the change as a new migration",
        )
    measured, record = _measure_file(edit)
    remembered = remember_again(
        target, entry, measured.file, record, edit.prints, texts_edited=edit.texts_edited
    )
    record = replace(record, migrations=remembered.records)
    entries = target.folder.journal.entries
    twice = run_twice(target, entries, lambda each: measured.file(each, Direction.UP))
    before = _accepted_schema(target)
    served = serve(
        Recording(target, entries, lambda each: measured.file(each, Direction.UP)), twice
    )
    changes = Delta.between(before.definitions, twice.schema.definitions).lines()
    _require_a_squashs_schema(edit, changes, served.snapshot)
    staged = _staged(measured, record, served, twice)
    return Accepted(
        entry.name,
        target.server.family,
        changes,
        record,
        staged,
        edit.texts_edited,
        remembered.other_sql,
        remembered.respelled,
    )


def _require_a_squashs_schema(edit: _Edit, changes: Sequence[str], snapshot: str) -> None:
    """A database that ran the files that a squash replaces gets nothing of it: an edit may not
    make another schema, nor other rows."""
    if not edit.entry.replaces:
        return
    if statements_of(snapshot) != statements_of(edit.target.folder.snapshot()):
        raise Refused(
            "A squash gives what the files gave that it replaces, for databases that ran these "
            "get nothing of it; the edited text gives something else:\n"
            + "\n".join(f"    {line}" for line in changes or ("rows",)),
            where=str(edit.target.folder.up_path(edit.entry.name)),
            stands="nothing was changed",
            then=f"git checkout -- {display_path(edit.target.folder.up_path(edit.entry.name))}, "
            "and write the change as a new migration",
        )


def _staged(
    edit: _Edit,
    record: FileRecord,
    served: Served,
    twice: Twice,
) -> Staged:
    folder, entry = edit.target.folder, edit.entry
    texts = {**texts_of(edit.up, edit.down, record), SNAPSHOT: served.snapshot}
    up, down, deltas, _ = (sha256(text) for text in texts.values())
    journal = replace(
        folder.journal.replaced(replace(entry, up=up, down=down, record=deltas)),
        snapshot=sha256(served.snapshot),
        replay_because=served.replay_because,
        after_snapshot=served.after,
        rows_assume=settings_that_rows_assume(twice.rows),
    )
    return folder.stage(texts, journal)


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


def _accepted_schema(target: RecordingTarget) -> Schema:
    """The schema after the history as it was accepted last."""
    with target.shadow() as connection:
        run_script(connection, target.folder.snapshot())
        return read_schema(connection)


def _measure_file(edit: _Edit) -> tuple[_Edit, FileRecord]:
    """Run the edited file up and down after those before it: true comment lines, and records."""
    target, journal = edit.target, edit.target.folder.journal
    known = edit.known
    said = FileRecord((), ()) if edit.texts_edited else known
    with target.shadow() as connection:
        steps = StepRunner(load(), journal.migrations)
        run_files(
            connection,
            target,
            journal.entries[: journal.entries.index(edit.entry)],
            target.files,
        )
        before = read_schema(connection)
        up, ups = _measured(connection, target, edit.up, steps, said.up, known.up)
        record_applied(connection, edit.entry.recorded_migrations)
        after = read_schema(connection)
        down = edit.down
        downs: tuple[StepRecord, ...] = ()
        if not down.irreversible:
            down, downs = _measured(connection, target, down, steps, said.down, known.down)
            down = replace(down, notes=inexactness(before, read_schema(connection)))
    order = known.deploy_order
    if edit.texts_edited:
        order = _deploy_order(edit, before, after)
        up = replace(up, order=order.lines() if order else ())
    return replace(edit, up=up, down=down), FileRecord(ups, downs, known.migrations, order)


def _deploy_order(edit: _Edit, before: Schema, after: Schema) -> DeployOrder | None:
    """Measured anew: the edited text may leave another schema."""
    entries = edit.target.folder.journal.entries
    earlier = entries[: entries.index(edit.entry)]
    if edit.entry.replaces:
        return None
    return deploy_order(
        edit.target,
        lambda: change_of(before, after, earlier, [edit.entry]),
        is_first=not earlier,
    )


def _measured(
    connection: BaseDatabaseWrapper,
    target: RecordingTarget,
    file: SqlFile,
    steps: StepRunner,
    said: tuple[StepRecord, ...],
    known: tuple[StepRecord, ...],
) -> tuple[SqlFile, tuple[StepRecord, ...]]:
    """Run one way of a file. ``said`` are the records of its statements where the text was not
    edited: what stands over them stays. ``known`` are those of before the edit."""
    operations = operations_of_steps(known, file)
    pin(connection, file.session or PINNED)
    measuring = Measuring(connection, target.server.family)
    records: list[StepRecord] = []
    for section in file.sections:
        for item in section.items:
            if isinstance(item, SessionStatement):
                pin(connection, (item.sql,))
            elif isinstance(item, PythonStep):
                records.append(_run_step(connection, file, steps, item, len(records) + 1))
            else:
                found = _measure(connection, measuring, item.sql, file, len(records) + 1)
                if said:
                    words = said[len(records)]
                    found = replace(found, verdict=words.verdict, note=words.note)
                records.append(replace(found, operation=operations[len(records)]))
    notes = {ordinal: record.note for ordinal, record in enumerate(records, start=1)}
    return file.with_notes(notes), tuple(records)


def _run_step(
    connection: BaseDatabaseWrapper,
    file: SqlFile,
    steps: StepRunner,
    item: PythonStep,
    ordinal: int,
) -> StepRecord:
    commits: list[str] = []

    def watch(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        if kind_of(sql) is Kind.DDL:
            commits.append(summary(sql))
        return execute(sql, params, many, context)

    found = steps.find(item.locator)
    code = code_of(found)
    with _refused_in_words(connection, file, ordinal), connection.execute_wrapper(watch):
        steps.run_as_django(found, connection, backwards=file.direction is Direction.DOWN)
    return describe_python(found, code, commits)[1]


def _measure(
    connection: BaseDatabaseWrapper, measuring: Measuring, sql: str, file: SqlFile, ordinal: int
) -> StepRecord:
    def execute(text: str) -> None:
        with connection.cursor() as cursor:
            cursor.execute(text)
            while cursor.nextset():  # CALL: each result may hold an error
                pass

    with _refused_in_words(connection, file, ordinal, sql):
        _, _, record = measuring.run(sql, execute)
    return record


@contextmanager
def _refused_in_words(
    connection: BaseDatabaseWrapper, file: SqlFile, ordinal: int, sql: str = ""
) -> Iterator[None]:
    """Raises RecordingFailed where the block fails, naming the step."""
    try:
        yield
    except NestFluxError:
        raise
    except Exception as error:  # the server's, or whatever a Python step raises
        described = (
            f"The server refuses the edited statement: {in_words(error, connection, sql)}"
            if isinstance(error, Error)
            else f"A Python step fails: {type(error).__name__}: {error}"
        )
        raise RecordingFailed(
            described,
            where=f"{file.name}, {file.direction} file, step {ordinal}",
            stands="the edit was not accepted; nothing was written",
            then="fix the statement and run db_generate --accept again",
        ) from error
