"""Who changed a table last, as far as the server remembers it.

Its performance_schema keeps the last ten statements of each connection, and more where
``events_statements_history_long`` is on; of a connection that has ended it no longer knows whose it
was (MySQL Manual 29.12.6, "Performance Schema Statement Event Tables"). MariaDB has it off by
default.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from nestflux.database.server import rows_if_allowed, schema_name
from nestflux.sql.names import tables_renamed_by
from nestflux.sql.statement_parts import schema_of, table_of
from nestflux.sql.statements import one_table_each

if TYPE_CHECKING:
    from django.db.backends.base.base import BaseDatabaseWrapper

# Timers count picoseconds since the server began; the newest statement is this one.
_REMEMBERED = """
SELECT DISTINCT t.PROCESSLIST_USER, t.PROCESSLIST_HOST, h.CURRENT_SCHEMA, h.SQL_TEXT, h.TIMER_END,
       DATE_FORMAT(NOW() - INTERVAL (
           (SELECT MAX(TIMER_START) FROM performance_schema.events_statements_current) - h.TIMER_END
       ) / 1000000000000 SECOND, '%Y-%m-%d %H:%i:%s')
  FROM performance_schema.threads t
  JOIN (SELECT * FROM performance_schema.events_statements_history UNION ALL
        SELECT * FROM performance_schema.events_statements_history_long) h USING (THREAD_ID)
 WHERE h.MYSQL_ERRNO = 0 AND t.PROCESSLIST_USER IS NOT NULL AND h.SQL_TEXT IS NOT NULL
   AND h.EVENT_NAME IN (
       'statement/sql/alter_table', 'statement/sql/create_index', 'statement/sql/create_table',
       'statement/sql/drop_index', 'statement/sql/drop_table', 'statement/sql/rename_table')
 ORDER BY h.TIMER_END"""


@dataclass(frozen=True)
class LastDdl:
    """A statement that changed a table: ``by`` is user and host, ``at`` the server's time, ``sql``
    its text, which the server cuts at 1,024 characters unless it is told otherwise."""

    by: str
    at: str
    sql: str


def last_ddl(connection: BaseDatabaseWrapper) -> dict[str, LastDdl]:
    """The last statement on each table of the connection's schema that the server remembers, by
    table; nothing where it keeps none, or this user may not ask."""
    own = schema_name(connection)
    found: dict[str, LastDdl] = {}
    for user, host, schema, sql, _, at in rows_if_allowed(connection, _REMEMBERED) or ():
        for table in _tables(str(sql), str(schema or ""), own):
            found[table] = LastDdl(f"{user}@{host}" if host else str(user), str(at), str(sql))
    return found


def _tables(sql: str, current: str, own: str) -> Iterator[str]:
    """The tables of a schema that a statement is about. Pure."""
    for each in one_table_each(sql):
        if (schema_of(each) or current) == own:
            yield table_of(each)
            yield from (new for _, new in tables_renamed_by(each))
