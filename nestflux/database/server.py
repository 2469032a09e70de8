"""One server: its family, its version, what it must be able to do. Facts stand here once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.db import connections
from django.db.utils import Error

from nestflux.database.errors import number_of
from nestflux.database.numbers import CONNECTION_LOST
from nestflux.database.session import ENGINE
from nestflux.exceptions import Misconfigured, ServerUnsupported
from nestflux.families import FAMILY_NAMES as FAMILY_NAMES

if TYPE_CHECKING:
    from django.db.backends.base.base import BaseDatabaseWrapper

# MySQL 8.0.16: CHECK constraints (Manual 15.1.20.6); atomic DDL since 8.0.0 (Manual 15.1.1).
# MariaDB 10.6: atomic DDL (KB "Atomic DDL").
MINIMUM = {"mysql": (8, 0, 16), "mariadb": (10, 6)}

# Django's features that decide which DDL it emits (django/db/backends/mysql/features.py and
# schema.py). A history recorded with other flags would give another schema, or not run at all.
_DDL_FEATURES = (
    "has_native_uuid_field",
    "supports_column_check_constraints",
    "supports_table_check_constraints",
    "can_introspect_check_constraints",
    "can_introspect_json_field",
    "supports_json_field",
    "supports_expression_indexes",
    "supports_index_column_ordering",
    "supports_expression_defaults",
    "supports_default_keyword_in_insert",
    "supports_stored_generated_columns",
    "supports_virtual_generated_columns",
    "supports_comments",
)


@dataclass(frozen=True)
class Server:
    """What answers at the other end of a connection."""

    family: str
    version: tuple[int, ...]
    version_text: str
    features: Mapping[str, bool]

    @property
    def name(self) -> str:
        """For people: ``MariaDB 10.11.18``."""
        return f"{FAMILY_NAMES[self.family]} {'.'.join(map(str, self.version))}"

    def differing_features(self, recorded: Mapping[str, bool]) -> list[str]:
        """The flags in which a recording server differs, one readable line each."""
        return [
            f"{flag}: recorded {'yes' if value else 'no'}, "
            f"here {'yes' if self.features[flag] else 'no'}"
            for flag, value in sorted(recorded.items())
            if flag in self.features and self.features[flag] is not value
        ]


def require_mysql(connection: BaseDatabaseWrapper) -> Any:
    """The connection, known to be a MySQL backend. Raises Misconfigured for another vendor."""
    if connection.vendor != "mysql":
        raise Misconfigured(
            f"The database {connection.alias!r} is {connection.display_name}; NestFlux is for "
            "MySQL and MariaDB.",
            then="name another alias: --database ALIAS",
        )
    return connection


def server_of(connection: BaseDatabaseWrapper) -> Server:
    """Ask a connection what it is connected to. Raises ServerUnsupported on an old server."""
    backend = require_mysql(connection)
    _take_innodb(backend)
    family = "mariadb" if backend.mysql_is_mariadb else "mysql"
    server = Server(
        family=family,
        version=tuple(backend.mysql_version),
        version_text=backend.mysql_server_info,
        features=_features(backend),
    )
    minimum = MINIMUM[family]
    if server.version < minimum:
        raise ServerUnsupported(
            f"{server.name} is too old: NestFlux needs {FAMILY_NAMES[family]} "
            f"{'.'.join(map(str, minimum))} or later, whose DDL is atomic and whose CHECK "
            "constraints are enforced.",
            stands="nothing was changed",
            then="upgrade the server",
        )
    return server


def _take_innodb(backend: Any) -> None:
    """Where the session's tables would be of another engine, of this one: whose DDL is atomic, and
    whose features (indexes, transactions) are those that a history was recorded with."""
    if backend.mysql_server_data["default_storage_engine"] == ENGINE:
        return
    from nestflux.django_compat import forget_server  # imports all of Django's migrations

    with backend.cursor() as cursor:
        cursor.execute(f"SET SESSION default_storage_engine = {ENGINE}")
    forget_server(backend)


def _features(backend: Any) -> dict[str, bool]:
    found = {}
    for flag in _DDL_FEATURES:
        value = getattr(backend.features, flag, None)
        if isinstance(value, bool):
            found[flag] = value
    # schema.py: MariaDB before 10.5.2 and MySQL before 8.0.4 rename a column with CHANGE.
    found["renames_columns"] = backend.mysql_version >= (
        (10, 5, 2) if backend.mysql_is_mariadb else (8, 0, 4)
    )
    return found


def schema_name(connection: BaseDatabaseWrapper) -> str:
    """The schema that a connection is in. Not its NAME: an option file may give the schema."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT DATABASE()")
        return str(cursor.fetchone()[0])


def default_collation(connection: BaseDatabaseWrapper) -> str:
    """The collation of the schema that a connection is in: what a table has that states none."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT @@collation_database")
        return str(cursor.fetchone()[0])


def uptime(connection: BaseDatabaseWrapper) -> int:
    """Seconds since the server was started."""
    with connection.cursor() as cursor:
        cursor.execute("SHOW GLOBAL STATUS WHERE Variable_name = 'Uptime'")
        return int(cursor.fetchone()[1])


def rows_if_allowed(connection: BaseDatabaseWrapper, sql: str) -> list[tuple[Any, ...]] | None:
    """The rows; None where this user may not ask, or this server does not know the words."""
    try:
        with connection.cursor() as cursor:
            cursor.execute(sql)
            return list(cursor.fetchall())
    except Error as error:
        if number_of(error) in CONNECTION_LOST:
            raise
        return None


def connection_for(alias: str) -> BaseDatabaseWrapper:
    """The connection of an alias. Raises Misconfigured for an unknown one."""
    if alias not in connections.settings:
        known = ", ".join(sorted(connections.settings))
        raise Misconfigured(
            f"There is no database alias {alias!r} in DATABASES; known: {known}.",
            then="name one of them: --database ALIAS",
        )
    connection = connections[alias]
    require_mysql(connection)
    return connection
