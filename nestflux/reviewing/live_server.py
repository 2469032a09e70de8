"""A server as ``db_doctor`` looks at it: read once, as a value."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from nestflux.database.profile import TableSize
from nestflux.database.server import Server, default_collation, rows_if_allowed, schema_name, uptime
from nestflux.database.setup import Setup, setup_of
from nestflux.database.sizes import read_sizes
from nestflux.pooled.options import pool_options
from nestflux.recording.built_schema import live_schema
from nestflux.reviewing.reviewed import Tables
from nestflux.schema.transform.tables import tables_of

if TYPE_CHECKING:
    from django.db.backends.base.base import BaseDatabaseWrapper

# Indexes that nobody read since the server began (MySQL: the sys schema; MariaDB: userstat).
_UNUSED = {
    "mysql": (
        "SELECT object_name, index_name FROM sys.schema_unused_indexes "
        "WHERE object_schema = DATABASE()"
    ),
    "mariadb": (
        "SELECT s.TABLE_NAME, s.INDEX_NAME FROM information_schema.STATISTICS s "
        "LEFT JOIN information_schema.INDEX_STATISTICS u ON u.TABLE_SCHEMA = s.TABLE_SCHEMA "
        "AND u.TABLE_NAME = s.TABLE_NAME AND u.INDEX_NAME = s.INDEX_NAME "
        "WHERE s.TABLE_SCHEMA = DATABASE() AND s.NON_UNIQUE = 1 AND u.INDEX_NAME IS NULL "
        "GROUP BY s.TABLE_NAME, s.INDEX_NAME"
    ),
}


@dataclass(frozen=True)
class LiveServer:
    """A server and a database on it.

    ``variables`` are the global ones; ``sql_mode`` is the one of the alias's own sessions.
    ``schema`` is the database's name, ``collation`` its default. ``grants`` are the lines of SHOW
    GRANTS for the alias's user. ``unused`` are indexes, by table, that nobody read in ``uptime``
    seconds; None where that is not known. ``zones``: are the time zone tables filled?
    ``most_used`` is the highest number of connections at once. ``health_checks``: does Django ask a
    connection whether it is there before it uses it again? ``conn_max_age`` is Django's, in
    seconds, None for ever; ``pool_size`` is how many connections the alias's pool may have in a
    process, 0 without a pool; ``over_network``: does the alias connect over TCP to another host?
    """

    server: Server
    variables: Mapping[str, str] = field(default_factory=dict)
    sql_mode: str = ""
    schema: str = ""
    collation: str = ""
    tables: Tables = field(default_factory=dict)
    sizes: Mapping[str, TableSize] = field(default_factory=dict)
    grants: tuple[str, ...] = ()
    setup: Setup = field(default_factory=Setup)
    unused: tuple[tuple[str, str], ...] | None = None
    uptime: int = 0
    zones: bool = True
    most_used: int = 0
    conn_max_age: float | None = 0
    pool_size: int = 0
    health_checks: bool = False
    over_network: bool = False
    encrypted: bool = True

    def number(self, variable: str) -> int | None:
        """A variable's value; None where the server does not have it."""
        value = self.variables.get(variable, "")
        return int(value) if value.isdigit() else None

    def is_on(self, variable: str) -> bool:
        return self.variables.get(variable, "").upper() in ("ON", "1")


def read_live_server(connection: BaseDatabaseWrapper, server: Server) -> LiveServer:
    """Everything that the rules ask for; reads no row of any of the project's tables."""
    variables = _pairs(connection, "SHOW GLOBAL VARIABLES")
    status = _pairs(connection, "SHOW GLOBAL STATUS LIKE 'Max_used_connections'")
    session = _pairs(connection, "SHOW SESSION STATUS LIKE 'Ssl_cipher'")
    zone = rows_if_allowed(connection, "SELECT CONVERT_TZ('2000-01-01', 'UTC', 'Europe/Paris')")
    entry = connection.settings_dict
    host = str(entry["HOST"] or "")
    mode = rows_if_allowed(connection, "SELECT @@SESSION.sql_mode") or [("",)]
    return LiveServer(
        server=server,
        variables=variables,
        sql_mode=str(mode[0][0]),
        schema=schema_name(connection),
        collation=default_collation(connection),
        tables=tables_of(live_schema(connection).definitions),
        sizes=read_sizes(connection),
        grants=tuple(str(row[0]) for row in rows_if_allowed(connection, "SHOW GRANTS") or ()),
        setup=setup_of(connection),
        unused=_unused(connection, server.family, variables),
        uptime=uptime(connection),
        zones=bool(zone and zone[0][0]),
        most_used=int(status.get("Max_used_connections", 0)),
        conn_max_age=entry["CONN_MAX_AGE"],
        pool_size=_pool_size(connection),
        health_checks=bool(entry["CONN_HEALTH_CHECKS"]),
        over_network=bool(host) and not host.startswith("/") and host not in _LOCAL,
        encrypted=bool(session.get("Ssl_cipher")),
    )


def _pool_size(connection: BaseDatabaseWrapper) -> int:
    """What the settings say: this very connection is of no pool. Raises PoolMisconfigured."""
    entry = connection.settings_dict
    if entry["ENGINE"] != "nestflux.pooled":
        return 0
    where = f'DATABASES["{connection.alias}"]["OPTIONS"]["pool"]'
    options = pool_options(entry["OPTIONS"].get("pool"), where)
    return options.max_size if options else 0


_LOCAL = ("localhost", "127.0.0.1", "::1")


def _unused(
    connection: BaseDatabaseWrapper, family: str, variables: Mapping[str, str]
) -> tuple[tuple[str, str], ...] | None:
    counts = "performance_schema" if family == "mysql" else "userstat"
    if variables.get(counts, "").upper() not in ("ON", "1"):
        return None
    rows = rows_if_allowed(connection, _UNUSED[family])
    return None if rows is None else tuple((str(table), str(index)) for table, index in rows)


def _pairs(connection: BaseDatabaseWrapper, sql: str) -> dict[str, str]:
    return {str(name): str(value) for name, value in rows_if_allowed(connection, sql) or ()}
