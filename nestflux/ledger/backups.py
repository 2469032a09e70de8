"""The ledger's rows of backups: which dump was taken before which attempt of which file."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any

from django.db.utils import ProgrammingError

from nestflux.database.numbers import NO_SUCH_TABLE

if TYPE_CHECKING:
    from django.db.backends.base.base import BaseDatabaseWrapper

    from nestflux.ledger.rows import AttemptKey


@dataclass(frozen=True)
class BackupRow:
    """A row of ``nestflux_backup``. ``tables``: rows by table; ``lost``: what the attempt loses,
    as the backup's manifest says it; ``restored_at`` is empty where it never was; ``command`` is
    the one that took it."""

    id: int
    sql_migration_id: str
    name: str
    direction: str
    attempt: int
    path: str
    sha256: str
    tables: Mapping[str, int]
    lost: Sequence[Mapping[str, str]]
    taken_at: str
    restored_at: str = ""
    command: str = ""

    @property
    def rows(self) -> int:
        return sum(self.tables.values())


def read_backups(connection: BaseDatabaseWrapper) -> tuple[BackupRow, ...]:
    """Every backup, the oldest first; none where the ledger is older than backups."""
    try:
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT b.id, b.sql_migration_id, COALESCE(m.name, b.sql_migration_id), "
                "b.direction, b.attempt, b.path, b.sha256, CONVERT(b.tables USING utf8mb4), "
                "CONVERT(b.lost USING utf8mb4), CAST(b.taken_at AS CHAR), "
                "COALESCE(CAST(b.restored_at AS CHAR), ''), COALESCE(r.command, '') "
                "FROM nestflux_backup b "
                "LEFT JOIN nestflux_sql_migration m ON m.id = b.sql_migration_id "
                "LEFT JOIN nestflux_run r ON r.id = b.run_id ORDER BY b.id"
            )
            return tuple(_row(values) for values in cursor.fetchall())
    except ProgrammingError as error:
        if error.args and error.args[0] == NO_SUCH_TABLE:
            return ()
        raise


def last_of(rows: Sequence[BackupRow]) -> BackupRow | None:
    """Which of a file's backups its name stands for: the last, but not one that a restore took
    before it turned the file round, or running that restore again would restore another."""
    chosen = [row for row in rows if row.command != "db_restore"] or list(rows)
    return chosen[-1] if chosen else None


def _row(values: Sequence[Any]) -> BackupRow:
    named = dict(zip((field.name for field in fields(BackupRow)), values, strict=True))
    return BackupRow(
        **{**named, "tables": json.loads(named["tables"]), "lost": json.loads(named["lost"])}
    )


def put_backup(
    connection: BaseDatabaseWrapper,
    run_id: int | None,
    key: AttemptKey,
    *,
    path: Path,
    sha256: str,
    tables: Mapping[str, int],
    lost: Sequence[Mapping[str, str]],
) -> None:
    """Write that a backup was taken before an attempt."""
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO nestflux_backup (sql_migration_id, direction, attempt, path, sha256, "
            "`tables`, lost, taken_at, run_id) "
            "VALUES (%s, %s, %s, %s, %s, %s, %s, UTC_TIMESTAMP(6), %s)",
            [*key, str(path), sha256, json.dumps(tables), json.dumps(lost), run_id],
        )


def backup_restored(connection: BaseDatabaseWrapper, identity: int) -> None:
    """Write that a backup's data is back: in the transaction that brings it."""
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE nestflux_backup SET restored_at = UTC_TIMESTAMP(6) WHERE id = %s", [identity]
        )
