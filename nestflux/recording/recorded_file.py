"""Recording on one server: from the head of a history to the texts of its next file."""

from __future__ import annotations

import logging
import uuid
from collections.abc import Collection, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from django.db.migrations.migration import Migration
from django.db.utils import Error

from nestflux.database.session import PINNED, pin
from nestflux.exceptions import NestFluxError, NotReproduced
from nestflux.graph.fingerprints import Prints
from nestflux.graph.loader import dotted, load, states_around
from nestflux.graph.python_steps import StepRunner
from nestflux.history.folder import SNAPSHOT, texts_of
from nestflux.history.journal import Entry, Journal
from nestflux.history.records import FileRecord
from nestflux.history.sqlfile import INEXACT, Direction, PythonStep, SqlFile, Statement
from nestflux.recording.after_snapshot import Recording, changes_rows, serve
from nestflux.recording.capture import Recorded, RunsOnData
from nestflux.recording.changes import MigrationModule, written
from nestflux.recording.deploy_order.code import Change
from nestflux.recording.deploy_order.measure import deploy_order
from nestflux.recording.determinism import Twice, how_to_reproduce
from nestflux.recording.exact_way_back import complete, not_repeated
from nestflux.recording.executing import (
    DjangoFailed,
    irreversible_because,
    record_backwards,
    record_forwards,
    to_record,
)
from nestflux.recording.notes import notes_for
from nestflux.recording.partial_load import PartialSnapshot, partial_snapshot_for
from nestflux.recording.pinning import pin_verdicts
from nestflux.recording.private_values import private_values
from nestflux.recording.recording_target import RecordingTarget
from nestflux.recording.remembering import prints_by_name, records_of
from nestflux.recording.replay import bring_to_head, record_applied, run_file
from nestflux.recording.snapshot import (
    Volatility,
    settings_that_rows_assume,
    volatility,
)
from nestflux.schema.diff import Delta
from nestflux.schema.introspection import Schema, read_schema
from nestflux.schema.rows import TableRows, read_rows
from nestflux.sql.lexer import identifiers
from nestflux.sql.statements import sha256

if TYPE_CHECKING:
    from django.db.backends.base.base import BaseDatabaseWrapper
    from django.db.migrations.state import ProjectState

    from nestflux.graph.loader import ExtendedLoader

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class RecordedFile:
    """The next file of a history, not yet written."""

    target: RecordingTarget
    up: SqlFile
    down: SqlFile
    record: FileRecord
    snapshot: str
    journal: Journal

    @property
    def texts(self) -> dict[str, str]:
        """What to write, by file name; the journal apart."""
        return {**texts_of(self.up, self.down, self.record), SNAPSHOT: self.snapshot}


@dataclass(frozen=True)
class _Built:
    """What Django itself made of a shadow, and left after it went back."""

    before: Schema
    after: Schema
    rows: Mapping[str, TableRows]
    left: Schema | None
    irreversible: str  # why Django has no way back; empty if it has
    migrations: list[Migration]
    prints: Mapping[str, Prints]  # of these, from before they ran
    forwards: list[Recorded]
    backwards: list[Recorded]
    notes: tuple[str, ...]  # what a reviewer would not see in the SQL
    states: tuple[ProjectState, ProjectState]  # before these migrations, and after them


def record_file(
    target: RecordingTarget,
    unwritten: Sequence[Migration],
    name: str,
    only: Collection[str] | None = None,
) -> RecordedFile:
    """Record what the history lacks as its next file, both ways, and prove the text.

    Args:
        only: the names of the migrations that it is to hold; None: all that no file holds.

    Raises RecordingFailed where Django's own migrate fails on the shadow, NotReproduced where
    the text run on a fresh shadow does not give what Django built.
    """
    if only is None and (part := partial_snapshot_for(target, unwritten)):
        with suppress(NestFluxError, Error):  # what a part of it cannot tell, the whole will
            return _record(target, unwritten, name, None, part)
    return _record(target, unwritten, name, only, None)


