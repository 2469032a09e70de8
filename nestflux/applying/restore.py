"""``db_restore``: a backup's data comes back together with the rollback of the file that lost it.

The rollback is the ordinary one. The data then comes in one transaction with the row that says so:
a restore that dies is finished by the next one, and none is done twice.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from django.db import transaction
from django.db.utils import Error

from nestflux.applying.backup_folder import Backup, open_backup, require_intact
from nestflux.applying.bringing_back import WRITING, Part, bring_back, parts_of
from nestflux.applying.context import Context, Options
from nestflux.applying.events import Restored
from nestflux.applying.rollback import RollbackPlan, plan_rollback, rollback
from nestflux.applying.running import lock_held, open_history, refuse_unsuitable, run_opened
from nestflux.database.errors import in_words
from nestflux.database.ledger import Ledger, LedgerFile, LedgerState, read_state
from nestflux.database.ledger_backups import BackupRow, backup_restored, read_backups
from nestflux.database.scratch_tables import (
    LOADING,
    DumpedTable,
    drop_scratch_tables,
    load_scratch_tables,
    scratch_names,
    tables_of,
)
from nestflux.database.server import schema_name
from nestflux.database.session import pin, restored_session
from nestflux.exceptions import LedgerConflict, Refused, RestoreFailed
from nestflux.history.folder import shown
from nestflux.history.sqlfile import parse

if TYPE_CHECKING:
    from django.db.backends.base.base import BaseDatabaseWrapper

_LISTED = "python manage.py db_restore   (lists the backups that the ledger knows)"


@dataclass(frozen=True)
class RestorePlan:
    """What ``db_restore`` will do. ``rollback``: None where the file is rolled back already, as by
    a restore that died; ``done``: the data was brought back already, so nothing is to do."""

    row: BackupRow
    backup: Backup
    parts: tuple[Part, ...] = ()
    rollback: RollbackPlan | None = None
    done: bool = False

    def lines(self) -> Iterator[str]:
        """What is brought back, for a person."""
        tables = self.backup.manifest.tables
        for part in self.parts:
            name = part.table.name
            if part.whole_rows:
                yield f"table {name}: its rows that are missing, of {tables[name]:,}"
            if part.columns:
                columns = ", ".join(part.columns)
                yield f"column {name}.{columns}: the values of {tables[name]:,} rows"


def backups_of(alias: str) -> tuple[BackupRow, ...]:
    """The backups that a database's ledger knows, the oldest first."""
    connection, _, _ = open_history(alias)
    return read_backups(connection)


def plan_restore(alias: str, which: str) -> RestorePlan:
    """What ``restore`` would do now. Changes nothing. Raises Refused.

    Args:
        which: a backup's folder, or a file's name: its last backup.
    """
    connection, _, _ = open_history(alias)
    row, backup = _find(connection, which)
    state = read_state(connection) or LedgerState()
    if row.restored_at:
        return RestorePlan(row, backup, done=True)
    known = require_its_turn(state, row)
    undone = known.state == "rolled_back"
    if not undone:
        _require_reversible(connection, known, backup)
    require_intact(backup)
    parts = parts_of(backup.manifest.lost, _dumped(backup))
    _require_possible(parts, backup)
    return RestorePlan(
        row, backup, parts, None if undone else plan_rollback(alias, file=known.name)
    )


def restore(
    alias: str, which: str, *, expected: RestorePlan, options: Options | None = None
) -> Restored | None:
    """Roll the file back and bring the data back; None where that was done already.

    Args:
        which: see ``plan_restore``.
        expected: the plan that a person agreed to; refused where it is another one by now.

    Raises as ``rollback`` does, and RestoreFailed where the data could not be brought back: the
    file is rolled back then, and the next call goes on with the data.
    """
    options = replace(options or Options(), command="db_restore")
    connection, server, folder = open_history(alias)
    refuse_unsuitable(connection, server)
    # The server counts how often one connection takes a lock (Manual 14.14; MariaDB KB GET_LOCK):
    # the rollback takes and gives it back inside, and nobody gets in between it and the data.
    with lock_held(connection, options) as lock:
        plan = plan_restore(alias, which)
        if (plan.row.id, plan.done) != (expected.row.id, expected.done):
            raise LedgerConflict(
                "Another deploy changed what is to be restored while you were asked.",
                stands="nothing was run",
                then=_LISTED,
            )
        if plan.rollback is not None:
            undone = expected.rollback or plan.rollback
            rollback(alias, file=plan.row.name, expected=undone, options=options)
        state = read_state(connection) or LedgerState()
        order = folder.journal.migrations
        with run_opened(connection, server, lock, options, order, state.version) as context:
            return None if plan.done else _bring_back(context, plan)


def _bring_back(context: Context, plan: RestorePlan) -> Restored:
    started = time.monotonic()
    connection, backup = context.connection, plan.backup
    tables = _dumped(backup)
    names = scratch_names(backup.manifest.tables, plan.row.id)
    try:
        with restored_session(connection):
            pin(connection, LOADING)
            drop_scratch_tables(connection)
            load_scratch_tables(connection, backup.dump, tables, names, backup.manifest.tables)
            pin(connection, WRITING)
            context.lock.require()
            with transaction.atomic(connection.alias):
                lines = bring_back(connection, plan.parts, names)
                context.lock.require()
                backup_restored(connection, plan.row.id)
            drop_scratch_tables(connection)
    except (RestoreFailed, Error) as error:
        what = error.what if isinstance(error, RestoreFailed) else in_words(error, connection)
        raise RestoreFailed(
            f"The data could not be brought back: {what}",
            where=shown(backup.path),
            stands=f"{plan.row.name}.sql is rolled back, and none of the data is there yet",
            then=f"mend the cause, then: python manage.py db_restore {plan.row.name}",
        ) from error
    restored = Restored(shown(backup.path), lines, time.monotonic() - started)
    context.tell(restored)
    return restored


