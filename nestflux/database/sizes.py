"""How large the tables of a database are, and what its server is: read with few rights, and no row.

``SELECT`` on the schema, or any other right on its tables, shows rows, bytes and AUTO_INCREMENT
(``information_schema.TABLES``). The rest needs more, and is left out, with the reason, where the
user may not read it: the size of each index ``SELECT`` on ``mysql.innodb_index_stats``, writes
``SELECT`` on ``performance_schema`` (or MariaDB's ``userstat``), replicas ``REPLICATION SLAVE``
(MariaDB: ``REPLICATION MASTER ADMIN``) or ``PROCESS``.
"""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from nestflux.conf import profile_path
from nestflux.database.profile import AutoIncrement, Profile, Sizes, TableSize
from nestflux.database.profile_file import load
from nestflux.database.server import Server, default_collation, rows_if_allowed
from nestflux.database.session import ENGINE
from nestflux.sql.column_types import column_type, integer_range

if TYPE_CHECKING:
    from django.db.backends.base.base import BaseDatabaseWrapper

# The global variables that decide how DDL runs or what it makes. None holds a host, path or secret.
DDL_VARIABLES = (
    # How long it takes, and what makes it fail half-way.
    "innodb_buffer_pool_size",
    "innodb_ddl_buffer_size",  # MySQL 8.0.27
    "innodb_ddl_threads",
    "innodb_online_alter_log_max_size",
    "innodb_parallel_read_threads",
    "innodb_sort_buffer_size",
    "innodb_lock_wait_timeout",
    "lock_wait_timeout",
    "max_allowed_packet",
    "max_statement_time",
    # Which way it takes.
    "alter_algorithm",  # MariaDB before 11.5
    "innodb_alter_copy_bulk",  # MariaDB
    "innodb_file_per_table",
    "innodb_instant_alter_column_allowed",  # MariaDB
    "old_alter_table",
    # What it makes.
    "character_set_server",
    "collation_server",
    "default_storage_engine",
    "explicit_defaults_for_timestamp",
    "innodb_default_row_format",
    "innodb_page_size",
    "innodb_strict_mode",
    "lower_case_table_names",
    "sql_generate_invisible_primary_key",
    "sql_mode",
    "sql_require_primary_key",
    "system_versioning_alter_history",
    # Who gets it besides.
    "binlog_alter_two_phase",  # MariaDB 10.8
    "binlog_format",
    "binlog_row_image",
    "gtid_mode",
    "log_bin",
    "read_only",
    "wsrep_on",
)
_TABLES = """
SELECT TABLE_NAME, ENGINE, COALESCE(TABLE_ROWS, 0), COALESCE(DATA_LENGTH, 0),
       COALESCE(INDEX_LENGTH, 0), AUTO_INCREMENT
  FROM information_schema.TABLES
 WHERE TABLE_SCHEMA = DATABASE() AND TABLE_TYPE IN ('BASE TABLE', 'SYSTEM VERSIONED')
   AND LEFT(TABLE_NAME, 9) <> 'nestflux_'"""
_COUNTING_COLUMNS = """
SELECT TABLE_NAME, COLUMN_NAME, COLUMN_TYPE FROM information_schema.COLUMNS
 WHERE TABLE_SCHEMA = DATABASE() AND EXTRA LIKE '%%auto_increment%%'"""
# "size": pages of an index; of a partitioned table a name a partition, `t#p#p0`.
# (MySQL Manual 17.8.10.1, "Configuring Persistent Optimizer Statistics Parameters".)
_INDEXES = """
SELECT table_name, index_name, stat_value * @@GLOBAL.innodb_page_size
  FROM mysql.innodb_index_stats
 WHERE database_name = DATABASE() AND stat_name = 'size' AND index_name <> 'PRIMARY'"""
_WRITES = """
SELECT OBJECT_NAME, COUNT_WRITE FROM performance_schema.table_io_waits_summary_by_table
 WHERE OBJECT_SCHEMA = DATABASE()"""
