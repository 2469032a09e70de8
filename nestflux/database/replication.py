"""What is known of a replica: does it copy, how far behind it is, and has it reached a commit.

A position is text that only a server reads: on MariaDB the last GTID of its log (``0-1-42``), on
MySQL the set of all GTIDs that it has (``3e11fa47-…:1-77``). It is empty where none is given: no
binary log, or ``gtid_mode`` off.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from django.db.utils import Error

from nestflux.database.errors import number_of
from nestflux.database.numbers import CONNECTION_LOST
from nestflux.database.server import rows_if_allowed

if TYPE_CHECKING:
    from django.db.backends.base.base import BaseDatabaseWrapper

# All channels of MySQL (Manual 15.7.7.36, since 8.0.22, and the word before it), all named
# connections of MariaDB (KB "SHOW REPLICA STATUS"; without ALL it shows one of them).
_STATUS = {
    "mysql": ("SHOW REPLICA STATUS", "SHOW SLAVE STATUS"),
    "mariadb": ("SHOW ALL REPLICAS STATUS",),
}
# innodb_read_only: of a server whose storage another one writes, such as a reader of Aurora.
READ_ONLY = ("read_only", "super_read_only", "innodb_read_only")
# Where the coordinator of MySQL's workers sends a reader (Manual 29.12.11.8).
_WORKERS = "performance_schema.replication_applier_status_by_worker"
# In these modes a commit gets a GTID (MySQL Manual 19.1.4.1, "Replication Mode Concepts").
_GTID_MODES = "'ON', 'ON_PERMISSIVE'"


@dataclass(frozen=True)
class ReplicaState:
    """A server as a replica. Of several sources (channels) it is as good as the worst.

    ``source``: host and port of the server that it copies, the first of several; empty where it
    copies none. ``visible``: False where this user may not ask (it takes ``REPLICATION CLIENT`` on
    MySQL, ``REPLICA MONITOR`` on MariaDB); nothing is known then but ``read_only``.
    ``io_running``: it gets what the source writes; ``sql_running``: it executes that. ``lag``: how
    many seconds behind it says that it is; None where it does not know, as where either has
    stopped. ``last_error``: the server's words, empty where there is none. ``read_only``: it takes
    no writes of users without a privilege.

    The lag is what the replica knows of: 0 says that all that has arrived was executed (MySQL
    Manual 15.7.7.36, ``Seconds_Behind_Source``). Whether it has a certain commit only ``reached``
    tells.
    """

    source: str = ""
    visible: bool = True
    io_running: bool = False
    sql_running: bool = False
    lag: float | None = None
    last_error: str = ""
    read_only: bool = False

    @property
    def configured(self) -> bool:
        """Is it a replica?"""
        return bool(self.source)


def replica_state(connection: BaseDatabaseWrapper) -> ReplicaState:
    """Ask a server: two queries. Raises the driver's error where the connection is lost."""
    with connection.cursor() as cursor:
        marks = ", ".join(["%s"] * len(READ_ONLY))
        cursor.execute(f"SHOW GLOBAL VARIABLES WHERE Variable_name IN ({marks})", READ_ONLY)
        variables = {str(name): str(value) for name, value in cursor.fetchall()}
    state = read_state(channels(connection), variables)
    if _WORKERS in state.last_error:
        state = replace(state, last_error=_of_worker(connection) or state.last_error)
    return state


def read_state(
    found: Sequence[Mapping[str, Any]] | None, variables: Mapping[str, str]
) -> ReplicaState:
    """The rows of ``channels`` and the variables ``READ_ONLY`` as what they mean. Pure."""
    read_only = is_read_only(variables)
    if not found:
        return ReplicaState(visible=found is not None, read_only=read_only)
    # Connecting, Preparing: not yet.
    io_running = all(_of(channel, "Replica_IO_Running") == "Yes" for channel in found)
    sql_running = all(_of(channel, "Replica_SQL_Running") == "Yes" for channel in found)
    lags = [_of(channel, "Seconds_Behind_Source") for channel in found]
    # MySQL still says 0 for a moment after its IO thread has stopped.
    is_known = io_running and sql_running and None not in lags
    errors = (
        str(_of(channel, name) or "")
        for channel in found
        for name in ("Last_IO_Error", "Last_SQL_Error")
    )
    return ReplicaState(
        source=source_of(found),
        io_running=io_running,
        sql_running=sql_running,
        lag=float(max(lags)) if is_known else None,
        last_error=next(filter(None, errors), ""),
        read_only=read_only,
    )


def is_read_only(variables: Mapping[str, str]) -> bool:
    """Do the variables ``READ_ONLY`` say that it takes no writes? Pure."""
    return any(is_on(variables, name) for name in READ_ONLY)


