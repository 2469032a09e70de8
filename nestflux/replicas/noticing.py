"""How a write is noticed, and what becomes of a read whose replica dies under it.

Both see each statement of a connection, raw cursors included (Django's "Database instrumentation").
``cursor.callproc`` alone passes no wrapper: ``wrote`` says so instead.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from django.db import connections
from django.db.backends.signals import connection_created
from django.db.utils import Error

from nestflux.conf import replicas
from nestflux.database.errors import number_of
from nestflux.database.numbers import CONNECTION_LOST
from nestflux.replicas.context import current
from nestflux.replicas.health import known

if TYPE_CHECKING:
    from django.db.backends.base.base import BaseDatabaseWrapper

Execute = Callable[[str, Any, bool, dict[str, Any]], Any]

# The server had closed the connection before the statement came: gone, or idle for too long.
_NOT_RUN = frozenset({2006, 4031})
# What changes no row, after comments that are not executed. WITH may begin an UPDATE, and ANALYZE
# of MariaDB runs what it looks at.
_READ = re.compile(
    r"(?:\s|\(|/\*(?![!M]).*?\*/|--\s[^\n]*\n|\#[^\n]*\n)*"
    r"(?:SELECT|SHOW|EXPLAIN|DESCRIBE|DESC|SET|SAVEPOINT|RELEASE|ROLLBACK)\b",
    re.IGNORECASE | re.DOTALL,
)


def is_read(sql: str) -> bool:
    """Does a statement change nothing? No where it is in doubt. Pure."""
    return _READ.match(sql) is not None and ";" not in sql.rstrip("; \n")


def watch() -> None:
    """See what the connections to primaries and replicas execute: those of this thread, and each
    that is made from now on. Raises Misconfigured: a wrong setting is told at the start."""
    replicas()
    connection_created.connect(_watch_one, dispatch_uid="nestflux.replicas")
    for connection in connections.all(initialized_only=True):
        _watch_one(None, connection)


def _watch_one(sender: object, connection: BaseDatabaseWrapper, **kwargs: object) -> None:
    configured, wrappers = replicas(), connection.execute_wrappers
    ours = _of_primary if connection.alias in configured.of else _of_replica
    if connection.alias not in (*configured.of, *configured.aliases) or ours in wrappers:
        return
    # In front: connection.execute_wrapper takes the last one away again at its end.
    wrappers.insert(0, ours)


def _of_primary(
    execute: Execute, sql: str, params: Any, many: bool, context: dict[str, Any]
) -> Any:
    scope = current()
    if scope is None or is_read(sql):
        return execute(sql, params, many, context)
    try:
        return execute(sql, params, many, context)
    finally:  # what fails may have written, a part of it or all
        scope.context.note_write(context["connection"])


def _of_replica(
    execute: Execute, sql: str, params: Any, many: bool, context: dict[str, Any]
) -> Any:
    """Ask the primary where the replica has died. The driver fetches all rows with the answer, so
    that a read cannot fail later than here."""
    try:
        return execute(sql, params, many, context)
    except Error as error:
        primary = _asked_instead(context["connection"], error)
        if not primary or many or not is_read(sql):
            raise
    cursor = connections[primary].cursor()
    answer = cursor.execute(sql, params)
    # Django's wrapper hands whatever is asked of it on to this cursor.
    context["cursor"].cursor = cursor.cursor
    return answer


def _asked_instead(connection: BaseDatabaseWrapper, error: Error) -> str:
    """The primary that is to be asked for a replica that has died; empty where the error is another
    one, where the replica was chosen by the code and not by the router, and where the server is
    there: somebody ended this statement, or it took longer than the client waits. That is not to
    begin again on the primary."""
    scope, number = current(), number_of(error)
    if scope is None or connection.in_atomic_block or number not in CONNECTION_LOST:
        return ""
    chosen = scope.context.chosen
    primary = next((each for each, alias in chosen.items() if alias == connection.alias), "")
    if primary and (number in _NOT_RUN or not _is_there(connection)):
        chosen[primary] = primary
        return primary
    return ""


def _is_there(connection: BaseDatabaseWrapper) -> bool:
    own = connection.copy()  # this one is left as the error found it
    try:
        return known(connection.alias).connects(own)
    finally:
        own.close()
