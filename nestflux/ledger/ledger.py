"""The ledger, written row by row; ``ledger_rows`` has the rows as values.

Knows tables and columns, and nothing of plans. Every write happens under the lock, which the
caller checks; times are the server's, in UTC.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import fields
from typing import TYPE_CHECKING, Any

from django.db.utils import ProgrammingError

from nestflux.database.packets import AT_ONCE, batches, weight_of
from nestflux.database.rendering import rendered
from nestflux.ledger import measured
from nestflux.ledger.process import this_process
from nestflux.ledger.recorded_migrations import inserts
from nestflux.ledger.rows import (
    AttemptKey,
    FileRow,
    LedgerFile,
    LedgerState,
    LedgerStep,
    StepKey,
    read_state,
)
from nestflux.schema.diff import Definitions, Delta
from nestflux.schema.objects import ObjectKey, from_texts, to_texts

if TYPE_CHECKING:
    from django.db.backends.base.base import BaseDatabaseWrapper

__all__ = ["FileRow", "Ledger", "LedgerFile", "LedgerState", "LedgerStep", "read_state"]

# A file's long texts. Where they do not fit into one statement with the rest of its row, each is
# written by one of its own, in the same transaction.
_TEXTS = ("up_text", "down_text", "record")
_EXCERPT = 4000  # of an error's text: the column is of 65,535 bytes


class Ledger:
    """Reads and writes rows. One a run; ``run_id`` is the run's own row once it was opened."""

    def __init__(self, connection: BaseDatabaseWrapper) -> None:
        self.connection = connection
        self.run_id: int | None = None
        self._collected: list[str] | None = None

    @contextmanager
    def collected(self) -> Iterator[list[str]]:
        """Write nothing while the block lasts: the list gets the statements, for whoever sends them
        with others."""
        statements: list[str] = []
        self._collected = statements
        try:
            yield statements
        finally:
            self._collected = None

    # ---- runs ------------------------------------------------------------------------------

    def open_run(self, command: str, connection_id: int) -> int:
        """The row of this run, and the end of those that died: who holds the lock is alone."""
        self._execute(
            "UPDATE nestflux_run SET outcome = 'failed', finished_at = UTC_TIMESTAMP(6), "
            "error_text = 'exited without recording a result' WHERE outcome = 'running'"
        )
        values = {
            "command": command,
            "alias": self.connection.alias,
            **this_process(),
            "connection_id": connection_id,
            "outcome": "running",
            "error_text": "",
            "post_migrate_owed": False,
            "post_migrate_hash": "",
        }
        self.run_id = self._insert("nestflux_run", values, now=("started_at",))
        return self.run_id

    def close_run(self, outcome: str, error: str = "") -> None:
        self._execute(
            "UPDATE nestflux_run SET outcome = %s, error_text = %s, "
            "finished_at = UTC_TIMESTAMP(6) WHERE id = %s",
            [outcome, error[:_EXCERPT], self.run_id],
        )

    def move_run(self, connection_id: int, step: StepKey) -> bool:
        """This run goes on in another connection, if the step that it has begun is still as it
        left it: another run that looked at it meanwhile, and stopped, does no harm. Under the
        lock."""
        rows = self._rows(
            "SELECT 1 FROM nestflux_statement WHERE sql_migration_id = %s AND direction = %s "
            "AND attempt = %s AND ordinal = %s AND state = 'started' AND run_id = %s",
            [*step, self.run_id],
        )
        if not rows:
            return False
        self._execute(
            "UPDATE nestflux_run SET connection_id = %s, outcome = 'running', finished_at = NULL, "
            "error_text = '' WHERE id = %s",
            [connection_id, self.run_id],
        )
        return True

    def beat(self) -> None:
        """This run lives."""
        self._execute(
            "UPDATE nestflux_run SET heartbeat_at = UTC_TIMESTAMP(6) WHERE id = %s", [self.run_id]
        )

    def mark_signals_pending(self) -> None:
        self._execute("UPDATE nestflux_run SET post_migrate_owed = 1 WHERE id = %s", [self.run_id])

    def signals_sent(self, digest: str) -> None:
        """``post_migrate`` was sent by this run: nothing is pending any more."""
        self._execute(
            "UPDATE nestflux_run SET post_migrate_sent_at = UTC_TIMESTAMP(6), "
            "post_migrate_hash = %s WHERE id = %s",
            [digest, self.run_id],
        )
        self._execute("UPDATE nestflux_run SET post_migrate_owed = 0 WHERE post_migrate_owed = 1")

    def pending_from_rollback(self) -> bool:
        """Did the run whose ``post_migrate`` has not been sent undo files?"""
        rows = self._rows(
            "SELECT 1 FROM nestflux_sql_migration WHERE state = 'rolled_back' AND run_id = "
            "(SELECT MAX(id) FROM nestflux_run WHERE post_migrate_owed = 1) LIMIT 1"
        )
        return bool(rows)

    def open_loading(self, objects: Mapping[ObjectKey, int]) -> None:
        """What a fresh load is about to make, and how many rows in it, before it makes it."""
        self._execute(
            "UPDATE nestflux_run SET loading = %s, loaded_at = NULL WHERE id = %s",
            [json.dumps(to_texts(objects)), self.run_id],
        )

    def close_loading(self) -> None:
        self._execute(
            "UPDATE nestflux_run SET loaded_at = UTC_TIMESTAMP(6) "
            "WHERE loading IS NOT NULL AND loaded_at IS NULL"
        )

    def forget_loading(self) -> None:
        """What a load that died had made is dropped: nothing of it is to be dropped again."""
        self._execute("UPDATE nestflux_run SET loading = NULL WHERE loaded_at IS NULL")

    # ---- files -----------------------------------------------------------------------------

    def file_row(self, identity: str) -> FileRow:
        """All that the ledger keeps of a file, for one that is no longer on disk."""
        names = [field.name for field in fields(FileRow)]
        columns = ["books" if name == "recorded_migrations" else name for name in names]
        rows = self._rows(
            f"SELECT {', '.join(f'`{c}`' for c in columns)} FROM nestflux_sql_migration "
            "WHERE id = %s",
            [identity],
        )
        values = dict(zip(names, rows[0], strict=True))
        values["migrations"] = tuple(json.loads(values["migrations"]))
        recorded = json.loads(values["recorded_migrations"])
        values["recorded_migrations"] = tuple(recorded)
        return FileRow(**values)

    def texts(self) -> Iterator[str]:
        """The texts of every file that the ledger knows, of another branch's too; none where there
        is no ledger."""
        with suppress(ProgrammingError):
            for texts in self._rows("SELECT down_text, up_text FROM nestflux_sql_migration"):
                yield from texts

    def put_file(self, row: FileRow, **state: Any) -> None:
        """Write a file's row, or renew the one that is there. ``state``: further columns."""
        columns = {**row.columns(self.connection.alias), **state, "run_id": self.run_id}
        self._put_files([columns], keep=("id",))

    def put_applied(self, rows: Sequence[FileRow], origin: str) -> None:
        """Record whole files as applied in one write: by the snapshot, a baseline, by hand."""
        if not rows:
            return
        state = {
            "state": "applied",
            "origin": origin,
            "direction": "up",
            "attempt": 1,
            "run_id": self.run_id,
        }
        columns = [{**row.columns(self.connection.alias), **state} for row in rows]
        self._put_files(columns, keep=("id", "attempt"))
        marks = ", ".join(["%s"] * len(rows))
        self._execute(
            "UPDATE nestflux_sql_migration SET started_at = UTC_TIMESTAMP(6), "
            f"finished_at = UTC_TIMESTAMP(6), seconds = 0 WHERE id IN ({marks})",
            [row.id for row in rows],
        )

    def exchange_files(
        self, rows: Sequence[FileRow], *, since: str, out: Sequence[str], back: Sequence[str]
    ) -> None:
        """``rows`` are applied since a moment (UTC), and ``back``, whose rows are there, again; the
        files ``out``, which stood for them, are replaced and keep their texts."""
        for state, identities in (("replaced", out), ("applied", back)):
            if identities:
                marks = ", ".join(["%s"] * len(identities))
                self._execute(
                    f"UPDATE nestflux_sql_migration SET state = %s WHERE id IN ({marks})",
                    [state, *identities],
                )
        self.put_applied(rows, "squashed")
        for row in rows:
            self._execute(
                "UPDATE nestflux_sql_migration SET started_at = %s, finished_at = %s WHERE id = %s",
                [since, since, row.id],
            )

    def renew_file(self, row: FileRow, old_id: str = "") -> None:
        """Give a file's row its new name, id, texts and hashes; its state stays."""
        columns = row.columns(self.connection.alias)
        texts = self._texts_apart(columns)
        assignments = ", ".join(f"`{column}` = %s" for column in columns)
        self._execute(
            f"UPDATE nestflux_sql_migration SET {assignments} WHERE id = %s",
            [*columns.values(), old_id or row.id],
        )
        self._put_texts(row.id, texts)
        if old_id and old_id != row.id:
            for table in ("nestflux_statement", "nestflux_backup"):
                self._execute(
                    f"UPDATE {table} SET sql_migration_id = %s WHERE sql_migration_id = %s",
                    [row.id, old_id],
                )

    def begin_file(self, identity: str, state: str, direction: str, attempt: int) -> None:
        self._execute(
            "UPDATE nestflux_sql_migration SET state = %s, direction = %s, attempt = %s, "
            "run_id = %s, started_at = UTC_TIMESTAMP(6), finished_at = NULL, seconds = NULL "
            "WHERE id = %s",
            [state, direction, attempt, self.run_id, identity],
        )

    def set_file_state(self, identity: str, state: str) -> None:
        self._execute(
            "UPDATE nestflux_sql_migration SET state = %s, run_id = %s WHERE id = %s",
            [state, self.run_id, identity],
        )

    def finish_file(self, identity: str, state: str) -> None:
        self._execute(
            "UPDATE nestflux_sql_migration SET state = %s, run_id = %s, "
            "finished_at = UTC_TIMESTAMP(6), seconds = "
            "TIMESTAMPDIFF(MICROSECOND, started_at, UTC_TIMESTAMP(6)) / 1000000 WHERE id = %s",
            [state, self.run_id, identity],
        )

    # ---- statements ------------------------------------------------------------------------

    def steps(self, attempt: AttemptKey) -> tuple[LedgerStep, ...]:
        """The rows of one attempt of a file."""
        rows = self._rows(
            "SELECT ordinal, sha256, kind, migration, `sql`, verdict, undecidable, delta, state, "
            "before_reading, error_text, note, rows_affected, seconds FROM nestflux_statement "
            "WHERE sql_migration_id = %s AND direction = %s AND attempt = %s ORDER BY ordinal",
            attempt,
        )
        return tuple(
            LedgerStep(
                ordinal=row[0],
                sha256=row[1],
                kind=row[2],
                migration=row[3],
                sql=row[4],
                verdict=row[5],
                undecidable=row[6],
                recorded=Delta.from_json(json.loads(row[7])),
                state=row[8],
                schema_before=from_texts(json.loads(row[9])) if row[9] else None,
                error_text=row[10],
                note=row[11],
                rows_affected=row[12],
                seconds=row[13],
            )
            for row in rows
        )

    def replace_pending(self, attempt: AttemptKey, steps: Sequence[LedgerStep], after: int) -> None:
        """Put ``steps``, pending or skipped, in the place of the rows behind ordinal ``after``."""
        self._execute(
            "DELETE FROM nestflux_statement WHERE sql_migration_id = %s AND direction = %s "
            "AND attempt = %s AND ordinal > %s",
            [*attempt, after],
        )
        rows = [
            {
                "sql_migration_id": attempt.file_id,
                "direction": attempt.direction,
                "attempt": attempt.attempt,
                "ordinal": step.ordinal,
                "sha256": step.sha256,
                "kind": step.kind,
                "migration": step.migration,
                "sql": step.sql,
                "verdict": step.verdict,
                "undecidable": step.undecidable,
                "state": step.state,
                "note": step.note,
                "tries": 0,
                "delta": json.dumps(step.recorded.to_json()),
                "error_text": "",
            }
            for step in steps
            if step.ordinal > after
        ]
        self._put("nestflux_statement", rows, keep=())

    def open_step(
        self,
        step: StepKey,
        *,
        definitions: Definitions | None,
        undecidable: str,
    ) -> None:
        """A step is about to run."""
        self._step(
            step,
            "state = 'started', before_reading = %s, undecidable = %s, tries = tries + 1, "
            "started_at = UTC_TIMESTAMP(6), finished_at = NULL, connection_id = CONNECTION_ID(), "
            "run_id = %s",
            [_dumped(definitions), undecidable, self.run_id],
        )

    def close_step(
        self, step: StepKey, *, rows: int | None, seconds: float, note: str = ""
    ) -> None:
        self._step(
            step,
            "state = 'done', finished_at = UTC_TIMESTAMP(6), seconds = %s, rows_affected = %s, "
            "note = %s, run_id = %s",
            [seconds, rows, note, self.run_id],
        )

    def close_measured_step(self, step: StepKey) -> None:
        """``close_step`` in the packet of a statement, which stands between ``measured.BEGINS`` and
        ``measured.ENDS``."""
        self._step(
            step,
            f"state = 'done', finished_at = UTC_TIMESTAMP(6), seconds = {measured.SECONDS}, "
            f"rows_affected = {measured.ROWS}, note = '', run_id = %s",
            [self.run_id],
        )

    def close_and_open_step(
        self,
        step: StepKey,
        following: int,
        *,
        rows: int | None,
        seconds: float,
        definitions: Definitions | None,
        undecidable: str,
    ) -> None:
        """``close_step`` of one and ``open_step`` of the step with the ordinal ``following``, in
        one statement."""
        identity, direction, attempt, ordinal = step
        closed, opened = f"ordinal = {ordinal:d}", f"ordinal = {following:d}"
        self._execute(
            "UPDATE nestflux_statement SET run_id = %s, "
            f"state = IF({closed}, 'done', 'started'), "
            f"finished_at = IF({closed}, UTC_TIMESTAMP(6), NULL), "
            f"seconds = IF({closed}, %s, seconds), "
            f"rows_affected = IF({closed}, %s, rows_affected), "
            f"note = IF({closed}, '', note), "
            f"before_reading = IF({opened}, %s, before_reading), "
            f"undecidable = IF({opened}, %s, undecidable), "
            f"tries = tries + ({opened}), "
            f"started_at = IF({opened}, UTC_TIMESTAMP(6), started_at), "
            f"connection_id = IF({opened}, CONNECTION_ID(), connection_id) "
            "WHERE sql_migration_id = %s AND direction = %s AND attempt = %s "
            f"AND ordinal IN ({ordinal:d}, {following:d})",
            [
                *(self.run_id, seconds, rows),
                *(_dumped(definitions), undecidable),
                *(identity, direction, attempt),
            ],
        )

    def began_before(self, step: StepKey, seconds: int) -> bool:
        """Did a step begin longer ago than so many seconds, by the server's clock?"""
        rows = self._rows(
            "SELECT started_at < UTC_TIMESTAMP(6) - INTERVAL %s SECOND FROM nestflux_statement "
            "WHERE sql_migration_id = %s AND direction = %s AND attempt = %s AND ordinal = %s",
            [seconds, *step],
        )
        return bool(rows and rows[0][0])

    def put_back_step(self, step: StepKey, *, note: str) -> None:
        """A step that was begun did not run: it is pending again."""
        self._step(
            step,
            "state = 'pending', before_reading = NULL, started_at = NULL, finished_at = NULL, "
            "error_code = NULL, error_text = '', note = %s, run_id = %s",
            [note, self.run_id],
        )

    def fail_step(self, step: StepKey, *, code: int | None, text: str, undecidable: str) -> None:
        self._step(
            step,
            "state = 'failed', finished_at = UTC_TIMESTAMP(6), error_code = %s, error_text = %s, "
            "undecidable = %s",
            [code, text[:_EXCERPT], undecidable],
        )

    def _step(self, step: StepKey, assignments: str, values: list[Any]) -> None:
        self._execute(
            f"UPDATE nestflux_statement SET {assignments} WHERE sql_migration_id = %s "
            "AND direction = %s AND attempt = %s AND ordinal = %s",
            [*values, *step],
        )

    # ---- django_migrations -----------------------------------------------------------------

    def record_applied(self, migrations: Iterable[str]) -> None:
        """Rows of ``django_migrations``, as MigrationRecorder writes them; those there stay."""
        for sql, params in inserts(migrations, self.connection):
            self._execute(sql, params)

    def record_unapplied(self, migrations: Iterable[str]) -> None:
        for app, _, name in (key.partition(".") for key in migrations):
            self._execute("DELETE FROM django_migrations WHERE app = %s AND name = %s", [app, name])

    # ---- SQL -------------------------------------------------------------------------------

    def _rows(self, sql: str, params: Sequence[Any] | None = None) -> list[tuple[Any, ...]]:
        with self.connection.cursor() as cursor:
            cursor.execute(sql, params)
            return list(cursor.fetchall())

    def _execute(self, sql: str, params: Sequence[Any] | None = None) -> None:
        if self._collected is not None:
            self._collected.append(rendered(self.connection, sql, params))
            return
        with self.connection.cursor() as cursor:
            cursor.execute(sql, params)

    def _insert(self, table: str, values: Mapping[str, Any], *, now: Sequence[str]) -> int:
        columns = ", ".join(f"`{column}`" for column in (*values, *now))
        marks = ", ".join([*["%s"] * len(values), *["UTC_TIMESTAMP(6)"] * len(now)])
        with self.connection.cursor() as cursor:
            cursor.execute(
                f"INSERT INTO {table} ({columns}) VALUES ({marks})", list(values.values())
            )
            return int(cursor.lastrowid)

    def _put_files(self, files: Sequence[dict[str, Any]], *, keep: Sequence[str]) -> None:
        texts = {str(columns["id"]): self._texts_apart(columns) for columns in files}
        self._put("nestflux_sql_migration", files, keep=keep)
        for identity, apart in texts.items():
            self._put_texts(identity, apart)

    def _texts_apart(self, columns: dict[str, Any]) -> dict[str, str]:
        """Take a file's texts out of its columns where they would make one statement too long."""
        characters = sum(len(value) for value in columns.values() if isinstance(value, str))
        if 4 * characters < AT_ONCE or weight_of(columns) <= AT_ONCE:
            return {}  # a character has four bytes at the most, which is quickly counted
        texts = {name: str(columns[name]) for name in _TEXTS}
        columns.update(dict.fromkeys(_TEXTS, ""))
        return texts

    def _put_texts(self, identity: str, texts: Mapping[str, str]) -> None:
        for name, text in texts.items():
            self._execute(
                f"UPDATE nestflux_sql_migration SET `{name}` = %s WHERE id = %s", [text, identity]
            )

    def _put(self, table: str, rows: Sequence[Mapping[str, Any]], *, keep: Sequence[str]) -> None:
        """Insert rows, up to fifty a statement; where ``keep`` is given, renew those that are there
        in every other column."""
        for some in batches(rows):
            columns = list(some[0])
            marks = f"({', '.join(['%s'] * len(columns))})"
            sql = (
                f"INSERT INTO {table} ({', '.join(f'`{c}`' for c in columns)}) "
                f"VALUES {', '.join([marks] * len(some))}"
            )
            if keep:
                # VALUES(): MySQL deprecates it for a row alias that MariaDB does not know.
                renewed = [f"`{c}` = VALUES(`{c}`)" for c in columns if c not in keep]
                sql += f" ON DUPLICATE KEY UPDATE {', '.join(renewed)}"
            self._execute(sql, [value for row in some for value in row.values()])


def _dumped(definitions: Definitions | None) -> str | None:
    return None if definitions is None else json.dumps(to_texts(definitions))
