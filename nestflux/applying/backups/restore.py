"""``db_restore``: a backup's data comes back, once the attempt that lost it is reversed.

What a file lost comes back with its rollback, what a rollback lost with the file applied again: so
ledger, schema and data never disagree. Either is the ordinary one. The data then comes in one
transaction with the row that says so: a restore that dies is finished by the next one, and none is
done twice.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from django.db import transaction
from django.db.utils import Error

from nestflux.applying.backups.bringing_back import (
    WRITING,
    TableRestore,
    bring_back,
    rows_text,
    table_restores,
)
from nestflux.applying.backups.folder import Backup, open_backup, require_intact
from nestflux.applying.backups.scratch_tables import (
    LOADING,
    DumpedTable,
    drop_scratch_tables,
    load_scratch_tables,
    scratch_names,
    tables_of,
)
from nestflux.applying.plan.load_plan import make_plan
from nestflux.applying.plan.plan import Plan
from nestflux.applying.run.context import Context, Options
from nestflux.applying.run.events import Restored
from nestflux.applying.run.frame import lock_held, run_opened
from nestflux.applying.run.migrate import migrate
from nestflux.applying.run.rollback import RollbackPlan, Wanted, agreed, plan_rollback, rollback
from nestflux.applying.suitability import refuse_unsuitable
from nestflux.applying.target import Target
from nestflux.database.errors import in_words
from nestflux.database.server import schema_name
from nestflux.database.session import pin, restored_session
from nestflux.exceptions import LedgerConflict, Refused, RestoreFailed
from nestflux.history.folder import display_path
from nestflux.history.sqlfile import parse
from nestflux.ledger.backups import BackupRow, backup_restored, last_of, read_backups
from nestflux.ledger.ledger import Ledger, LedgerFile, LedgerState, read_state

if TYPE_CHECKING:
    from django.db.backends.base.base import BaseDatabaseWrapper

_LISTED = "python manage.py db_restore   (lists the backups that the ledger knows)"


@dataclass(frozen=True)
class RestorePlan:
    """What ``db_restore`` will do. ``way`` reverses the attempt that lost the data; None where
    that is done already, as by a restore that died. ``done``: the data is back already, and
    nothing is to do."""

    row: BackupRow
    backup: Backup
    parts: tuple[TableRestore, ...] = ()
    way: RollbackPlan | Plan | None = None
    done: bool = False

    @property
    def reversal(self) -> str:
        """Where the file stands when the data comes back."""
        return "rolled back" if self.row.direction == "up" else "applied again"

    def lines(self) -> Iterator[str]:
        """What is brought back, for a person."""
        tables = self.backup.manifest.tables
        for part in self.parts:
            name = part.table.name
            if part.whole_rows:
                yield f"table {name}: its rows that are missing, of {rows_text(tables[name])}"
            if part.columns:
                columns = ", ".join(part.columns)
                yield f"column {name}.{columns}: the values of {rows_text(tables[name])}"


def backups_of(target: Target) -> tuple[BackupRow, ...]:
    """The backups that a database's ledger knows, the oldest first."""
    return read_backups(target.connection)


def plan_restore(target: Target, which: str) -> RestorePlan:
    """What ``restore`` would do now. Changes nothing. Raises Refused.

    Args:
        which: a backup's folder, or a file's name: its last backup.
    """
    connection = target.connection
    row, backup = _find(connection, which)
    state = read_state(connection) or LedgerState()
    if row.restored_at:
        return RestorePlan(row, backup, done=True)
    known = require_latest(state, row)
    reversed_already = known.state == ("rolled_back" if row.direction == "up" else "applied")
    if not reversed_already and row.direction == "up":
        _require_reversible(connection, known, backup)
    require_intact(backup)
    parts = table_restores(backup.manifest.lost, _dumped(backup))
    _require_possible(parts, backup)
    return RestorePlan(row, backup, parts, None if reversed_already else _way(target, row, known))


def _way(target: Target, row: BackupRow, known: LedgerFile) -> RollbackPlan | Plan:
    if row.direction == "up":
        return plan_rollback(target, Wanted(file=known.name))
    plan = make_plan(target, to=known.name)
    if others := [entry.name for entry in plan.pending if entry.id != known.id]:
        raise Refused(
            f"Before {known.name}.sql is applied again, others are pending: {', '.join(others)}.",
            stands="nothing was changed",
            then=f"python manage.py db_migrate --to {others[-1]}, then db_restore {known.name}",
        )
    return plan


