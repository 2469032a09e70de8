"""The ledger's rows of backups: which dump was taken before which passage of which file."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from django.db.utils import ProgrammingError

from nestflux.database.numbers import NO_SUCH_TABLE

if TYPE_CHECKING:
    from django.db.backends.base.base import BaseDatabaseWrapper


@dataclass(frozen=True)
class BackupRow:
    """A row of ``nestflux_backup``. ``tables``: rows by table; ``lost``: what the passage loses,
    as the backup's manifest says it; ``restored_at`` is empty where it never was."""

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
                "COALESCE(CAST(b.restored_at AS CHAR), '') FROM nestflux_backup b "
                "LEFT JOIN nestflux_sql_migration m ON m.id = b.sql_migration_id ORDER BY b.id"
            )
            return tuple(_row(values) for values in cursor.fetchall())
    except ProgrammingError as error:
        if error.args and error.args[0] == NO_SUCH_TABLE:
            return ()
        raise


def _row(values: Sequence[Any]) -> BackupRow:
    identity, file_id, name, direction, attempt, path, sha256, tables, lost, taken, restored = (
        values
    )
    return BackupRow(
        id=identity,
        sql_migration_id=file_id,
        name=name,
        direction=direction,
        attempt=attempt,
        path=path,
        sha256=sha256,
        tables=json.loads(tables),
        lost=json.loads(lost),
        taken_at=taken,
        restored_at=restored,
    )


def put_backup(
    connection: BaseDatabaseWrapper,
    run_id: int | None,
    passage: tuple[str, str, int],
    *,
    path: Path,
    sha256: str,
    tables: Mapping[str, int],
    lost: Sequence[Mapping[str, str]],
) -> None:
    """Write that a backup was taken. ``passage``: file id, direction, attempt."""
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO nestflux_backup (sql_migration_id, direction, attempt, path, sha256, "
            "`tables`, lost, taken_at, run_id) "
            "VALUES (%s, %s, %s, %s, %s, %s, %s, UTC_TIMESTAMP(6), %s)",
            [*passage, str(path), sha256, json.dumps(tables), json.dumps(lost), run_id],
        )


def backup_restored(connection: BaseDatabaseWrapper, identity: int) -> None:
    """Write that a backup's data is back: in the transaction that brings it."""
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE nestflux_backup SET restored_at = UTC_TIMESTAMP(6) WHERE id = %s", [identity]
        )
