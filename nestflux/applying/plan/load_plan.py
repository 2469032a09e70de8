"""What there is to do: found out without importing what doing it needs.

A deploy with nothing pending should cost little more than starting Python.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from django.apps import apps
from django.conf import settings

from nestflux.applying.plan.coverage import refuse_unrecorded
from nestflux.applying.plan.files import relinks
from nestflux.applying.plan.plan import (
    Known,
    Plan,
    Relink,
    make,
    replay_reasons,
)
from nestflux.applying.plan.squashes import Exchange, exchanged, find
from nestflux.applying.suitability import why_replay
from nestflux.applying.target import Target
from nestflux.exceptions import LedgerConflict
from nestflux.history.folder import Folder
from nestflux.history.sqlfile import replaces_of
from nestflux.ledger.ledger import Ledger
from nestflux.ledger.rows import LedgerState, read_state
from nestflux.schema.introspection import table_names

if TYPE_CHECKING:
    from django.db.backends.base.base import BaseDatabaseWrapper


def nothing_to_do(target: Target, *, to: str | None = None) -> bool:
    """Is the database as the files leave it? Where that is not plain, no. Raises as ``planned``
    does."""
    if planned(target, False, to, lenient=True) is not None:
        return False
    return to is None or target.journal.entry(to) == target.journal.entries[-1]


def make_plan(target: Target, *, replay: bool = False, to: str | None = None) -> Plan:
    """What ``migrate`` would do now. Changes nothing and takes no lock. Raises Refused."""
    known = planned(target, replay, to)
    return known[0] if known else Plan()


def planned(
    target: Target, replay: bool, to: str | None, *, lenient: bool = False
) -> tuple[Plan, LedgerState] | None:
    """The plan and what it was made from; None where there is nothing to do.

    ``lenient``: before the lock is had, a contradiction may be another deploy's work in
    progress: it is found again, or not, under the lock.
    """
    connection, folder = target.connection, target.folder
    folder.verify()
    refuse_unrecorded(folder.journal, connection)
    state, exchanges = read_known(target)
    known = Known(
        state=state,
        # Asked only where it matters: a database with applied files is not fresh.
        has_tables=bool(state.applied) or _has_tables(connection),
        signals_hash=signals_hash(),
        relinks=_relinks(connection, folder, state),
        replay_reasons=(
            *replay_reasons(folder.journal, _assumed_settings(folder)),
            *(() if replay or state.files or not folder.journal.entries else why_replay(target)),
        ),
        exchanges=exchanges,
    )
    try:
        plan = make(folder.journal, known, replay=replay, to=to)
    except LedgerConflict:
        if lenient:
            return Plan(), state
        raise
    return None if plan.nothing_to_do else (plan, state)


def read_known(target: Target) -> tuple[LedgerState, tuple[Exchange, ...]]:
    """The ledger as the history on disk has it, where a squash and its files stand for one another;
    and what is to be written for that. One query where they do not have to."""
    connection, journal = target.connection, target.journal
    state = read_state(connection) or LedgerState()
    entries = {entry.id for entry in journal.entries}
    applied = {file.id for file in state.applied}
    unlisted = applied - entries
    unknown = [e for e in journal.entries if e.replaces and e.id not in applied]
    if not (unlisted or (unknown and state.files)):
        return state, ()

    ledger = Ledger(connection)
    squashes = {identity: replaces_of(ledger.file_row(identity).up_text) for identity in unlisted}
    exchanges = find(journal, state, squashes)
    return exchanged(state, exchanges), exchanges


def _has_tables(connection: BaseDatabaseWrapper) -> bool:

    return bool(table_names(connection))


def _relinks(
    connection: BaseDatabaseWrapper, folder: Folder, state: LedgerState
) -> tuple[Relink, ...]:
    """Looked for where a row of the ledger is not, to the letter, an entry of the journal."""
    entries = {(e.id, e.name, e.up, e.down, e.record) for e in folder.journal.entries}
    rows = {(f.id, f.name, f.up_sha256, f.down_sha256, f.record_sha256) for f in state.applied}
    if rows <= entries and state.in_flight is None:
        return ()

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