def restore(
    target: Target, which: str, *, expected: RestorePlan, options: Options | None = None
) -> Restored | None:
    """Reverse what lost the data, and bring it back; None where that was done already.

    Args:
        which: see ``plan_restore``.
        expected: the plan that a person agreed to; refused where it is another one by now.

    Raises as ``rollback`` and ``migrate`` do, and RestoreFailed where the data could not be brought
    back: the next call goes on with it.
    """
    options = agreed(replace(options or Options(), command="db_restore"))
    connection = target.connection
    refuse_unsuitable(target)
    # The server counts how often one connection takes a lock (Manual 14.14; MariaDB KB GET_LOCK):
    # what reverses the file takes and gives it back inside, and nobody gets in between.
    with lock_held(connection, options) as lock:
        plan = plan_restore(target, which)
        if (plan.row.id, plan.done) != (expected.row.id, expected.done):
            raise LedgerConflict(
                "Another deploy changed what is to be restored while you were asked.",
                stands="nothing was run",
                then=_LISTED,
            )
        _reverse(target, plan, expected, options)
        state = read_state(connection) or LedgerState()
        with run_opened(target, lock, options, target.order, state.version) as context:
            if not plan.done:
                return _bring_back(context, plan)
            drop_scratch_tables(connection)
            return None


def _reverse(target: Target, plan: RestorePlan, expected: RestorePlan, options: Options) -> None:
    match plan.way:
        case RollbackPlan():
            seen = expected.way if isinstance(expected.way, RollbackPlan) else plan.way
            rollback(target, Wanted(file=plan.row.name), expected=seen, options=options)
        case Plan():
            migrate(target, to=plan.row.name, options=options)


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
        with suppress(Error):
            drop_scratch_tables(connection)
        what = error.what if isinstance(error, RestoreFailed) else in_words(error, connection)
        raise RestoreFailed(
            f"The data could not be brought back: {what}",
            where=display_path(backup.path),
            stands=f"{plan.row.name}.sql is {plan.reversal}, and none of the data is there yet",
            then=f"fix the cause, then: python manage.py db_restore {plan.row.name}",
        ) from error
    restored = Restored(display_path(backup.path), lines, time.monotonic() - started)
    context.tell(restored)
    return restored


def _dumped(backup: Backup) -> dict[str, DumpedTable]:
    found = tables_of(backup.dump, backup.manifest.tables)
    if missing := sorted(backup.manifest.tables.keys() - found.keys()):
        raise Refused(
            f"The backup cannot be used: its dump does not make {missing[0]}.",
            where=display_path(backup.path),
            stands="nothing was changed",
            then="find a copy of the backup that is whole",
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
    row = last_of([row for row in rows if row.name == wanted or row.name.startswith(number)])
    if row is None:
        raise Refused(
            f"{which} is no folder, and no file of which the ledger knows a backup.",
            stands="nothing was changed",
            then=_LISTED,
        )
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
        f"of {manifest.database} before {manifest.file}.sql, attempt {manifest.attempt}.",
        where=display_path(backup.path),
        stands="nothing was changed",
        then=_LISTED,
    )


def require_latest(state: LedgerState, row: BackupRow) -> LedgerFile:
    """The file of a backup, where what lost its data is the last that was done, or is reversed
    already. Raises Refused."""
    known = state.file(row.sql_migration_id)
    attempt = None if known is None else known.attempt - (known.direction != row.direction)
    if known is None or attempt != row.attempt:
        raise Refused(
            f"This backup was taken before attempt {row.attempt} of {row.name}.sql, which went up "
            "or down again since: what would be reversed is not what lost this data.",
            stands="nothing was changed",
            then=_LISTED,
        )
    flying = state.in_flight
    if flying is not None and (flying.id != known.id or flying.direction == row.direction):
        half, command = ("applied", "db_migrate")
        if flying.direction == "down":
            half, command = ("rolled back", "db_rollback")
        raise LedgerConflict(
            f"{flying.name} is half {half}; only a whole file can be reversed.",
            stands="nothing was run",
            then=f"python manage.py {command}   (finishes it), then db_restore",
        )
    later = [file for file in state.applied if _is_later(file, known)]
    if later:
        names = ", ".join(f"{file.name}.sql" for file in reversed(later))
        raise Refused(
            f"Since {known.name}.sql others were applied: {names} must be undone first.",
            stands="nothing was changed",
            then=f"python manage.py db_rollback {later[0].name}, then db_restore {known.name}",
        )
    return known


def _is_later(file: LedgerFile, known: LedgerFile) -> bool:
    """Applied after ``known`` went up or down?"""
    if known.is_in_flight:  # what reverses it was begun when it was the last one
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
            f"is needed: mysql OTHER_DATABASE < {display_path(backup.dump)}",
        )


def _require_possible(parts: tuple[TableRestore, ...], backup: Backup) -> None:
    for part in parts:
        if part.refusal:
            raise Refused(
                f"The data cannot be brought back: {part.refusal}.",
                where=display_path(backup.path),
                stands="nothing was changed",
                then="load the dump into an empty database beside this one, and copy from there: "
                f"mysql OTHER_DATABASE < {display_path(backup.dump)}",
            )