def _record(
    target: RecordingTarget,
    unwritten: Sequence[Migration],
    name: str,
    only: Collection[str] | None,
    part: PartialSnapshot | None,
) -> RecordedFile:
    journal = target.folder.journal
    built = _let_django_build(target, journal, unwritten, only, part)
    if part:
        part.require_held(built.migrations, [*built.forwards, *built.backwards])
    django = built
    if target.pins:
        family = target.server.family
        built = replace(
            built,
            forwards=pin_verdicts(built.forwards, family),
            backwards=pin_verdicts(built.backwards, family),
        )
    up, down = _files(target, name, built)
    order = deploy_order(
        target,
        lambda: Change(built.before, built.after, *built.states, part.left_out if part else {}),
        is_first=not journal.entries,
    )
    up = replace(up, order=order.lines() if order else ())
    twice, otherwise = _prove(target, journal, unwritten, built, up, down, part)
    down = replace(down, notes=(*down.notes, *(f"{INEXACT}{line}" for line in otherwise)))
    record = FileRecord(
        up=tuple(step for recorded in built.forwards for step in recorded.records),
        down=tuple(step for recorded in built.backwards for step in recorded.records),
        migrations=records_of(
            built.migrations,
            built.prints,
            [recorded.section for recorded in django.forwards],
            [recorded.section for recorded in django.backwards],
        ),
        deploy_order=order,
    )
    entry = Entry.of(up, down, record)
    moves_rows = any(changes_rows(step) for _, _, step in up.steps())
    served = serve(
        Recording(
            target,
            (*journal.entries, entry),
            lambda each: up if each is entry else target.files(each),
            unwritten,
        ),
        twice,
        known=None if moves_rows else journal.after_snapshot,
        left_out=part.left_out if part else None,
    )
    return RecordedFile(
        target,
        up,
        down,
        record,
        served.snapshot,
        replace(
            journal,
            entries=(*journal.entries, entry),
            features=target.server.features,
            snapshot=sha256(served.snapshot),
            replay_because=served.replay_because,
            after_snapshot=served.after,
            rows_assume=settings_that_rows_assume(built.rows),
        ),
    )


def _let_django_build(
    target: RecordingTarget,
    journal: Journal,
    unwritten: Sequence[Migration],
    only: Collection[str] | None,
    part: PartialSnapshot | None,
) -> _Built:
    """Once; and once more for each operation that turns out to run on data."""
    on_data: frozenset[str] = frozenset()
    modules = written(unwritten)  # before receivers of pre_migrate put operations into them
    while True:
        try:
            return _build(target, journal, unwritten, modules, on_data, only, part)
        except RunsOnData as found:
            on_data |= {found.locator}


def _build(
    target: RecordingTarget,
    journal: Journal,
    unwritten: Sequence[Migration],
    modules: Sequence[MigrationModule],
    on_data: frozenset[str],
    only: Collection[str] | None,
    part: PartialSnapshot | None,
) -> _Built:
    family = target.server.family
    with target.shadow() as connection:
        _load_before(connection, target, journal, load(None, unwritten), part)
        before = read_schema(connection)
        loader = load(connection, unwritten, journal.migrations)
        migrations = to_record(loader, only)
        states = states_around(loader, journal.recorded_migrations, migrations)
        prints = prints_by_name(migrations, modules)
        forwards = record_forwards(connection, family, loader, on_data, migrations, target.output)
        after, rows = read_schema(connection), read_rows(connection)
        backwards: list[Recorded] = []
        left = None
        irreversible = irreversible_because(migrations)
        if not irreversible:
            try:
                loader = load(connection, unwritten, journal.migrations)
                backwards = record_backwards(
                    connection, family, loader, on_data, migrations, before
                )
                backwards, left = complete(connection, family, backwards, before, after)
            except DjangoFailed as error:
                irreversible = f"{error.where}: Django's own way back fails: {error.what}"
        notes = notes_for(migrations, [one.section for one in forwards], connection.features)
    return _Built(
        before,
        after,
        rows,
        left,
        irreversible,
        migrations,
        prints,
        forwards,
        backwards,
        notes,
        states,
    )