def _dumped(backup: Backup) -> dict[str, DumpedTable]:
    found = tables_of(backup.dump)
    if missing := sorted(backup.manifest.tables.keys() - found.keys()):
        raise Refused(
            f"The backup cannot be used: its dump does not make {missing[0]}.",
            where=shown(backup.path),
            stands="nothing was changed",
        )
    return found


# ---- which one, and whether it may ----------------------------------------------------------


def _find(connection: BaseDatabaseWrapper, which: str) -> tuple[BackupRow, Backup]:
    rows = read_backups(connection)
    path = Path(which).expanduser()
    if path.is_dir():
        backup = open_backup(path.absolute())
        return _row_of(connection, rows, backup), backup
    wanted = which.removesuffix(".sql").removesuffix(".down")
    number = f"{int(wanted):04d}_" if wanted.isdecimal() else f"{wanted}_"
    named = [row for row in rows if row.name == wanted or row.name.startswith(number)]
    if not named:
        raise Refused(
            f"{which} is no folder, and no file of which the ledger knows a backup.",
            stands="nothing was changed",
            then=_LISTED,
        )
    row = named[-1]
    backup = open_backup(Path(row.path))
    return _row_of(connection, (row,), backup), backup


def _row_of(
    connection: BaseDatabaseWrapper, rows: Sequence[BackupRow], backup: Backup
) -> BackupRow:
    manifest = backup.manifest
    mine = (manifest.file_id, manifest.direction, manifest.attempt, manifest.sha256)
    for row in rows:
        if (row.sql_migration_id, row.direction, row.attempt, row.sha256) == mine:
            return row
    raise Refused(
        f"The ledger of the database {schema_name(connection)} knows no such backup: it was taken "
        f"of {manifest.database} before {manifest.file}.sql, passage {manifest.attempt}.",
        where=shown(backup.path),
        stands="nothing was changed",
        then=_LISTED,
    )


def require_its_turn(state: LedgerState, row: BackupRow) -> LedgerFile:
    """The file of a backup, where it is its turn to be undone, or has just been. Raises Refused."""
    known = state.file(row.sql_migration_id)
    if row.direction == "down":
        raise Refused(
            f"This backup was taken before {row.name}.sql was rolled back, and only what a file "
            "lost on its way up is brought back here.",
            stands="nothing was changed",
            then=f"python manage.py db_migrate   (applies it again), and load {row.path}/dump.sql "
            "into another database to copy from",
        )
    passage = None if known is None else known.attempt - (known.direction == "down")
    if known is None or passage != row.attempt:
        raise Refused(
            f"This backup was taken before passage {row.attempt} of {row.name}.sql, which has been "
            "applied again since: what it would undo is not what lost this data.",
            stands="nothing was changed",
            then=_LISTED,
        )
    flying = state.in_flight
    if flying is not None and (flying.id != known.id or flying.direction == "up"):
        raise LedgerConflict(
            f"{flying.name} is half applied; only a whole file can be undone.",
            stands="nothing was run",
            then="python manage.py db_migrate   (finishes it), then db_restore",
        )
    later = [file for file in state.applied if _is_later(file, known)]
    if later:
        names = ", ".join(f"{file.name}.sql" for file in reversed(later))
        raise Refused(
            f"{known.name}.sql is not the last file that was applied: {names} would be undone "
            "first.",
            stands="nothing was changed",
            then=f"python manage.py db_rollback {later[0].name}, then db_restore {known.name}",
        )
    return known


def _is_later(file: LedgerFile, known: LedgerFile) -> bool:
    """Applied after ``known`` was applied or, where it is undone, after that."""
    if known.is_in_flight:  # its rollback was begun when it was the last one
        return False
    return (file.finished_at, file.name) > (known.finished_at, known.name)


def _require_reversible(connection: BaseDatabaseWrapper, known: LedgerFile, backup: Backup) -> None:
    reason = parse(Ledger(connection).file_row(known.id).down_text).irreversible
    if reason:
        raise Refused(
            f"{known.name}.sql cannot be undone, so that its data cannot go back where it was: "
            f"{reason}",
            where=f"{known.name}.down.sql",
            stands="nothing was changed",
            then="load the dump into an empty database beside this one, and copy from there what "
            f"is needed: mysql OTHER_DATABASE < {shown(backup.dump)}",
        )


def _require_possible(parts: tuple[Part, ...], backup: Backup) -> None:
    for part in parts:
        if part.refusal:
            raise Refused(
                f"The data cannot be brought back: {part.refusal}.",
                where=shown(backup.path),
                stands="nothing was changed",
                then="load the dump into an empty database beside this one, and copy from there: "
                f"mysql OTHER_DATABASE < {shown(backup.dump)}",
            )
