"""``db_generate``: from models to reviewed-to-be SQL, for every family, all or nothing."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from django.db.migrations.migration import Migration

from nestflux.conf import Configuration, configuration, history_folder
from nestflux.database.errors import reachable
from nestflux.database.server import connection_for, server_of
from nestflux.exceptions import (
    ChangesUndecided,
    Refused,
)
from nestflux.graph.loader import ExtendedLoader, dotted, is_held, load
from nestflux.graph.project_commands import after_writing
from nestflux.history import naming
from nestflux.history.folder import Folder, Staged, write_all
from nestflux.other_project import require_this_projects
from nestflux.recording.changes import (
    Detected,
    DetectOptions,
    MigrationModule,
    detect,
    empty_migrations,
    written,
)
from nestflux.recording.place import Place, place_of

if TYPE_CHECKING:
    from nestflux.recording.recorded_file import RecordedFile


@dataclass(frozen=True)
class Pending:
    """What is still to be generated.

    ``modules`` are migrations that the models ask for and that no ``.py`` holds; ``missing`` are,
    by family, the migrations that no SQL file of that history holds (the unwritten ones too).
    ``packages`` are installed apps whose models no migration of theirs follows: left to them.
    """

    migrations: tuple[Migration, ...] = ()
    missing: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    packages: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.migrations) or any(self.missing.values())


@dataclass(frozen=True)
class Generated:
    """What ``generate`` made, or would make: the ``.py`` files, and a SQL file a family."""

    pending: Pending
    modules: tuple[MigrationModule, ...] = ()
    files: tuple[RecordedFile, ...] = ()


def pending(alias: str, options: DetectOptions, families: Sequence[str] | None = None) -> Pending:
    """What ``generate`` would do; asks no server where the families are given, or the setting
    names them.

    Raises ChangesUndecided as ``generate`` does, with the exit code of something found: there is
    something to generate, whatever the answer will be.
    """
    if families is None:
        families = families_of(alias, configuration())
    folders = [history_folder(alias, family) for family in families]
    for folder in folders:
        require_this_projects(folder.journal, folder.path)
    loader = _loaded(folders)
    try:
        detected = detect(loader, options)
    except ChangesUndecided as error:
        error.exit_code = 1
        raise
    return _pending(loader, detected, folders)


def generate(
    alias: str, options: DetectOptions, *, name: str | None = None, write: bool = True
) -> Generated:
    """Record what the histories of ``alias`` lack, on a server of each family, and write it.

    Args:
        name: the SQL file's name without its number; None: ``initial``, or a codename.
        write: False shows what would be written (``--dry-run``).

    Raises ChangesUndecided, ServerUnavailable, HistoryError, RecordingFailed, NotReproduced;
    whatever is raised, nothing was written.
    """
    if name is not None and not naming.is_valid(name):
        raise Refused(
            f"--name {name!r} cannot be a file name.",
            then="use lower-case letters, digits and underscores, 59 at the most",
        )
    places = _places(alias)
    folders = [place.folder for place in places]
    if write:
        for folder in folders:
            folder.require_writable()
    loader = _loaded(folders)
    detected = detect(loader, options)
    migrations = detected.migrations
    found = _pending(loader, detected, folders)
    if not found:
        return Generated(found)
    from nestflux.recording.recorded_file import record_file  # with nothing to do: not needed

    modules = written(migrations)
    base = name or _base_name(places)
    files = [
        record_file(place, migrations, naming.numbered(place.folder.journal.next_number, base))
        for place in places
        if found.missing[place.server.family]
    ]
    if write:
        _write(modules, files)
        after_writing(migrations)
    return Generated(found, tuple(modules), tuple(files))


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


def _places(alias: str) -> list[Place]:
    """A reachable server for every family, before anything is recorded on one of them."""
    configured = configuration()
    return [place_of(alias, family, configured) for family in families_of(alias, configured)]


def _loaded(folders: Sequence[Folder], unwritten: Sequence[Migration] = ()) -> ExtendedLoader:
    """Every family's history holds the same migrations: the order of one will do for a state."""
    order = folders[0].journal.migrations if folders else ()
    return load(None, unwritten, order)


def _pending(loader: ExtendedLoader, detected: Detected, folders: Sequence[Folder]) -> Pending:
    migrations = detected.migrations
    loader = _loaded(folders, migrations) if migrations else loader
    plan = loader.plan()
    missing = {}
    for folder in folders:
        held = set(folder.journal.books)
        missing[folder.family] = tuple(
            dotted(key) for key in plan if not is_held(loader, key, held)
        )
    return Pending(tuple(migrations), missing, detected.packages)


def _base_name(places: Sequence[Place]) -> str:
    names = [name for place in places for name in place.folder.journal.names]
    return naming.codename(names) if names else "initial"


def _write(modules: Sequence[MigrationModule], files: Sequence[RecordedFile]) -> None:
    """Stage everything, then put it in its place: the ``.py`` first, journals last."""
    write_all(_prepared(modules, files))


def _prepared(
    modules: Sequence[MigrationModule], files: Sequence[RecordedFile]
) -> Iterator[Staged]:
    yield Staged.prepare({module.path: module.text for module in modules})
    for file in files:
        yield file.place.folder.stage(file.texts, file.journal)
