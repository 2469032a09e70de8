"""``db_generate``: from models to reviewed-to-be SQL, for every family, all or nothing."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

from django.db.migrations import CreateModel
from django.db.migrations.migration import Migration
from django.db.migrations.recorder import MigrationRecorder
from django.db.migrations.writer import MigrationWriter
from django.db.utils import Error

from nestflux.conf import Configuration, configuration, history_folder
from nestflux.database.errors import reachable
from nestflux.database.server import connection_for, server_of
from nestflux.exceptions import ChangesUndecided, FamilyUnreachable, NestFluxError, Refused
from nestflux.graph.loader import ExtendedLoader, dotted, is_held, load
from nestflux.graph.now_managed import now_managed
from nestflux.graph.project_commands import after_writing
from nestflux.graph.source import is_own
from nestflux.history import naming
from nestflux.history.families import Behind, PlannedFile, behind, plan_files
from nestflux.history.folder import Folder, Staged, display_path, write_all
from nestflux.other_project import require_this_projects
from nestflux.recording.changes import (
    Detected,
    DetectOptions,
    MigrationModule,
    detect,
    empty_migrations,
    written,
)
from nestflux.recording.questions import is_written_into
from nestflux.recording.recording_target import RecordingTarget, recording_target
from nestflux.recording.working_copy import record_files  # with nothing to do: not needed
from nestflux.schema.names import names_of

if TYPE_CHECKING:
    from nestflux.recording.recorded_file import RecordedFile


@dataclass(frozen=True)
class Pending:
    """What is still to be generated.

    ``modules`` are migrations that the models ask for and that no ``.py`` holds; ``missing`` are,
    by family, the migrations that no SQL file of that history holds (the unwritten ones too).
    ``packages`` are installed apps whose models no migration of theirs follows: left to them.
    ``behind`` are the families whose files lack what another family's files hold.
    """

    migrations: tuple[Migration, ...] = ()
    missing: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    packages: tuple[str, ...] = ()
    behind: tuple[Behind, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.migrations) or any(self.missing.values())


@dataclass(frozen=True)
class Generated:
    """What ``generate`` made, or would make: the ``.py`` files, and the SQL files of each family
    that could be reached. ``unreached`` says why another could not be. ``is_adopted``: the history
    begins, and the project, and its databases perhaps, are older."""

    pending: Pending
    modules: tuple[MigrationModule, ...] = ()
    files: tuple[RecordedFile, ...] = ()
    behind: tuple[Behind, ...] = ()
    unreached: tuple[FamilyUnreachable, ...] = ()
    is_adopted: bool = False


def pending(alias: str, options: DetectOptions, families: Sequence[str] | None = None) -> Pending:
    """What ``generate`` would do; asks no server where the families are given, or the setting
    names them.

    Raises ChangesUndecided as ``generate`` does, with the exit code of something found: there is
    something to generate, whatever the answer will be.
    """
    folders = _folders(alias, families or families_of(alias, configuration()))
    for folder in folders.values():
        require_this_projects(folder.journal, folder.path)
    loader = _loaded(folders.values())
    try:
        detected = detect(loader, options)
    except ChangesUndecided as error:
        error.exit_code = 1
        raise
    return _pending(loader, detected, folders)


def generate(
    alias: str,
    options: DetectOptions,
    *,
    name: str | None = None,
    families: Sequence[str] = (),
    write: bool = True,
    output: TextIO | None = None,
    pin: bool = False,
) -> Generated:
    """Record what the histories of ``alias`` lack, on a server of each family, and write it.

    A family of which no server can be reached falls behind; another run catches it up.

    Args:
        name: the SQL file's name without its number; None: ``initial``, or a codename.
        families: only these; none: all that the project keeps.
        write: False shows what would be written (``--dry-run``).
        output: where the prints of Python steps go while they are recorded; None: nowhere.
        pin: write the verdicts into the statements, whatever the setting says.

    Raises ChangesUndecided, ServerUnavailable, HistoryError, RecordingFailed, NotReproduced, and
    FamilyUnreachable where no family can be reached; whatever is raised, nothing was written.
    """
    if name is not None and not naming.is_valid(name):
        raise Refused(
            f"--name {name!r} cannot be a file name.",
            then="use lower-case letters, digits and underscores, 59 at the most",
        )
    kept = families_of(alias, configuration())
    targets, unreached = _reachable_places(alias, families or kept, output)
    pins = pin or configuration().pin_verdicts
    targets = [replace(target, pins=pins) for target in targets]
    folders = _folders(alias, dict.fromkeys((*kept, *families)))
    loader = _loaded(folders.values())
    begins = not any(folder.journal.entries for folder in folders.values())
    if not begins:  # tables that are older than the history need not be made by it
        _refuse_tables_nobody_makes(loader, folders.values())
    detected = detect(loader, options)
    found = _pending(loader, detected, folders)
    if not any(found.missing[target.server.family] for target in targets):
        return Generated(found, behind=found.behind, unreached=unreached)
    if write:  # before a recording that may take minutes
        for target in targets:
            target.folder.require_writable()

    modules = written(detected.migrations)
    past = _past(alias, detected.migrations) if begins else frozenset()
    plans = _plans(targets, folders, found, name, past)
    files = [
        file
        for target in targets
        for file in record_files(target, detected.migrations, plans[target.server.family])
    ]
    if write:
        _write(modules, files)
        after_writing(detected.migrations)
    journals = {family: folder.journal for family, folder in folders.items()}
    journals |= {file.target.server.family: file.journal for file in files}
    return Generated(
        found, tuple(modules), tuple(files), behind(journals), unreached, is_adopted=bool(past)
    )


def generate_empty(labels: Sequence[str], name: str | None) -> list[MigrationModule]:
    """Write an empty migration for each app; the SQL follows when it is filled and
    ``db_generate`` is run again."""
    migrations = empty_migrations(load(), labels, name)
    modules = written(migrations)
    _write(modules, [])
    after_writing(migrations, name)
    return modules


def families_of(alias: str, configured: Configuration) -> tuple[str, ...]:
    """The families whose histories the project keeps; by default the database's own."""
    if configured.families:
        return configured.families
    return (_own_family(alias),)


