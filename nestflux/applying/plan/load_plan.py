"""What there is to do: found out without importing what doing it needs.

A deploy with nothing pending should cost little more than starting Python.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from django.apps import apps
from django.conf import settings

from nestflux.applying.plan.coverage import refuse_unrecorded
from nestflux.applying.plan.plan import (
    Known,
    Plan,
    Relink,
    make,
    refuse_family,
    replay_reasons,
)
from nestflux.applying.plan.squashes import Exchange, exchanged, find
from nestflux.conf import FAMILIES, history_folder
from nestflux.database.errors import connect
from nestflux.database.server import FAMILY_NAMES, Server, connection_for, server_of
from nestflux.exceptions import LedgerConflict, Refused
from nestflux.history.folder import Folder
from nestflux.ledger.rows import LedgerState, read_state
from nestflux.other_project import require_this_projects

if TYPE_CHECKING:
    from django.db.backends.base.base import BaseDatabaseWrapper


def open_history(alias: str) -> tuple[BaseDatabaseWrapper, Server, Folder]:
    """The connection of an alias, what answers there, and the history for it.

    Raises ServerUnavailable, ServerUnsupported, Misconfigured, or HistoryError where the history
    is not for this server or another project's.
    """
    connection = connection_for(alias)
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
    refuse_family(folder.journal, server.family, server.differing_features(folder.journal.features))
    return connection, server, folder


def nothing_to_do(alias: str, *, to: str | None = None) -> bool:
    """Is the database as the files leave it? Where that is not plain, no. Raises as ``planned``
    does."""
    connection, _, folder = open_history(alias)
    if planned(connection, folder, False, to, lenient=True) is not None:
        return False
    return to is None or folder.journal.entry(to) == folder.journal.entries[-1]


def make_plan(alias: str, *, replay: bool = False, to: str | None = None) -> Plan:
    """What ``migrate`` would do now. Changes nothing and takes no lock. Raises Refused."""
    connection, _, folder = open_history(alias)
    known = planned(connection, folder, replay, to)
    return known[0] if known else Plan()


def planned(
    connection: BaseDatabaseWrapper,
    folder: Folder,
    replay: bool,
    to: str | None,
    *,
    lenient: bool = False,
) -> tuple[Plan, LedgerState] | None:
    """The plan and what it was made from; None where there is nothing to do.

    ``lenient``: before the lock is had, a contradiction may be another deploy's work in
    progress: it is found again, or not, under the lock.
    """
    folder.verify()
    refuse_unrecorded(folder.journal, connection)
    state, exchanges = read_known(connection, folder)
    known = Known(
        state=state,
        # Asked only where it matters: a database with applied files is not fresh.
        has_tables=bool(state.applied) or _has_tables(connection),
        signals_hash=signals_hash(),
        relinks=_relinks(connection, folder, state),
        replay_reasons=replay_reasons(folder.journal, _assumed_settings(folder)),
        exchanges=exchanges,
    )
    try:
        plan = make(folder.journal, known, replay=replay, to=to)
    except LedgerConflict:
        if lenient:
            return Plan(), state
        raise
    return None if plan.nothing_to_do else (plan, state)


def read_known(
    connection: BaseDatabaseWrapper, folder: Folder
) -> tuple[LedgerState, tuple[Exchange, ...]]:
    """The ledger as the history on disk has it, where a squash and its files stand for one another;
    and what is to be written for that. One query where they do not have to."""
    state = read_state(connection) or LedgerState()
    entries = {entry.id for entry in folder.journal.entries}
    applied = {file.id for file in state.applied}
    unlisted = applied - entries
    unknown = [e for e in folder.journal.entries if e.replaces and e.id not in applied]
    if not (unlisted or (unknown and state.files)):
        return state, ()
    from nestflux.history.sqlfile import replaces_of
    from nestflux.ledger.ledger import Ledger

    ledger = Ledger(connection)
    squashes = {identity: replaces_of(ledger.file_row(identity).up_text) for identity in unlisted}
    exchanges = find(folder.journal, state, squashes)
    return exchanged(state, exchanges), exchanges


def _has_tables(connection: BaseDatabaseWrapper) -> bool:
    from nestflux.schema.introspection import table_names

    return bool(table_names(connection))


def _relinks(
    connection: BaseDatabaseWrapper, folder: Folder, state: LedgerState
) -> tuple[Relink, ...]:
    """Looked for where a row of the ledger is not, to the letter, an entry of the journal."""
    entries = {(e.id, e.name, e.up, e.down, e.record) for e in folder.journal.entries}
    rows = {(f.id, f.name, f.up_sha256, f.down_sha256, f.record_sha256) for f in state.applied}
    if rows <= entries and state.in_flight is None:
        return ()
    from nestflux.applying.plan.files import relinks
    from nestflux.ledger.ledger import Ledger

    return relinks(folder, state, Ledger(connection))


def _assumed_settings(folder: Folder) -> dict[str, object]:
    names = folder.journal.rows_assume
    return {name: getattr(settings, name, None) for name in names}


def signals_hash() -> str:
    """A hash of what receivers of ``post_migrate`` make rows of: apps, models, permissions.

    Names only, and only of what is loaded anyway: it asks no server and imports nothing.
    """
    lines = []
    for app in sorted(apps.get_app_configs(), key=lambda app: app.label):
        if app.models_module is None:
            continue
        lines.append(f"app {app.label}")
        for model in app.get_models():
            options = model._meta
            permissions = [codename for codename, _ in options.permissions]
            lines.append(
                f"model {options.model_name} {sorted(options.default_permissions)} "
                f"{sorted(permissions)} {options.proxy} {options.managed}"
            )
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()