_ROWS_CHANGED = """
SELECT TABLE_NAME, ROWS_CHANGED FROM information_schema.TABLE_STATISTICS
 WHERE TABLE_SCHEMA = DATABASE()"""
# MySQL 8.0.22, and the word before it and on MariaDB.
_REPLICAS = ("SHOW REPLICAS", "SHOW SLAVE HOSTS")
_NEEDS_PROCESS = "SELECT COUNT(*) FROM information_schema.INNODB_TRX"
_DUMPS = "SELECT COUNT(*) FROM information_schema.PROCESSLIST WHERE COMMAND LIKE 'Binlog Dump%'"


@dataclass(frozen=True)
class Clock:
    """What measures the time between two readings, in seconds, and waits for the second."""

    now: Callable[[], float] = time.monotonic
    sleep: Callable[[float], object] = time.sleep


_CLOCK = Clock()


def sizes_at_hand(connection: BaseDatabaseWrapper, family: str) -> Sizes:
    """What there is to judge a run on this database by: itself, and the profile of its alias,
    unless that is of a server of another family than ``family``, and so of another database.

    Raises HistoryError where the profile cannot be read.
    """
    profile = load(profile_path(connection.alias))
    is_of_it = profile is not None and profile.family == family
    return Sizes(read_sizes(connection), profile if is_of_it else None)


def read_sizes(connection: BaseDatabaseWrapper) -> dict[str, TableSize]:
    """Each table of the connection's schema, by name, NestFlux's own left out: two queries."""
    with _fresh_statistics(connection), connection.cursor() as cursor:
        cursor.execute(_TABLES, [])
        tables = cursor.fetchall()
        cursor.execute(_COUNTING_COLUMNS, [])
        counting = {table: (column, shown) for table, column, shown in cursor.fetchall()}
    return {
        str(name): TableSize(
            rows=int(rows),
            bytes=int(size),
            index_bytes=int(index_size),
            auto_increment=_used(*counting[name], int(following))
            if name in counting and following
            else None,
            engine="" if engine == ENGINE else str(engine or ""),
        )
        for name, engine, rows, size, index_size, following in tables
    }


def read_profile(
    connection: BaseDatabaseWrapper,
    server: Server,
    *,
    seconds: float,
    clock: Clock = _CLOCK,
) -> Profile:
    """All of a database's profile, its figures as they are.

    Args:
        seconds: between the two readings that tell how much is written; 0 leaves that out.
    """
    not_read: dict[str, str] = {}
    tables = read_sizes(connection)
    tables = _with_indexes(connection, tables, not_read)
    variables = _variables(connection)
    writes = _writes_a_minute(connection, variables, seconds, clock, not_read)
    return Profile(
        family=server.family,
        version=".".join(map(str, server.version)),
        collation=default_collation(connection),
        replicas=_replicas(connection, server.family, variables, not_read),
        variables={name: variables[name] for name in DDL_VARIABLES if name in variables},
        tables={
            name: replace(size, writes=None if writes is None else writes.get(name, 0))
            for name, size in tables.items()
        },
        not_read=not_read,
    )


