"""How far a statement has come, as far as the server tells: asked from another connection.

MySQL counts an ALTER's work in ``performance_schema.events_stages_current``: rows while it copies
(``stage/sql/copy to tmp table``), pages while InnoDB does it in place (Manual 29.12.5, "Performance
Schema Stage Event Tables"; 17.16.1, "Monitoring ALTER TABLE Progress"). MariaDB tells the share of
each stage in its process list (KB "Progress Reporting"), and nothing of what InnoDB does in place.
An UPDATE or DELETE is known by the rows that its transaction has changed, to those with PROCESS.
What the user may not read is left out, never an error.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.db.utils import Error

from nestflux.database.errors import number_of
from nestflux.database.numbers import CONNECTION_LOST

if TYPE_CHECKING:
    from django.db.backends.base.base import BaseDatabaseWrapper

_STAGE = """
SELECT s.EVENT_NAME, s.WORK_COMPLETED, s.WORK_ESTIMATED
  FROM performance_schema.events_stages_current s
  JOIN performance_schema.threads t ON t.THREAD_ID = s.THREAD_ID
 WHERE t.PROCESSLIST_ID = %s AND s.WORK_ESTIMATED > 0 AND s.END_EVENT_ID IS NULL"""
_PROGRESS = """
SELECT STATE, STAGE, MAX_STAGE, PROGRESS
  FROM information_schema.PROCESSLIST WHERE ID = %s AND MAX_STAGE > 0"""
_ROWS_CHANGED = """
SELECT trx_rows_modified FROM information_schema.INNODB_TRX WHERE trx_mysql_thread_id = %s"""
_COPYING = "copy to tmp table"  # on MySQL the one stage whose work is rows
_WORTH_TELLING = 1_000  # rows: an ALTER changes a few of the server's own tables, too


def work_done(watcher: BaseDatabaseWrapper, family: str, connection_id: int) -> str:
    """What the server says of the statement that another connection runs, in a few words:
    ``copying, 107,625 of 1,048,576 rows``. Empty where it says nothing.

    Raises django.db.Error where ``watcher`` lost its connection.
    """
    if family == "mariadb":
        progress = _row(watcher, _PROGRESS, connection_id)
        described = _of_process_list(*progress) if progress else ""
    else:
        stage = _row(watcher, _STAGE, connection_id)
        described = _of_stage(*stage) if stage else ""
    return described or _of_transaction(_row(watcher, _ROWS_CHANGED, connection_id))


def _of_stage(name: str, completed: int, estimated: int) -> str:
    done = min(completed, estimated)  # the estimate is one, and may be passed
    what = name.rsplit("/", 1)[-1]
    if what == _COPYING:
        return f"copying, {done:,} of {estimated:,} rows"
    return f"{what}, {100 * done / estimated:.0f} %"


def _of_process_list(state: str | None, stage: int, stages: int, percent: float) -> str:
    what = "copying" if state == _COPYING else state or "working"
    return f"{what}, stage {stage} of {stages}, {percent:.0f} %"


def _of_transaction(row: tuple[Any, ...] | None) -> str:
    changed = row[0] if row else 0
    return f"{changed:,} rows changed" if changed >= _WORTH_TELLING else ""


def _row(watcher: BaseDatabaseWrapper, sql: str, connection_id: int) -> tuple[Any, ...] | None:
    try:
        with watcher.cursor() as cursor:
            cursor.execute(sql, [connection_id])
            row: tuple[Any, ...] | None = cursor.fetchone()
            return row
    except Error as error:
        if number_of(error) in CONNECTION_LOST:
            raise
        return None
