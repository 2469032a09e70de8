"""Where a history is recorded: its folder, and a development server of its family."""

from __future__ import annotations

import io
from collections.abc import Collection, Iterator, Mapping
from contextlib import ExitStack, contextmanager, redirect_stdout
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, TextIO

from nestflux.conf import Configuration, history_folder
from nestflux.database.errors import reachable
from nestflux.database.server import FAMILY_NAMES, Server, connection_for, server_of
from nestflux.database.shadow import server_settings, shadow
from nestflux.exceptions import (
    FamilyUnreachable,
    HistoryError,
    ServerUnavailable,
    ServerUnsupported,
)
from nestflux.graph.loader import forget_modules, modules_depend_on_rows
from nestflux.graph.receivers import historical_receivers_kept
from nestflux.history.folder import Folder, HistoryFiles
from nestflux.history.sqlfile import Direction
from nestflux.other_project import require_this_projects
from nestflux.recording.another_time import another_time, require_another_clock
from nestflux.schema.names import names_learned_from_now_on

if TYPE_CHECKING:
    from django.db.backends.base.base import BaseDatabaseWrapper


@dataclass(frozen=True)
class RecordingTarget:
    """Where a history is recorded: its folder, and the server that plays the database.

    ``output``: where the prints of Python steps go while they are recorded; None: nowhere.
    ``pins``: are verdicts written into the statements?
    """

    alias: str
    folder: Folder
    server: Server
    settings: Mapping[str, Any]
    configuration: Configuration
    output: TextIO | None = None
    pins: bool = False

    @cached_property
    def files(self) -> HistoryFiles:
        """The files of the history as they are on disk."""
        return HistoryFiles(self.folder)

    @contextmanager
    def shadow(self) -> Iterator[BaseDatabaseWrapper]:
        """A fresh scratch schema, which the alias points at meanwhile. Migrations are to be loaded
        inside: their modules may hold something else than of the alias's own server or rows."""
        made = shadow(
            self.alias,
            self.settings,
            prefix=self.configuration.shadow_name,
            collation=self.configuration.shadow_collation,
        )
        with made as connection, historical_receivers_kept(), ExitStack() as stack:
            names_learned_from_now_on(connection)
            # Steps and modules that print speak to whoever runs them on a database.
            stack.enter_context(redirect_stdout(io.StringIO()))
            if self.folder.family in self.configuration.shadows or modules_depend_on_rows():
                forget_modules()
                stack.callback(forget_modules)
            yield connection

    @contextmanager
    def shadow_of_another_time(self) -> Iterator[BaseDatabaseWrapper]:
        """A shadow under another clock, Python's and the server's: rows that vary by it show."""
        with self.shadow() as connection, another_time() as later:
            with connection.cursor() as cursor:
                cursor.execute("SET timestamp = %s", [later.timestamp()])
            yield connection


def recording_target(
    alias: str,
    family: str,
    configured: Configuration,
    *,
    edits: bool = False,
    folder: Folder | None = None,
) -> RecordingTarget:
    """The shadow server of a family: the one that the setting names, else the alias's own.

    Args:
        edits: files of the history may differ from the journal.
        folder: a copy of the history, taken as it is.

    Raises FamilyUnreachable where no server of the family answers, ServerUnsupported where it is
    another one than the history needs, HistoryError where the history is not sound, Refused where
    time-machine is not installed.
    """
    require_another_clock()
    given, folder = folder, folder or history_folder(alias, family)
    if given is None:
        require_this_projects(folder.journal, folder.path)
        if not edits:
            require_sound(folder)
    entry = configured.shadows.get(family)
    settings = server_settings(alias, entry)
    probe = type(connection_for(alias))({**settings, "NAME": ""}, alias)
    try:
        with reachable(probe):
            server = server_of(probe)
    except ServerUnavailable as error:
        raise _no_server(family, error.what, named=entry is not None) from None
    finally:
        probe.close()
    if server.family != family:
        raise _no_server(
            family,
            f"no {FAMILY_NAMES[family]} server is set, and that of {alias!r} is {server.name}",
            named=False,
        )
    if folder.journal.entries and (differing := server.differing_features(folder.journal.features)):
        raise ServerUnsupported(
            f"{server.name} would be given other DDL than the history was recorded with:\n"
            + "\n".join(f"    {line}" for line in differing),
            where=str(folder.path),
            stands="nothing was changed",
            then=f"record on a {FAMILY_NAMES[family]} like the one before",
        )
    return RecordingTarget(alias, folder, server, settings, configured)


def _no_server(family: str, why: str, *, named: bool) -> FamilyUnreachable:
    """A family that cannot be recorded: exit 1, with the way to reach it."""
    setting = f'NESTFLUX["SHADOWS"]["{family}"]'
    return FamilyUnreachable(
        family,
        why,
        where=f"{setting} names the server" if named else f"{setting} is not set",
        stands="nothing was written",
        then=f"start that server, or point {setting} at a development {FAMILY_NAMES[family]}",
    )


def require_sound(folder: Folder, leftovers: Collection[str] = ()) -> None:
    """Every file that the journal lists is there and unedited, and none lies beside it.

    Args:
        leftovers: names of files that may lie there all the same, which a killed command left.
    """
    for entry in folder.journal.entries:
        for direction in Direction:
            folder.text(entry, direction)
        folder.record_text(entry)
    if folder.journal.entries:
        folder.snapshot()
    if unlisted := [name for name in folder.unlisted() if name not in leftovers]:
        raise HistoryError(
            f"{unlisted[0]} is not in journal.json.",
            where=str(folder.path / unlisted[0]),
            stands="nothing was changed",
            then="remove it (it was never accepted), or restore the journal that lists it",
        )