def _load_before(
    connection: BaseDatabaseWrapper,
    target: RecordingTarget,
    journal: Journal,
    loader: ExtendedLoader,
    part: PartialSnapshot | None,
) -> None:
    """The schema before the file, or what it can touch of it."""
    if part is None:
        bring_to_head(connection, target.files, journal, loader)
        return
    record_applied(connection, journal.recorded_migrations)
    pin(connection, part.statements)
    pin(connection, PINNED)


def _files(target: RecordingTarget, name: str, built: _Built) -> tuple[SqlFile, SqlFile]:
    up = SqlFile(
        name=name,
        direction=Direction.UP,
        id=uuid.uuid4().hex,
        recorded_on=target.server.name,
        session=PINNED,
        sections=tuple(recorded.section for recorded in built.forwards),
        notes=built.notes,
    )
    down = replace(
        up,
        direction=Direction.DOWN,
        sections=tuple(recorded.section for recorded in built.backwards),
        notes=_down_notes(built),
    )
    return up, down


def _down_notes(built: _Built) -> tuple[str, ...]:
    if built.left is None:
        return (f"IRREVERSIBLE: {built.irreversible}",)
    return inexactness(built.before, built.left)


def inexactness(before: Schema, left: Schema) -> tuple[str, ...]:
    """Header lines for a down file that does not give the schema before: what differs."""
    difference = Delta.between(before.definitions, left.definitions)
    return tuple(f"{INEXACT}{line}" for line in difference.lines())


def _prove(
    target: RecordingTarget,
    journal: Journal,
    unwritten: Sequence[Migration],
    built: _Built,
    up: SqlFile,
    down: SqlFile,
    part: PartialSnapshot | None,
) -> tuple[Twice, tuple[str, ...]]:
    """Run both texts on a fresh shadow, under another clock, and the up text once more. Returns
    which rows vary by the clock, and what the up text makes otherwise the second time."""
    otherwise: tuple[str, ...] = ()
    order = [*journal.migrations, *(dotted((m.app_label, m.name)) for m in built.migrations)]
    logger.info("%s: running the text of %s.sql again", target.server.name, up.name)
    with target.shadow_of_another_time() as connection:
        loader = load(None, unwritten)
        steps = StepRunner(loader, order)
        _load_before(connection, target, journal, loader, part)
        run_file(connection, up, steps)
        record_applied(
            connection, [row for section in up.sections for row in section.recorded_migrations]
        )
        require_same(built.after, read_schema(connection), up)
        later = read_rows(connection)
        varying = volatility(built.rows, later, private_values())
        _require_recorded_rows(varying, up)
        if built.left is not None:
            run_file(connection, down, steps)
            require_same(built.left, read_schema(connection), down)
            if _touches(up, built.before):
                otherwise = not_repeated(connection, up, built.after)
    return Twice(built.after, built.rows, later, varying), otherwise


def _touches(file: SqlFile, before: Schema) -> bool:
    """Does a statement name a table that was there before?"""
    there = {key.name.lower() for key in before.definitions if key.is_table}
    return any(
        there.intersection(name.lower() for name in identifiers(step.sql))
        for _, _, step in file.steps()
        if isinstance(step, Statement)
    )


def _require_recorded_rows(varying: Volatility, file: SqlFile) -> None:
    """Only a Python step may make another number of rows in each run; without one, a write went
    past the recorder."""
    if any(isinstance(step, PythonStep) for _, _, step in file.steps()):
        return
    if varying.uneven:
        table = min(varying.uneven)
        raise NotReproduced(
            f"Rows were written that could not be recorded ({table}: {varying.because[table]}): "
            "an operation uses callproc or a cursor of its own.",
            where=file.name,
            stands="nothing was written",
            then="run it in a RunPython operation",
        )


def require_same(built: Schema, found: Schema, file: SqlFile) -> None:
    """Raises NotReproduced where a file does not give on a fresh shadow what was built."""
    if difference := Delta.between(built.definitions, found.definitions):
        raise NotReproduced(
            f"The {file.direction} file, run on a fresh copy of the schema, does not give what "
            "Django built:\n" + "\n".join(f"    {line}" for line in difference.lines()[:20]),
            where=file.name,
            stands="nothing was written",
            then=how_to_reproduce(difference),
        )
