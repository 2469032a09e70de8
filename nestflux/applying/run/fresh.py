"""A fresh database: the snapshot in one go, instead of years of files; then the Python steps that
make the rows which it may not hold (``Journal.after_snapshot``).

What the load will make is written down before it begins. If it dies, the next run drops that and
starts again, once it has seen that nobody else has put anything there meanwhile.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from nestflux.applying.run.context import Context
from nestflux.applying.run.events import LoadDropped, Loaded, StepStarted
from nestflux.applying.run.snapshot_packets import load_failed, load_statements
from nestflux.database.session import PINNED, pin, pinning, restored_session
from nestflux.exceptions import LedgerConflict, LockLost, NestFluxError
from nestflux.history.folder import SNAPSHOT
from nestflux.history.snapshots import DROP_ORDER, objects_made_by, rows_made_by, statements_of
from nestflux.ledger.ledger import FileRow
from nestflux.schema.introspection import table_names
from nestflux.schema.objects import TABLE, ObjectKey
from nestflux.sql.lexer import quoted

if TYPE_CHECKING:
    from django.db.backends.base.base import BaseDatabaseWrapper

    from nestflux.graph.python_steps import PythonOperation


def drop(context: Context, objects: Mapping[ObjectKey, int]) -> None:
    """Drop what a load that died had made, and close its loading row.

    Args:
        objects: what it was to make; of a table, how many rows.

    Raises LedgerConflict, with nothing dropped, where the database holds a table or rows that the
    load does not make: somebody restored a dump into it meanwhile.
    """
    connection = context.connection
    _refuse_what_others_made(connection, objects)
    with restored_session(connection):
        pin(connection, (*PINNED, "SET foreign_key_checks = 0"))
        for kind in DROP_ORDER:
            for key in objects:
                if key.kind == kind:
                    context.lock.require()
                    pin(connection, (f"DROP {kind.upper()} IF EXISTS {quoted(key.name)}",))
    context.lock.require()
    context.ledger.forget_loading()
    context.tell(LoadDropped())


def _refuse_what_others_made(
    connection: BaseDatabaseWrapper, objects: Mapping[ObjectKey, int]
) -> None:
    for table in table_names(connection):
        made = objects.get(ObjectKey(TABLE, table))
        if made is None:
            what = f"the table {table} is there, which it does not make"
        elif _holds_more_than(connection, table, made):
            what = f"the table {table} holds more than the {made} rows that it makes"
        else:
            continue
        raise LedgerConflict(
            f"Loading schema.sql died, and {what}: the database changed since.",
            stands="nothing was dropped",
            then="to load, empty the database; to keep what is there, drop NestFlux's own tables "
            "(nestflux_…: they record nothing yet), then: python manage.py db_baseline",
        )


def _holds_more_than(connection: BaseDatabaseWrapper, table: str, rows: int) -> bool:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT 1 FROM {quoted(table)} LIMIT 1 OFFSET {rows:d}")
        return cursor.fetchone() is not None


def load(context: Context, rows: Sequence[FileRow]) -> Loaded:
    """Load the snapshot, run the steps behind it, and mark every file as applied.

    Raises StatementFailed; Refused, with nothing begun, where a step is not in the project.
    """
    started = time.monotonic()
    journal = context.target.journal
    after = journal.after_snapshot
    steps = [context.runner.find(locator) for locator in after.steps]
    statements = statements_of(context.target.folder.snapshot())
    objects = objects_made_by(statements)
    total = len(statements) + len(steps)
    rows_made = rows_made_by(statements)
    rows_made.update({table: filled.rows for table, filled in after.tables.items()})
    with context.write():
        context.ledger.open_loading(
            {key: rows_made[key.name] if key.is_table else 0 for key in objects}
        )
    with restored_session(context.connection) as saved:
        context.packets.run(tuple(pinning(PINNED, saved.collation)))
        load_statements(context, statements, total, saved.collation)
        for number, step in enumerate(steps, start=len(statements) + 1):
            context.lock.require()
            context.tell(StepStarted(SNAPSHOT, number, total, f"python step {step.locator}"))
            _run_behind(context, step)
    with context.write():
        context.ledger.mark_signals_pending()
        context.ledger.put_applied(rows, "snapshot")
        context.ledger.record_applied(journal.recorded_migrations)
        context.ledger.close_loading()
    loaded = Loaded(
        tuple(row.name for row in rows),
        sum(key.is_table for key in objects),
        time.monotonic() - started,
    )
    context.tell(loaded)
    return loaded


def _run_behind(context: Context, step: PythonOperation) -> None:
    """Run a Python step in the session that it had in its file."""
    pin(context.connection, PINNED)
    pin(context.connection, (f"SET lock_wait_timeout = {context.callers_lock_wait:d}",))
    try:
        context.runner.run_as_django(step, context.connection)
    except (NestFluxError, LockLost):
        raise
    except Exception as error:  # the server's, or whatever a Python step raises
        which = f"the Python step {step.locator}, which runs behind it,"
        raise load_failed(error, which) from error
