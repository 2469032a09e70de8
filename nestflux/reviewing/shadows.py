"""A history on a development server: its files run again, its migrations recorded again."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from django.conf import settings
from django.db import router

from nestflux.applying.plan.code_changes import CodeChange, Remaining, code_changes, path_of
from nestflux.applying.plan.plan import replay_reasons
from nestflux.exceptions import NestFluxError, ServerUnavailable
from nestflux.graph.fingerprints import django_series, prints_of
from nestflux.graph.loader import is_held, load, undotted
from nestflux.graph.now_managed import NowManaged, now_managed, operation_that_makes
from nestflux.graph.python_steps import StepRunner
from nestflux.graph.source import is_own_path
from nestflux.history.folder import Folder
from nestflux.history.journal import Entry, Journal
from nestflux.history.records import FileRecord
from nestflux.history.snapshots import objects_made_by, statements_of
from nestflux.history.sqlfile import PythonStep
from nestflux.recording.questions import is_written_into
from nestflux.recording.recording_target import RecordingTarget
from nestflux.recording.replay import load_snapshot, record_applied, replay
from nestflux.recording.rerecord import Again, Walk
from nestflux.recording.snapshot import other_rows
from nestflux.reviewing.subjects import History, Migrations, Replay, WithoutTable
from nestflux.schema.diff import Delta
from nestflux.schema.introspection import Schema, read_schema
from nestflux.schema.row_pairing import compare_rows
from nestflux.schema.rows import TableRows, read_rows

if TYPE_CHECKING:
    from django.db.backends.base.base import BaseDatabaseWrapper

    from nestflux.graph.loader import ExtendedLoader


logger = logging.getLogger(__name__)


def migrations_of(history: History, loader: ExtendedLoader, alias: str) -> Migrations:
    """The code of a sound history's migrations, compared by fingerprints. Asks no server."""
    records: dict[str, FileRecord] = {}
    changes: list[CodeChange] = []
    paths: dict[tuple[str, str], Path] = {}
    for files in history.files:
        entry = files.entry
        record, up = files.texts.record, files.texts.up
        records[entry.id] = record
        steps = [
            (step.locator, record.up[ordinal - 1])
            for ordinal, _, step in up.steps()
            if isinstance(step, PythonStep)
        ]
        changes += code_changes(Remaining(entry, record, entry.migrations, steps), loader)
        for key in map(undotted, entry.migrations):
            if key in loader.disk_migrations and (path := path_of(loader.disk_migrations[key])):
                paths[key] = path
    without_table = tuple(_without_table(history, loader, alias))
    return Migrations(history, records, paths, tuple(changes), without_table=without_table)


def _without_table(history: History, loader: ExtendedLoader, alias: str) -> Iterator[WithoutTable]:
    """Models that a migration made managed ones, and no file of the history a table for."""
    plan = [loader.graph.nodes[key] for key in loader.plan()]
    found = [each for each in now_managed(plan) if _is_of(alias, each)]
    if not found or history.snapshot is None or history.snapshot.text is None:
        return
    assert history.journal is not None, "a sound history has a journal"
    held = set(history.journal.recorded_migrations)
    made = objects_made_by(statements_of(history.snapshot.text))
    tables = {key.name.lower() for key in made if key.is_table}
    state = loader.project_state()
    for each in found:
        if each.table.lower() not in tables:
            operation = operation_that_makes(state.models[each.key])
            yield WithoutTable(each, operation, is_held(loader, each.migration, held))


def _is_of(alias: str, found: NowManaged) -> bool:
    """Is it a model of the project's own, whose table would be in this database?"""
    allowed = router.allow_migrate(alias, found.label, model_name=found.model.lower())
    return bool(allowed) and is_written_into(found.label)


def recorded_again(found: Migrations, target: RecordingTarget) -> Migrations:
    """The same, and what Django gives for the project's own migrations now.

    Raises NestFluxError where a file's own text does not run.
    """
    journal = target.folder.journal
    known = {
        migration.migration: migration.is_own
        for record in found.records.values()
        for migration in record.migrations
    }

    def is_ours(name: str) -> bool:
        return known[name] if name in known else _is_ours(found, name)

    walk = Walk(target, journal.entries, found.history.read(), is_ours)
    again: tuple[Again, ...] = (*walk.up(), *walk.down())
    return replace(
        found,
        again=again,
        versions=_versions(found, target, journal.entries),
        respelled=tuple(_respelled(found, again)),
    )


def _respelled(found: Migrations, again: Sequence[Again]) -> Iterator[Again]:
    loader = load()
    for each in again:
        record = found.records[each.entry.id].migration(each.migration)
        if record is not None:
            migration = loader.disk_migrations[undotted(each.migration)]
            prints = None if each.is_the_files else prints_of(migration, record.packages)
            if each.is_respelled(record, prints):
                yield each


def _is_ours(found: Migrations, name: str) -> bool:
    path = found.paths.get(undotted(name))
    return path is not None and is_own_path(path)


def _versions(
    found: Migrations, target: RecordingTarget, entries: Sequence[Entry]
) -> Mapping[str, str]:
    here = f"Django {django_series()} on {target.server.name}"
    files, versions = found.history.read(), {}
    for entry in entries:
        migrations = found.records[entry.id].migrations
        server = files(entry).recorded_on
        series = migrations[0].django if migrations else ""
        if server != target.server.name or (series and series != django_series()):
            with_django = f"Django {series} on " if series else ""
            versions[entry.id] = f"it was recorded with {with_django}{server}, here is {here}"
    return versions


def replayed(history: History, target: RecordingTarget) -> Replay:
    """Every file on an empty schema, against what a fresh database gets instead on another one:
    the snapshot, and the steps behind it. Raises ServerUnavailable where no schema can be made."""
    folder, journal = target.folder, target.folder.journal
    logger.info("%s: running the files again", target.server.name)
    try:
        with target.shadow() as connection:
            record_applied(connection, ())
            replay(connection, history.read(), journal.entries, load())
            built, rows = read_schema(connection), read_rows(connection)
        with target.shadow() as connection:
            loaded, loaded_rows = _loaded(connection, folder, journal)
        difference = Delta.between(loaded.definitions, built.definitions)
        if replay_reasons(journal, _settings_now(journal)):
            return Replay(history, difference=difference)  # a fresh database runs the files
        if not other_rows(rows, loaded_rows, {}):  # nothing varies, or by chance not now
            return Replay(history, difference=difference)
        with target.shadow_of_another_time() as connection:
            varying = compare_rows(loaded_rows, _loaded(connection, folder, journal)[1]).columns
    except ServerUnavailable:
        raise
    except NestFluxError as error:
        return Replay(history, failed=error)
    return Replay(history, difference=difference, rows=other_rows(rows, loaded_rows, varying))


def _loaded(
    connection: BaseDatabaseWrapper, folder: Folder, journal: Journal
) -> tuple[Schema, Mapping[str, TableRows]]:
    """What a fresh database gets; of one that runs the files, what the snapshot says of them."""
    record_applied(connection, journal.recorded_migrations)
    after = () if journal.replay_because else journal.after_snapshot.steps
    load_snapshot(connection, folder.snapshot(), after, StepRunner(load(), journal.migrations))
    return read_schema(connection), read_rows(connection)


def _settings_now(journal: Journal) -> Mapping[str, object]:
    return {name: getattr(settings, name, None) for name in journal.rows_assume}
