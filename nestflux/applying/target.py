"""A database and the history that it is migrated by: what every command that applies works on."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

from nestflux.applying.plan.plan import refuse_server
from nestflux.conf import FAMILIES, history_folder, replicas
from nestflux.database.errors import connect
from nestflux.database.server import FAMILY_NAMES, Server, connection_for, server_of
from nestflux.exceptions import Refused, SqlFileError
from nestflux.ledger.ledger import Ledger
from nestflux.other_project import require_this_projects
from nestflux.schema.names import names_of
from nestflux.sql.lexer import fragments
from nestflux.wording import for_database

if TYPE_CHECKING:
    from django.db.backends.base.base import BaseDatabaseWrapper

    from nestflux.history.folder import Folder
    from nestflux.history.journal import Journal


@dataclass(frozen=True)
class Target:
    """The connection of an alias, what answers there, and the history for it. A command opens it
    once and passes it on: the journal that a plan was shown from is the one that is run."""

    connection: BaseDatabaseWrapper
    server: Server
    folder: Folder

    @property
    def alias(self) -> str:
        return self.connection.alias

    @property
    def journal(self) -> Journal:
        return self.folder.journal

    @property
    def order(self) -> tuple[str, ...]:
        """Every migration of the history, in the frozen order."""
        return self.journal.migrations


def open_target(alias: str) -> Target:
    """Connect to the database of an alias.

    Raises ServerUnavailable, ServerUnsupported, Misconfigured, or HistoryError where the history
    is not for this server or another project's.
    """
    connection = connection_for(alias)
    _refuse_replica(alias)
    connect(connection)
    server = server_of(connection)
    folder = history_folder(alias, server.family)
    if not folder.exists and not folder.journal.entries:  # a lost journal has its own error
        others = [f for f in FAMILIES if history_folder(alias, f).exists]
        kept = f"; there is one for {FAMILY_NAMES[others[0]]}" if others else ""
        raise Refused(
            f"The database {alias!r} has no history for {FAMILY_NAMES[server.family]}{kept}.",
            where=str(folder.path),
            stands="nothing was run",
            then="python manage.py db_generate",
        )
    require_this_projects(folder.journal, folder.path)
    refuse_server(folder.journal, server)
    names = names_of(connection)
    names.learn_later(folder.statements)
    names.learn_later(lambda: _statements(Ledger(connection).texts()))
    return Target(connection, server, folder)


def _refuse_replica(alias: str) -> None:
    if not (primary := replicas().primary_of(alias)):
        return
    named = for_database(primary)
    raise Refused(
        f"The database {alias!r} is a replica of {primary!r}, and gets its schema from there.",
        stands="nothing was run",
        then=f"python manage.py db_migrate{named} --wait-for-replicas   "
        f"(db_status{named} says how each is)",
    )


def _statements(texts: Iterable[str]) -> Iterator[str]:
    for text in texts:
        with suppress(SqlFileError):  # one that a person put there
            yield from (part.text for part in fragments(text) if part.kind == "statement")
