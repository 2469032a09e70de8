"""Backups before loss: no file takes data away before a dump of it was taken, or was declined."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from django.db import transaction

from nestflux.applying.backups.choice import Answer, BackupChoice
from nestflux.applying.backups.folder import (
    DUMP,
    Backup,
    Manifest,
    complete,
    folder_in_the_making,
    is_usable,
    lost_as_json,
)
from nestflux.applying.backups.losses import Loss, losses_live
from nestflux.applying.plan.tasks import Task, Work
from nestflux.applying.run.events import BackupStarted, BackupTaken, Noticed
from nestflux.database.dumping import Dump, Tool, dump, find_tool
from nestflux.database.server import schema_name
from nestflux.exceptions import BackupFailed, NestFluxError, Refused
from nestflux.history.folder import display_path
from nestflux.ledger.backups import put_backup, read_backups
from nestflux.ledger.ledger import Ledger, LedgerFile, LedgerState
from nestflux.sql.lexer import quoted

if TYPE_CHECKING:
    from django.db.backends.base.base import BaseDatabaseWrapper

    from nestflux.applying.run.attempt_rows import AttemptRows
    from nestflux.applying.run.context import Context
    from nestflux.applying.target import Target
    from nestflux.ledger.rows import AttemptKey


@dataclass(frozen=True)
class Due:
    """A file that would take data away, and what."""

    name: str
    losses: tuple[Loss, ...]

    def __str__(self) -> str:
        return f"{self.name}.sql loses data:{describe_losses(self.losses)}"


def describe_losses(losses: Sequence[Loss]) -> str:
    """What follows a colon: one loss on the same line, several on lines of their own."""
    if len(losses) == 1:
        return f" {losses[0]}."
    return "".join(f"\n    {loss}" for loss in losses)


def due(
    connection: BaseDatabaseWrapper, works: Sequence[Work], state: LedgerState
) -> tuple[Due, ...]:
    """The files of a run before which a backup is due, as far as it can be foreseen: those that
    take rows away which are there now, and have no backup from a run that died."""
    ledger = Ledger(connection)
    attempts = [_ahead(ledger, work, state.file(work.file.id)) for work in works]
    found = []
    for work, losses in zip(works, losses_live(connection, attempts), strict=True):
        known = state.file(work.file.id)
        losses = tuple(loss for loss in losses if loss.rows != 0)
        if losses and not (
            known is not None
            and known.is_in_flight
            and _has_backup(connection, known.attempt_key, losses)
        ):
            found.append(Due(work.file.name, losses))
    return tuple(found)


def _ahead(ledger: Ledger, work: Work, known: LedgerFile | None) -> Sequence[Task]:
    """The steps that are still to run."""
    if known is None or not known.is_in_flight or known.direction != work.direction:
        return work.to_run  # a new attempt, or one that turns another round
    rows = ledger.steps(known.attempt_key)
    done = 0
    while done < len(rows) and rows[done].state in ("done", "skipped"):
        done += 1
    return tuple(task for task in work.to_run if task.ordinal > done)


def _has_backup(
    connection: BaseDatabaseWrapper, attempt: AttemptKey, losses: Sequence[Loss]
) -> bool:
    """Was one taken by the run that died in this very attempt, of all that is lost?"""
    needed = {loss.table for loss in losses}
    return any(
        needed <= set(row.tables) and is_usable(row.path, row.sha256)
        for row in read_backups(connection)
        if (row.sql_migration_id, row.direction, row.attempt) == attempt
    )


def refuse_unbacked(
    target: Target,
    works: Sequence[Work],
    state: LedgerState,
    choice: BackupChoice,
    command: str,
) -> None:
    """Raises Refused, with nothing run, where a backup is due and nobody chose, or where the tool
    that would take it is not there."""
    if choice.answer in (Answer.NOT_ASKED, Answer.DECLINE):
        return
    if not (wanted := due(target.connection, works, state)):
        return
    if choice.answer is Answer.TAKE:
        find_tool(target.server.family)
        return
    raise Refused(
        "\n".join(str(each) for each in wanted),
        stands="nothing was run",
        then=_options(command),
    )


def _options(command: str) -> str:
    return (
        f"python manage.py {command} --backup DIR   (db_restore brings it back)\n"
        f"         python manage.py {command} --no-backup"
    )


def back_up(context: Context, attempt: AttemptRows) -> Backup | None:
    """Take the backup that an attempt is due, right before it begins; None where none is.

    Raises BackupFailed with the file not begun.
    """
    choice = context.options.backup
    if choice.answer is Answer.NOT_ASKED:
        return None
    connection = context.connection
    ahead = _ahead(context.ledger, attempt.work, attempt.known)
    (live,) = losses_live(connection, [ahead])
    losses = tuple(loss for loss in live if loss.rows != 0)
    key = attempt.key
    if not losses or (attempt.resumes and _has_backup(connection, key, losses)):
        return None
    context.outbox.send()  # a dump may take minutes
    context.touched.forget()
    file = f"{attempt.row.name}{'.down' if key.direction == 'down' else ''}.sql"
    if choice.answer is Answer.DECLINE:
        context.tell(
            Noticed(f"No backup is taken before {file}, which loses:{describe_losses(losses)}")
        )
        return None
    if choice.answer is Answer.NONE:
        raise BackupFailed(
            f"{file} loses data:{describe_losses(losses)}",
            stands="what stood before it is applied; this file was not begun",
            then=_options(context.options.command),
        )
    try:
        return _taken(context, attempt, key, losses)
    except NestFluxError as error:
        raise BackupFailed(
            f"No backup could be taken before {file}: {error.what}",
            where=str(choice.folder),
            stands=f"{file} was not begun; what stood before it is applied",
            then=f"fix the cause and run {context.options.command} again, or: "
            f"python manage.py {context.options.command} --no-backup",
        ) from error


def _taken(
    context: Context, attempt: AttemptRows, key: AttemptKey, losses: tuple[Loss, ...]
) -> Backup:
    connection, choice = context.connection, context.options.backup
    tables = tuple(dict.fromkeys(loss.table for loss in losses))
    tool = find_tool(context.server.family)
    started = time.monotonic()
    context.tell(BackupStarted(attempt.row.name, tables, display_path(choice.folder)))
    _notice_floats(context, tables)
    database = schema_name(connection)
    with folder_in_the_making(choice.folder, database, attempt.row.name) as (made, name):
        found = _dumped(context, tool, tables, made)
        manifest = Manifest(
            file_id=key.file_id,
            file=attempt.row.name,
            direction=key.direction,
            attempt=key.attempt,
            database=database,
            server=context.server.name,
            tool=tool.version,
            taken_at=datetime.now(UTC).isoformat(timespec="seconds"),
            tables=found.rows,
            lost=tuple(loss.lost for loss in losses),
            sha256=found.sha256,
            size=found.size,
        )
        backup = complete(made, name, manifest)
    context.lock.require()
    with transaction.atomic(connection.alias):
        put_backup(
            connection,
            context.ledger.run_id,
            key,
            path=backup.path,
            sha256=manifest.sha256,
            tables=manifest.tables,
            lost=lost_as_json(manifest.lost),
        )
    seconds = time.monotonic() - started
    context.tell(
        BackupTaken(
            attempt.row.name,
            display_path(backup.path),
            len(tables),
            manifest.rows,
            manifest.size,
            seconds,
        )
    )
    return backup


def _dumped(context: Context, tool: Tool, tables: Sequence[str], made: Path) -> Dump:
    """A dump whose rows are those of the tables. Where a table is written to meanwhile, its count
    says nothing, and the dump's stands."""
    before = _counts(context.connection, tables)
    found = dump(context.connection, context.server, tool, tables, made / DUMP)
    after = _counts(context.connection, tables)
    for table, rows in found.rows.items():
        if before[table] == after[table] != rows:
            raise BackupFailed(
                f"the dump holds {rows:,} rows of {table}, and the table {after[table]:,}."
            )
    return found


def _counts(connection: BaseDatabaseWrapper, tables: Sequence[str]) -> dict[str, int]:
    found = {}
    with connection.cursor() as cursor:
        for table in tables:
            cursor.execute(f"SELECT COUNT(*) FROM {quoted(table)}")
            found[table] = int(cursor.fetchone()[0])
    return found


def _notice_floats(context: Context, tables: Sequence[str]) -> None:
    """Dump tools print a FLOAT with six digits; Django's FloatField is a DOUBLE, which is exact."""
    marks = ", ".join(["%s"] * len(tables))
    with context.connection.cursor() as cursor:
        cursor.execute(
            "SELECT TABLE_NAME, COLUMN_NAME FROM information_schema.COLUMNS "
            f"WHERE TABLE_SCHEMA = DATABASE() AND DATA_TYPE = 'float' AND TABLE_NAME IN ({marks})",
            list(tables),
        )
        for table, column in cursor.fetchall():
            context.tell(
                Noticed(f"{table}.{column} is a FLOAT: the dump tool keeps six digits of it")
            )
