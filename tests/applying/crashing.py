"""Ends a run at each of its writes in turn, and looks whether the next run mends it.

Runs inside a project's own process: ``project.python("from tests.applying… import walk…")``.
"""

from __future__ import annotations

import contextlib
import json
from collections.abc import Callable
from typing import Any

from django.db import connections
from django.db.utils import OperationalError

from nestflux.applying.api import Options, migrate, rollback
from nestflux.database.reader import read_schema, table_names
from nestflux.exceptions import NestFluxError
from tests.scenario import TestServer

_READS = ("SELECT", "SHOW", "SET", "EXPLAIN")


class Crash(BaseException):
    """No ``except Exception`` may see it: a killed process cleans nothing up."""


class Cutter:
    """Cuts the connection once, after the server did what it was asked and before the client
    hears of it. What the client does then is its own affair."""

    def __init__(self, connection: Any, lets_pass: int) -> None:
        self.connection = connection
        self.left = lets_pass
        self.dead = False
        self.last = ""
        connection.execute_wrappers.append(self)
        commit = connection._commit

        def committing() -> None:
            commit()
            self._pass("COMMIT")

        connection._commit = committing

    def __call__(self, execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        result = execute(sql, params, many, context)
        if not sql.lstrip(" (\n").upper().startswith(_READS):
            self._pass(sql)
        return result

    def _pass(self, sql: str) -> None:
        self.left -= 1
        if self.left == -1:
            self.dead, self.last = True, sql
            self.connection.connection.close()
            raise OperationalError(2013, "Lost connection to server during query")


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


def walk(
    prepare: Callable[[], object],
    action: Callable[[], object],
    saboteur_kind: type[Saboteur] | type[Cutter] = Saboteur,
) -> None:
    """Disturb ``action`` at every one of its writes and commits; print a JSON report."""
    _new_database()
    prepare()
    action()
    wanted = fingerprint()
    report: dict[str, Any] = {"crashes": 0, "differences": []}
    while True:
        _new_database()
        prepare()
        connection: Any = connections["default"]
        saboteur = saboteur_kind(connection, report["crashes"])
        with contextlib.suppress(Crash, NestFluxError):
            action()
        _forget_connection()
        if not saboteur.dead:
            break
        report["crashes"] += 1
        try:
            action()
            found = fingerprint()
        except Exception as error:
            found = {"raised": f"{type(error).__name__}: {error}"}
        if found != wanted:
            report["differences"].append([saboteur.last[:200], _difference(wanted, found)])
    print(json.dumps(report))


def _difference(wanted: dict[str, Any], found: dict[str, Any]) -> Any:
    return {
        key: [wanted.get(key), found.get(key)]
        for key in wanted.keys() | found.keys()
        if wanted.get(key) != found.get(key)
    }


def _forget_connection() -> None:
    """As the end of the process would: the server notices, and rolls back what was open."""
    connection: Any = connections["default"]
    if connection.connection is not None:
        with contextlib.suppress(Exception):  # it is closed already
            connection.connection.close()
    del connections["default"]


def _new_database() -> None:
    server = TestServer.of_the_run()
    name = str(connections["default"].settings_dict["NAME"])
    connections["default"].close()
    server.sql(f"DROP DATABASE IF EXISTS `{name}`")
    server.sql(f"CREATE DATABASE `{name}` CHARACTER SET utf8mb4")


def fingerprint() -> dict[str, Any]:
    """Schema, rows, books and ledger: what must not depend on crashes."""
    connection = connections["default"]
    found: dict[str, Any] = {"schema": read_schema(connection).reading}
    for table in table_names(connection):
        found[f"rows of {table}"] = _rows(f"SELECT * FROM `{table}` ORDER BY 1")
    found["django_migrations"] = _rows("SELECT app, name FROM django_migrations ORDER BY 1, 2")
    found["files"] = _rows(
        "SELECT id, name, state, direction, attempt, origin, statement_count, up_sha256, "
        "finished_at IS NULL FROM nestflux_sql_migration ORDER BY id"
    )
    found["statements"] = _rows(
        "SELECT sql_migration_id, direction, attempt, ordinal, sha256, state "
        "FROM nestflux_statement ORDER BY 1, 2, 3, 4"
    )
    found["backups"] = _rows(
        "SELECT sql_migration_id, attempt, restored_at IS NOT NULL FROM nestflux_backup ORDER BY id"
    )
    found["scratch"] = _rows("SHOW TABLES LIKE 'nestflux\\_restore%'")
    # Not how runs ended: one that dies at its last write did its work, and its row stays open.
    found["owed"] = _rows(
        "SELECT SUM(post_migrate_owed), MAX(post_migrate_sent_at) IS NOT NULL, "
        "SUM(loading IS NOT NULL AND loaded_at IS NULL) "
        "FROM nestflux_run"
    )
    return found


def _rows(sql: str) -> list[list[str]]:
    with connections["default"].cursor() as cursor:
        cursor.execute(sql)
        return [[str(value) for value in row] for row in cursor.fetchall()]


def nothing() -> None:
    """No preparation."""


def replay() -> None:
    migrate("default", replay=True)


def load() -> None:
    migrate("default")


def undo() -> None:
    rollback("default", to="zero", options=Options(command="db_rollback"))
