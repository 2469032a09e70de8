"""The schema that the files of a history make, on a scratch schema like a database, and that of the
database itself: what two of the commands compare."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from nestflux.conf import configuration
from nestflux.database.server import Server, server_of
from nestflux.database.session import PINNED, pin, restored_session
from nestflux.database.shadow import server_settings, shadow
from nestflux.exceptions import ServerUnavailable
from nestflux.graph.loader import load
from nestflux.history.folder import HistoryFiles
from nestflux.recording.replay import bring_to_head, replay
from nestflux.schema.introspection import Schema, read_schema
from nestflux.schema.names import names_learned_from_now_on
from nestflux.schema.objects import ObjectKey

if TYPE_CHECKING:
    from django.db.backends.base.base import BaseDatabaseWrapper

    from nestflux.history.journal import Entry


def schema_of_files(
    alias: str,
    history: HistoryFiles,
    entries: tuple[Entry, ...],
    collation: str,
    *,
    require: Callable[[Server], None],
) -> tuple[Server, Schema]:
    """What these files make of an empty schema with the database's collation, and the server
    that said so.

    Args:
        entries: the first ones of the history.
        require: raises where the scratch schema's server does not suit.

    Raises ServerUnavailable where no scratch schema can be made.
    """
    folder, loader = history.folder, load()
    journal = folder.journal
    with scratch_schema(alias, folder.family, collation) as connection:
        server = server_of(connection)
        require(server)
        if entries == journal.entries:
            bring_to_head(connection, history, journal, loader)
        else:
            replay(connection, history, entries, loader)
        pin(connection, PINNED)
        return server, read_schema(connection)


@contextmanager
def scratch_schema(alias: str, family: str, collation: str) -> Iterator[BaseDatabaseWrapper]:
    """An empty shadow with a database's collation, on the server where the family is recorded."""
    configured = configuration()
    settings = server_settings(alias, configured.shadows.get(family))
    try:
        with shadow(alias, settings, prefix=configured.shadow_name, collation=collation) as scratch:
            names_learned_from_now_on(scratch)
            yield scratch
    except ServerUnavailable as error:
        setting = f'NESTFLUX["SHADOWS"]["{family}"]'
        error.then = "; or ".join(filter(None, (error.then, f"name another server in {setting}")))
        raise


def live_schema(connection: BaseDatabaseWrapper) -> Schema:
    """What a database has; its session stays as it was."""
    with restored_session(connection):
        pin(connection)
        return read_schema(connection)


def known_objects(history: HistoryFiles) -> frozenset[ObjectKey]:
    """The tables, views and programs that any file of a history makes or touches."""
    return frozenset(
        key.holder
        for entry in history.folder.journal.entries
        for step in history.record(entry).up
        for key in step.delta.changes
    )
