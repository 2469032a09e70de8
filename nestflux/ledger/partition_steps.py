"""The ledger's rows of what ``db_partitions`` ran. They are rows of ``nestflux_statement`` that
belong to no file: its id is ``partitions``, the attempt is the run's id.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from nestflux.ledger.ledger import Ledger, LedgerStep
from nestflux.ledger.rows import AttemptKey
from nestflux.schema.diff import Definitions, Delta
from nestflux.schema.objects import from_texts

if TYPE_CHECKING:
    from django.db.backends.base.base import BaseDatabaseWrapper

FILE_ID = "partitions"


@dataclass(frozen=True)
class UnfinishedStep:
    """A step whose run ended without saying what became of it. ``before``: the definition of its
    table when it was begun; None where it was not begun."""

    id: int
    before: Definitions | None


def write_pending(ledger: Ledger, run_id: int, steps: Sequence[tuple[str, str, str]]) -> AttemptKey:
    """The rows of a run, before its first step.

    Args:
        steps: the model's label, the statement, and in words what it does.
    """
    key = AttemptKey(FILE_ID, "up", run_id)
    rows = [
        LedgerStep(
            ordinal=ordinal,
            sha256=hashlib.sha256(sql.encode()).hexdigest(),
            kind="ddl",
            migration=label,
            sql=sql,
            verdict="",
            undecidable="",
            recorded=Delta(),
            note=words,
        )
        for ordinal, (label, sql, words) in enumerate(steps, start=1)
    ]
    ledger.replace_pending(key, rows, 0)
    return key


def unfinished_steps(connection: BaseDatabaseWrapper) -> tuple[UnfinishedStep, ...]:
    """Those of runs that died: whoever holds the lock is alone."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT id, CONVERT(before_reading USING utf8mb4) FROM nestflux_statement "
            "WHERE sql_migration_id = %s AND state IN ('pending', 'started') ORDER BY id",
            [FILE_ID],
        )
        return tuple(
            UnfinishedStep(int(identity), from_texts(json.loads(before)) if before else None)
            for identity, before in cursor.fetchall()
        )


def settle(connection: BaseDatabaseWrapper, step: UnfinishedStep, *, ran: bool, note: str) -> None:
    """Write what became of a step whose run died."""
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE nestflux_statement SET state = %s, note = CONCAT(note, '; ', %s), "
            "finished_at = UTC_TIMESTAMP(6) WHERE id = %s",
            ["done" if ran else "skipped", note, step.id],
        )