def _own_family(alias: str) -> str:
    connection = connection_for(alias)
    with reachable(connection):
        return server_of(connection).family


def _folders(alias: str, families: Iterable[str]) -> dict[str, Folder]:
    return {family: history_folder(alias, family) for family in families}


def _reachable_places(
    alias: str, families: Sequence[str], output: TextIO | None
) -> tuple[list[RecordingTarget], tuple[FamilyUnreachable, ...]]:
    """A server for every family that has one, before anything is recorded on one of them.

    Raises FamilyUnreachable where none has.
    """
    configured = configuration()
    targets, unreached = [], []
    for family in families:
        try:
            targets.append(replace(recording_target(alias, family, configured), output=output))
        except FamilyUnreachable as error:
            unreached.append(error)
    if not targets:
        raise unreached[0]
    return targets, tuple(unreached)


def _loaded(folders: Iterable[Folder], unwritten: Sequence[Migration] = ()) -> ExtendedLoader:
    """Every family's history holds the same migrations, but for one that is behind: the order of
    the longest will do for a state."""
    orders = [folder.journal.migrations for folder in folders]
    return load(None, unwritten, max(orders, key=len, default=()))


def _refuse_tables_nobody_makes(loader: ExtendedLoader, folders: Iterable[Folder]) -> None:
    """Raises Refused for a migration that no history holds and that makes a model a managed one,
    where no operation could make its table: later files would alter a table that is not there."""
    held = {name for folder in folders for name in folder.journal.recorded_migrations}
    found = now_managed(loader.graph.nodes[key] for key in loader.plan())
    for each in found:
        if each.may_be_made or is_held(loader, each.migration, held):
            continue
        if not is_written_into(each.label):
            continue
        path = Path(MigrationWriter(loader.graph.nodes[each.migration]).path)
        raise Refused(
            f"{each}: Django's AlterModelOptions changes no database.",
            where=display_path(path),
            stands="nothing was written",
            then="take AlterModelOptions out of it (delete the file where it holds nothing else), "
            "then: python manage.py db_generate   (writes a migration that makes the table)",
        )


