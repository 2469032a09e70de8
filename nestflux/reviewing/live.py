"""A database's ledger, read without stopping at what contradicts the files."""

from __future__ import annotations

from collections.abc import Collection
from contextlib import suppress

from nestflux.applying.plan.files import relinks
from nestflux.applying.plan.load_plan import read_known
from nestflux.applying.plan.plan import Relink, refuse_server
from nestflux.applying.suitability import server_suitability
from nestflux.applying.target import Target
from nestflux.conf import history_folder
from nestflux.database.errors import connect, reachable
from nestflux.database.server import Server, connection_for, server_of
from nestflux.exceptions import HistoryError, NestFluxError, ServerUnsupported
from nestflux.history.folder import Folder
from nestflux.history.sqlfile import SqlFile, parse
from nestflux.ledger.ledger import Ledger as LedgerTables
from nestflux.ledger.ledger import LedgerState, read_state
from nestflux.reviewing.reading import read_text
from nestflux.reviewing.subjects import Ledger
from nestflux.schema.introspection import table_names


def server_behind(alias: str) -> Server:
    """Raises NestFluxError where the database cannot be asked."""
    connection = connection_for(alias)
    connect(connection)
    return server_of(connection)


def read_ledger(alias: str, server: Server) -> Ledger | None:
    """The ledger against the history of the database's family; None where nothing was ever
    applied and nothing is to be said of the server. Raises NestFluxError where it cannot be
    read."""
    folder = history_folder(alias, server.family)
    journal = folder.journal
    connection = connection_for(alias)
    with reachable(connection):
        is_made = read_state(connection) is not None
        state, exchanges = read_known(Target(connection, server, folder))
        has_tables = bool(state.applied) or bool(table_names(connection))
        found = server_suitability(connection, server)
    if not (is_made or has_tables or found.refusals):
        return None
    tables = LedgerTables(connection)
    unsuitable: list[NestFluxError] = list(found.refusals)
    try:
        refuse_server(journal, server)
    except ServerUnsupported as error:
        unsuitable.append(error)
    unmarked = {identity for exchange in exchanges for identity in exchange.ids}
    ran, now = _texts(folder, state, tables, unmarked)
    begun = state.in_flight
    return Ledger(
        alias=alias,
        folder=folder,
        journal=journal,
        state=state,
        has_tables=has_tables,
        relinks=_relinks(folder, state, tables),
        exchanges=exchanges,
        ran=ran,
        now=now,
        steps=tables.steps(begun.attempt_key) if begun else (),
        unsuitable=tuple(unsuitable),
    )


def _relinks(folder: Folder, state: LedgerState, tables: LedgerTables) -> tuple[Relink, ...]:
    with suppress(HistoryError):  # an edited or missing file: reported by itself
        return relinks(folder, state, tables)
    return ()


def _texts(
    folder: Folder, state: LedgerState, tables: LedgerTables, unmarked: Collection[str]
) -> tuple[dict[str, SqlFile], dict[str, SqlFile]]:
    """What ran and what the file says now, where these differ."""
    ran, now = {}, {}
    for entry in folder.journal.entries:
        file = state.file(entry.id)
        if file is None or not file.is_applied or entry.id in unmarked:
            continue
        on_disk = read_text(folder.up_path(entry.name))
        if on_disk.text is None or on_disk.is_as(file.up_sha256):
            continue
        with suppress(HistoryError):
            now[entry.id] = parse(on_disk.text)
            ran[entry.id] = parse(tables.file_row(entry.id).up_text)
    return ran, now
