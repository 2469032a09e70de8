"""What a connection of the pool is set to, when it is made and again before its next use.

``mysql_change_user`` makes a session new, and drops everything in it: a transaction, temporary
tables, user and session variables, GET_LOCKs, prepared statements (MySQL C API Developer Guide,
"mysql_change_user"; measured on both servers, tests/pooled/test_session.py). Not
``mysql_reset_connection``: mysqlclient does not offer it, and it stays in the database that a USE
has chosen.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass, field
from typing import Any, Self

from nestflux.exceptions import PoolMisconfigured

# Where else a password may stand that this module cannot read, and change_user needs.
_FILES = ("read_default_file", "read_default_group")


@dataclass(frozen=True)
class Session:
    """A session as Django's MySQL backend has it once it is connected.

    ``isolation_level`` is Django's word, ``"read committed"``; None: the server's.
    """

    user: str
    password: str = field(repr=False)
    database: str | None
    charset: str
    collation: str
    sql_mode: str
    init_command: str
    isolation_level: str | None
    autocommit: bool

    @classmethod
    def of(
        cls,
        parameters: Mapping[str, Any],
        *,
        isolation_level: str | None,
        autocommit: bool,
        where: str,
    ) -> Self:
        """From what ``MySQLdb.connect`` is given.

        Raises PoolMisconfigured where the user's name is not in it: a session could not be reset.
        """
        hidden = [name for name in _FILES if parameters.get(name)]
        if hidden or not parameters.get("user"):
            lacks = f'OPTIONS["{hidden[0]}"] may hold USER or PASSWORD' if hidden else "no USER"
            raise PoolMisconfigured(
                f"A connection pool needs USER and PASSWORD in the settings ({lacks}): with them "
                "it resets a connection before another request gets it.",
                where=where,
                stands="nothing was connected",
                then='put both into DATABASES, or take OPTIONS["pool"] out',
            )
        return cls(
            user=parameters["user"],
            password=parameters.get("password", ""),
            database=parameters.get("database"),
            charset=parameters["charset"],
            collation=parameters.get("collation", ""),
            sql_mode=parameters.get("sql_mode", ""),
            init_command=parameters.get("init_command", ""),
            isolation_level=isolation_level,
            autocommit=autocommit,
        )

    def set_up(self, connection: Any) -> None:
        """Set what Django sets in a connection that was just made."""
        with closing(connection.cursor()) as cursor:
            cursor.execute(self._assignments(connection))

    def reset(self, connection: Any) -> None:
        """Give a used connection the session that a new one has. The client library must not have
        closed it: ``ConnectionPool`` looks.

        Raises MySQLdb.Error; the connection cannot be used any more then.
        """
        connection.change_user(self.user, self.password, self.database)
        if self.init_command:  # the driver sends it when it connects, and only then
            with closing(connection.cursor()) as cursor:
                cursor.execute(self.init_command)
                while cursor.nextset():
                    pass
        self.set_up(connection)

    def _assignments(self, connection: Any) -> str:
        """One SET, and so one round trip: the driver's own SET NAMES and sql_mode, and those of
        django/db/backends/mysql/base.py, init_connection_state."""
        names = f"NAMES {self.charset}"
        if self.collation:
            names += f" COLLATE {self.collation}"
        parts = [names, f"autocommit = {self.autocommit:d}", "sql_auto_is_null = 0"]
        if self.sql_mode:
            parts.append(f"sql_mode = '{self.sql_mode}'")
        if self.isolation_level:
            level = self.isolation_level.upper().replace(" ", "-")
            parts.append(f"{_isolation_variable(connection)} = '{level}'")
        return f"SET {', '.join(parts)}"


def _isolation_variable(connection: Any) -> str:
    """MariaDB has ``transaction_isolation`` since 11.1, MySQL has no ``tx_isolation`` since 8.0."""
    return "tx_isolation" if "MariaDB" in connection.get_server_info() else "transaction_isolation"
