"""Ends a run inside the test's own process, as a killed one leaves it."""

from __future__ import annotations

import contextlib
from typing import Any

from django.db import connections

from tests.scenario import TestServer

_READS = ("SELECT", "SHOW", "SET", "EXPLAIN")


class Crash(BaseException):
    """No ``except Exception`` may see it: a killed process cleans nothing up."""


class Saboteur:
    """Lets a number of writes and commits pass, and nothing after them."""

    def __init__(self, connection: Any, lets_pass: int) -> None:
        self.connection = connection
        self.left = lets_pass
        self.dead = False
        self.last = ""
        connection.execute_wrappers.append(self)
        for name in ("_commit", "_set_autocommit"):
            setattr(connection, name, self._guarded(getattr(connection, name), name))

    def __call__(self, execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        if self.dead:
            raise Crash
        if not sql.lstrip(" (\n").upper().startswith(_READS):
            self._pass(sql)
        return execute(sql, params, many, context)

    def _guarded(self, method: Any, name: str) -> Any:
        def guarded(*args: Any) -> Any:
            if self.dead:
                raise Crash
            if name == "_commit":
                self._pass("COMMIT")
            return method(*args)

        return guarded

    def _pass(self, sql: str) -> None:
        if self.left == 0:
            self.dead, self.last = True, sql
            raise Crash
        self.left -= 1


def forget_connection() -> None:
    """As the end of the process would: the server notices, and rolls back what was open."""
    connection: Any = connections["default"]
    if connection.connection is not None:
        with contextlib.suppress(Exception):  # it is closed already
            connection.connection.close()
    del connections["default"]


def new_database() -> None:
    """The default database anew, and empty."""
    server = TestServer.of_the_run()
    name = str(connections["default"].settings_dict["NAME"])
    connections["default"].close()
    server.sql(f"DROP DATABASE IF EXISTS `{name}`")
    server.sql(f"CREATE DATABASE `{name}` CHARACTER SET utf8mb4")