def _used(column: str, shown: str, following: int) -> AutoIncrement | None:
    """None of a FLOAT or DOUBLE, which older servers let count: it has no range to speak of."""
    kind = column_type(shown)
    if kind.name in ("float", "double"):
        return None
    _, greatest = integer_range(kind)
    return AutoIncrement(column, shown, 100 * (following - 1) // greatest)


@contextmanager
def _fresh_statistics(connection: Any) -> Iterator[None]:
    """MySQL 8 shows what it cached a day ago at the most (information_schema_stats_expiry, Manual
    10.2.3): asked with 0 it looks, and writes no cache."""
    if connection.mysql_is_mariadb:
        yield
        return
    with connection.cursor() as cursor:
        cursor.execute("SET SESSION information_schema_stats_expiry = 0")
        try:
            yield
        finally:
            cursor.execute("SET SESSION information_schema_stats_expiry = DEFAULT")


def _with_indexes(
    connection: BaseDatabaseWrapper, tables: Mapping[str, TableSize], not_read: dict[str, str]
) -> dict[str, TableSize]:
    rows = rows_if_allowed(connection, _INDEXES)
    if rows is None:
        not_read["indexes"] = "the size of each index needs SELECT on mysql.innodb_index_stats"
        return dict(tables)
    found: dict[str, dict[str, int]] = defaultdict(lambda: defaultdict(int))
    for name, index, size in rows:
        found[_of_partition(str(name), tables)][str(index)] += int(size)
    return {name: replace(size, indexes=dict(found[name])) for name, size in tables.items()}


def _of_partition(name: str, tables: Collection[str]) -> str:
    return name if name in tables else name.replace("#P#", "#p#").split("#p#", 1)[0]


def _variables(connection: BaseDatabaseWrapper) -> dict[str, str]:
    names = (*DDL_VARIABLES, "performance_schema", "userstat")
    marks = ", ".join(["%s"] * len(names))
    with connection.cursor() as cursor:
        cursor.execute(f"SHOW GLOBAL VARIABLES WHERE Variable_name IN ({marks})", names)
        return {str(name): str(value) for name, value in cursor.fetchall()}


# ---- writes --------------------------------------------------------------------------------


def _writes_a_minute(
    connection: BaseDatabaseWrapper,
    variables: Mapping[str, str],
    seconds: float,
    clock: Clock,
    not_read: dict[str, str],
) -> dict[str, int] | None:
    if not seconds:
        not_read["writes"] = "left out: --seconds 0"
        return None
    sql, reason = _how_writes_are_counted(variables)
    begun, first = clock.now(), rows_if_allowed(connection, sql) if sql else None
    if first is None:
        not_read["writes"] = reason
        return None
    clock.sleep(seconds)
    minutes, second = (clock.now() - begun) / 60, rows_if_allowed(connection, sql) or []
    before = {str(name): int(rows) for name, rows in first}
    return {
        str(name): round(max(0, int(rows) - before.get(str(name), 0)) / minutes)
        for name, rows in second
    }


def _how_writes_are_counted(variables: Mapping[str, str]) -> tuple[str, str]:
    """What is asked, empty where nothing counts them; and why there is no answer, if there is none.

    MariaDB's performance_schema is off by default (KB "Performance Schema Overview"); its userstat
    counts too, as Percona's (KB "User Statistics").
    """
    if variables.get("performance_schema") == "ON":
        return _WRITES, "writes need SELECT on performance_schema.table_io_waits_summary_by_table"
    if variables.get("userstat") == "ON":
        return _ROWS_CHANGED, "information_schema.TABLE_STATISTICS may not be read"
    both = " and userstat are" if "userstat" in variables else " is"
    return "", f"nothing counts writes: performance_schema{both} off"


# ---- replicas ------------------------------------------------------------------------------


def _replicas(
    connection: BaseDatabaseWrapper,
    family: str,
    variables: Mapping[str, str],
    not_read: dict[str, str],
) -> int | None:
    """How many read the binary log, by whatever shows more of them: who registered as a replica, or
    who reads it. Nobody, where there is none. Nodes of a cluster that copies in another way
    (Galera, Group Replication, a managed service's own storage) are not counted."""
    if variables.get("log_bin") == "OFF":
        return 0
    answers = [rows_if_allowed(connection, sql) for sql in _REPLICAS]
    counts = [len(rows) for rows in answers if rows is not None]
    # Without the right only one's own connections would be shown.
    if rows_if_allowed(connection, _NEEDS_PROCESS) is not None:
        counts += [int(readers) for (readers,) in rows_if_allowed(connection, _DUMPS) or ()]
    if counts:
        return max(counts)
    right = "REPLICATION MASTER ADMIN" if family == "mariadb" else "REPLICATION SLAVE"
    not_read["replicas"] = f"replicas need {right} or PROCESS"
    return None