def is_on(variables: Mapping[str, str], name: str) -> bool:
    """Is a variable there and on? Pure. MariaDB 12 shows read_only as one of several words, of
    which OFF means no."""
    return variables.get(name, "OFF") not in ("OFF", "0", "")


def _of_worker(connection: BaseDatabaseWrapper) -> str:
    """The words of the worker that failed; empty where this user may not read them."""
    rows = rows_if_allowed(
        connection, f"SELECT LAST_ERROR_MESSAGE FROM {_WORKERS} WHERE LAST_ERROR_NUMBER <> 0"
    )
    return str(rows[0][0]) if rows else ""


# ---- what it copies ------------------------------------------------------------------------------


def channels(connection: BaseDatabaseWrapper) -> list[dict[str, Any]] | None:
    """A row for each source that the server copies; None where this user may not ask.

    Raises the driver's error where the connection is lost.
    """
    for sql in _STATUS[_family(connection)]:
        with connection.cursor() as cursor:
            try:
                cursor.execute(sql)
            except Error as error:  # no such word on this version, or the user may not
                if number_of(error) in CONNECTION_LOST:
                    raise
                continue
            names = [column[0] for column in cursor.description]
            return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]
    return None


def source_of(found: Iterable[Mapping[str, Any]] | None) -> str:
    """Host and port of the first source; empty where there is none. Pure."""
    for channel in found or ():
        host, port = _of(channel, "Source_Host"), _of(channel, "Source_Port")
        return f"{host or 'another server'}:{port}" if port else str(host or "another server")
    return ""


def _of(channel: Mapping[str, Any], name: str) -> Any:
    """A column by the newer of its names; MariaDB, and MySQL before 8.0.22, have the older."""
    old = name.replace("Source", "Master").replace("Replica", "Slave")
    return channel[name] if name in channel else channel.get(old)


# ---- positions -----------------------------------------------------------------------------------


def position(connection: BaseDatabaseWrapper) -> str:
    """Where the server's log stands: behind each commit that it has answered, and so behind those
    of this session and of this process.

    On MariaDB the last GTID of each domain (KB "gtid_binlog_pos"), on MySQL every GTID that the
    server has (Manual 19.1.3.1). Not the session's own last one: MariaDB's ``last_gtid`` is
    empty in a new session and another request's in one that was kept, and MySQL's is not shown by
    the driver (Manual 7.1.8, ``session_track_gtids``).

    Raises the driver's error where the connection is lost; another one gives ``""``.
    """
    if _family(connection) == "mariadb":
        return _asked(connection, "SELECT @@GLOBAL.gtid_binlog_pos")
    return _asked(
        connection,
        f"SELECT IF(@@log_bin AND @@GLOBAL.gtid_mode IN ({_GTID_MODES}), "
        "@@GLOBAL.gtid_executed, '')",
    ).replace("\n", "")  # MySQL breaks the lines of a set


def reached(connection: BaseDatabaseWrapper, position: str, seconds: float) -> bool:
    """Does a replica have all up to a position? Waits for it at most so many seconds; 0: not at
    all.

    A malformed position, an empty one, and one of another server's log are not reached; the last
    takes the whole time. Sources: MySQL Manual 14.18.2, ``WAIT_FOR_EXECUTED_GTID_SET``, whose
    timeout 0 waits for ever; MariaDB KB ``MASTER_GTID_WAIT``, whose timeout 0 does not wait.

    Raises the driver's error where the connection is lost.
    """
    if not position:
        return False
    if _family(connection) == "mariadb":
        return _asked(connection, "SELECT MASTER_GTID_WAIT(%s, %s)", position, seconds) == "0"
    if seconds <= 0:
        subset = "SELECT GTID_SUBSET(%s, @@GLOBAL.gtid_executed)"
        return _asked(connection, subset, position) == "1"
    wait = "SELECT WAIT_FOR_EXECUTED_GTID_SET(%s, %s)"
    return _asked(connection, wait, position, seconds) == "0"


def _asked(connection: BaseDatabaseWrapper, sql: str, *values: str | float) -> str:
    """The one value of a query as text; empty where the server refuses it."""
    try:
        with connection.cursor() as cursor:
            cursor.execute(sql, values or None)
            ((value,),) = cursor.fetchall()
    except Error as error:
        if number_of(error) in CONNECTION_LOST:
            raise
        return ""
    return "" if value is None else str(value)


def _family(connection: BaseDatabaseWrapper) -> str:
    backend: Any = connection
    return "mariadb" if backend.mysql_is_mariadb else "mysql"
