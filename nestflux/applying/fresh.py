"""A fresh database: the snapshot in one go, instead of years of files.

What the load will make is written down before it begins. If it dies, the next run drops that and
starts again, once it has seen that nobody else has put anything there meanwhile.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from django.db import transaction
from django.db.utils import Error

from nestflux.applying.context import Context
from nestflux.applying.events import LoadDropped, Loaded, StepStarted
from nestflux.applying.failures import is_connection_lost
from nestflux.database.errors import in_words
from nestflux.database.ledger import FileRow
from nestflux.database.reader import table_names
from nestflux.database.session import PINNED, pin, restored_session
from nestflux.exceptions import LedgerConflict, StatementFailed
from nestflux.history.folder import SNAPSHOT
from nestflux.history.snapshots import DROP_ORDER, objects_made_by, rows_made_by, statements_of
from nestflux.history.statements import summary

if TYPE_CHECKING:
    from django.db.backends.base.base import BaseDatabaseWrapper

    from nestflux.history.journal import Journal

_SHOWN = 200  # characters of a statement that may stand on the live line


def drop(context: Context, objects: Mapping[str, int]) -> None:
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
                if key.startswith(f"{kind} "):
                    context.lock.require()
                    quoted = connection.ops.quote_name(key.removeprefix(f"{kind} "))
                    pin(connection, (f"DROP {kind.upper()} IF EXISTS {quoted}",))
    context.lock.require()
    context.ledger.forget_loading()
    context.tell(LoadDropped())


def _refuse_what_others_made(connection: BaseDatabaseWrapper, objects: Mapping[str, int]) -> None:
    for table in table_names(connection):
        made = objects.get(f"table {table}")
        if made is None:
            what = f"the table {table} is there, which it does not make"
        elif _holds_more_than(connection, table, made):
            what = f"the table {table} holds more than the {made} rows that it makes"
        else:
            continue
        raise LedgerConflict(
            f"Loading schema.sql died, and {what}: somebody else has been here since.",
            stands="nothing was dropped",
            then="to load, empty the database; to keep what is there, drop NestFlux's own tables "
            "(nestflux_…: they book nothing yet), then: python manage.py db_baseline",
        )


def _holds_more_than(connection: BaseDatabaseWrapper, table: str, rows: int) -> bool:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT 1 FROM {connection.ops.quote_name(table)} LIMIT 1 OFFSET {rows:d}")
        return cursor.fetchone() is not None


def load(context: Context, snapshot: str, journal: Journal, rows: Sequence[FileRow]) -> Loaded:
    """Load the snapshot and book every file as applied. Raises StatementFailed."""
    started = time.monotonic()
    statements = statements_of(snapshot)
    objects = objects_made_by(statements)
    context.lock.require()
    rows_made = rows_made_by(statements)
    context.ledger.open_loading({key: rows_made[key.removeprefix("table ")] for key in objects})
    with restored_session(context.connection):
        pin(context.connection, PINNED)
        for number, sql in enumerate(statements, start=1):
            context.lock.require()
            context.tell(StepStarted(SNAPSHOT, number, len(statements), _first_line(sql)))
            try:
                pin(context.connection, (sql,))
            except Error as error:
                raise _failed(error, sql, number, len(statements)) from error
    context.lock.require()
    with transaction.atomic(context.connection.alias):
        context.ledger.owe_signals()
        context.ledger.put_applied(rows, "snapshot")
        context.ledger.book(journal.books)
        context.ledger.close_loading()
    loaded = Loaded(
        tuple(row.name for row in rows),
        sum(key.startswith("table ") for key in objects),
        time.monotonic() - started,
    )
    context.tell(loaded)
    return loaded


def _first_line(sql: str) -> str:
    return sql[:_SHOWN].split("\n", 1)[0].rstrip(" (")


def _failed(error: Error, sql: str, number: int, total: int) -> StatementFailed:
    then = "python manage.py db_migrate"
    place = f"{SNAPSHOT}, statement {number} of {total}"
    if is_connection_lost(error):
        what = f"The connection was lost in {place}: {in_words(error)}"
    else:
        what = f"{place} failed: {in_words(error, None, sql)}"
        then += " --replay   (runs the files instead), or mend the cause and run it again"
    return StatementFailed(
        what,
        where=summary(sql),
        stands="the next run drops what the load made, and starts again",
        then=then,
    )