def _pending(loader: ExtendedLoader, detected: Detected, folders: Mapping[str, Folder]) -> Pending:
    migrations = detected.migrations
    loader = _loaded(folders.values(), migrations) if migrations else loader
    plan = loader.plan()
    missing = {}
    for family, folder in folders.items():
        held = set(folder.journal.recorded_migrations)
        missing[family] = tuple(dotted(key) for key in plan if not is_held(loader, key, held))
    journals = {family: folder.journal for family, folder in folders.items()}
    return Pending(tuple(migrations), missing, detected.packages, behind(journals))


def _plans(
    targets: Sequence[RecordingTarget],
    folders: Mapping[str, Folder],
    found: Pending,
    name: str | None,
    past: Collection[str],
) -> dict[str, tuple[PlannedFile, ...]]:
    """By family, the files to record."""
    names = [name for folder in folders.values() for name in folder.journal.names]
    follows = bool(names or (past and found.migrations))
    new_name = name or (naming.codename(names) if follows else "initial")
    return {
        family: plan_files(
            folders[family].journal,
            [folder.journal for other, folder in folders.items() if other != family],
            found.missing[family],
            new_name,
            past,
        )
        for family in (target.server.family for target in targets)
    }


def _past(alias: str, unwritten: Sequence[Migration]) -> frozenset[str]:
    """The migrations that exist, where the project is older than its history: its own apps have
    some, or its database was migrated. Those of apps belong to them whose tables are there already
    (``db_pull`` wrote their models). None where they cannot be applied without those that are still
    to be written (a new project's user model, on which Django's own admin depends)."""
    loader = load(None, unwritten)
    is_there, was_migrated = _in_database(alias)
    made = _made_already(unwritten, is_there)
    new = {(m.app_label, m.name) for m in unwritten if m.app_label not in made}
    exist = loader.graph.nodes.keys() - new
    if any(new.intersection(loader.graph.forwards_plan(key)) for key in exist):
        return frozenset()
    has_own = any(is_own(type(loader.graph.nodes[key]).__module__) for key in exist)
    return frozenset(map(dotted, exist)) if has_own or was_migrated else frozenset()


def _made_already(unwritten: Sequence[Migration], is_there: Callable[[str], bool]) -> set[str]:
    """The apps that get their first migrations and all of whose tables are there."""
    own: dict[str, set[str]] = {}
    for migration in unwritten:
        for operation in migration.operations:
            if isinstance(operation, CreateModel) and operation.options.get("managed", True):
                name = f"{migration.app_label}_{operation.name_lower}"
                found = own.setdefault(migration.app_label, set())
                found.add(str(operation.options.get("db_table") or name))
    first = {migration.app_label for migration in unwritten if migration.initial}
    return {label for label, found in own.items() if label in first and all(map(is_there, found))}


def _in_database(alias: str) -> tuple[Callable[[str], bool], bool]:
    """Whether the alias' database has a table, and whether it holds rows of ``django_migrations``;
    no, where it cannot be asked."""
    connection = connection_for(alias)
    try:
        names = names_of(connection)
        tables = names.keys(connection.introspection.table_names())
        applied = bool(MigrationRecorder(connection).applied_migrations())
    except (Error, NestFluxError):
        return (lambda table: False), False
    return (lambda table: names.key(table) in tables), applied


def _write(modules: Sequence[MigrationModule], files: Sequence[RecordedFile]) -> None:
    """Stage everything, then put it in its place: the ``.py`` first, journals last."""
    write_all(_prepared(modules, files))


def _prepared(
    modules: Sequence[MigrationModule], files: Sequence[RecordedFile]
) -> Iterator[Staged]:
    yield Staged.prepare({module.path: module.text for module in modules})
    for _, group in groupby(files, key=lambda file: file.target.server.family):
        made = list(group)  # of a snapshot that several write, the last one's counts
        texts = {name: text for file in made for name, text in file.texts.items()}
        yield made[-1].target.folder.stage(texts, made[-1].journal)
