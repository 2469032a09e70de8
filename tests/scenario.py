"""Throwaway projects: what a scenario test writes, runs and looks at.

    shop = project({"shop": {"models.py": '''
        from django.db import models

        class Product(models.Model):
            name = models.CharField(max_length=40)
    '''}})
    shop.succeeds("db_generate", "--name", "products")
    shop.edit("shop/models.py", "max_length=40", "max_length=60")
    outcome = shop.run("db_generate", "--check")
    assert outcome.code == 1

Every command is a process of its own, as a person would start it.
"""

from __future__ import annotations

import fcntl
import json
import os
import pty
import secrets
import select
import shutil
import signal
import struct
import subprocess
import sys
import termios
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from textwrap import dedent
from typing import Any, Self
from urllib.parse import urlsplit, urlunsplit

import MySQLdb
from django.db import connections

from tests import forked_python
from tests.this_run import MYSQL_PROGRAMS as MYSQL_PROGRAMS

REPOSITORY = Path(__file__).resolve().parent.parent

_MANAGE = """
import os
os.environ["DJANGO_SETTINGS_MODULE"] = "settings"
from nestflux.management.start import main
main()
"""
_SETTINGS = """
import os
from pathlib import Path
from nestflux.environment import database_from_url

BASE_DIR = Path(__file__).resolve().parent
SECRET_KEY = "only-for-tests"
DATABASES = {{"default": database_from_url(os.environ["DATABASE_URL"], variable="DATABASE_URL")}}
INSTALLED_APPS = {apps!r}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
USE_TZ = True
NESTFLUX = {{
    "DIRECTORY": BASE_DIR / "migrations_sql",
    "SHADOW_NAME": {shadow!r},
    "RULES": {{"*": "off"}},  # each has its own tests: tests/reviewing/rules
    "PREFLIGHT": {{"ROWS": 0}},  # as has this: tests/applying/test_preflight.py
    "DEPLOY_ORDER": False,  # half a second a file: measured in tests/recording/deploy_order alone
}}
{more}
"""


@dataclass(frozen=True)
class Outcome:
    """What a command left: exit code and both outputs."""

    code: int
    stdout: str
    stderr: str

    @property
    def lines(self) -> list[str]:
        return self.stdout.splitlines()

    @property
    def json(self) -> Any:
        return json.loads(self.stdout)

    def __str__(self) -> str:
        return f"exit {self.code}\n--- stdout\n{self.stdout}\n--- stderr\n{self.stderr}"


@dataclass
class TestServer:
    """The database server that this run of the tests is for, by a connection of its own."""

    __test__ = False

    settings: Mapping[str, Any]
    url: str
    opened: list[Any] = field(default_factory=list)

    @classmethod
    def of_the_run(cls) -> Self:
        entry = connections["default"].settings_dict
        return cls({**entry, "NAME": ""}, os.environ["DATABASE_URL"])

    @property
    def family(self) -> str:
        return "mariadb" if "MariaDB" in str(self.sql("SELECT VERSION()")[0][0]) else "mysql"

    def database_url(self, database: str, user: str = "", password: str = "") -> str:
        parts = urlsplit(self.url)
        netloc = parts.netloc
        if user:
            netloc = f"{user}:{password}@{netloc.rpartition('@')[2]}"
        return urlunsplit((parts.scheme, netloc, f"/{database}", parts.query, ""))

    def connect(self, database: str = "") -> Any:
        """A DB-API connection, in autocommit."""
        backend = type(connections["default"])({**self.settings, "NAME": database}, "default")
        params = backend.get_connection_params()
        connection = MySQLdb.connect(**params)
        connection.autocommit(True)
        return connection

    def sql(self, query: str, params: Any = None, database: str = "") -> list[tuple[Any, ...]]:
        connection = self.connect(database)
        try:
            cursor = connection.cursor()
            cursor.execute(query, params)
            return list(cursor.fetchall())
        finally:
            connection.close()

    @contextmanager
    def a_user(self, name: str, password: str, *grants: str) -> Iterator[None]:
        """A server account with some grants."""
        self.sql(f"DROP USER IF EXISTS '{name}'@'localhost'")
        self.sql(f"CREATE USER '{name}'@'localhost' IDENTIFIED BY '{password}'")
        try:
            for grant in grants:
                self.sql(f"GRANT {grant} TO '{name}'@'localhost'")
            yield
        finally:
            self.sql(f"DROP USER IF EXISTS '{name}'@'localhost'")

    def drop_all(self, name: str) -> None:
        """Drop a database, its test databases with their clones, and its shadows."""
        for (found,) in self.sql("SHOW DATABASES"):
            if found == name or found.startswith((f"{name}_", f"test_{name}")):
                self.sql(f"DROP DATABASE IF EXISTS `{found}`")


@dataclass
class Project:
    """A Django project in a folder, with a database of its own."""

    path: Path
    server: TestServer
    database: str
    apps: tuple[str, ...]
    env: dict[str, str] = field(default_factory=dict)

    # ---- files -----------------------------------------------------------------------------

    def write(self, name: str, text: str) -> Path:
        """Write a file; the text's common indentation is taken off."""
        path = self.path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(dedent(text).lstrip("\n"), encoding="utf-8")
        return path

    def read(self, name: str) -> str:
        return (self.path / name).read_text(encoding="utf-8")

    def edit(self, name: str, old: str, new: str) -> None:
        """Replace a text that stands in the file exactly once."""
        text = self.read(name)
        assert text.count(old) == 1, f"{old!r} stands {text.count(old)} times in {name}"
        (self.path / name).write_text(text.replace(old, new), encoding="utf-8")

    def take_over(self, source: Path, *names: str) -> None:
        """Copy folders of another project."""
        for name in names:
            shutil.copytree(source / name, self.path / name, dirs_exist_ok=True)

    def remove(self, name: str) -> None:
        (self.path / name).unlink()

    def app(self, label: str, files: Mapping[str, str]) -> None:
        """Write an app; its package and its migrations package come by themselves."""
        for name in ("__init__.py", "migrations/__init__.py"):
            self.write(f"{label}/{name}", "")
        for name, text in files.items():
            self.write(f"{label}/{name}", text)

    def settings(self, more: str = "", *, apps: tuple[str, ...] = ()) -> None:
        """Write settings.py anew with ``more`` at its end; ``apps`` replaces INSTALLED_APPS."""
        self.apps = apps or self.apps
        text = _SETTINGS.format(
            apps=["nestflux", *self.apps], shadow=f"{self.database}_shadow", more=dedent(more)
        )
        (self.path / "settings.py").write_text(text, encoding="utf-8")

    @property
    def history(self) -> Path:
        """The history of the default alias on the run's family."""
        return self.path / "migrations_sql" / self.server.family

    # ---- commands --------------------------------------------------------------------------

    def run(self, *args: str, input: str = "", env: Mapping[str, str] | None = None) -> Outcome:
        """``python manage.py ARGS``, without a terminal."""
        return self._finish([sys.executable, "manage.py", *args], input, env)

    def succeeds(self, *args: str, **given: Any) -> Outcome:
        """As ``run``; the exit code is 0."""
        outcome = self.run(*args, **given)
        assert outcome.code == 0, str(outcome)
        return outcome

    def python(self, code: str, *, forked: bool = True) -> Outcome:
        """Run Python code with the project set up. Code that asks what is imported is not to be
        run in a fork, which has much imported already."""
        setup = (
            "import os, django; os.environ['DJANGO_SETTINGS_MODULE'] = 'settings'; django.setup()\n"
        )
        return self._finish([sys.executable, "-c", setup + dedent(code)], "", None, forked=forked)

    def run_program(self, *command: str) -> Outcome:
        """Another program in the project's folder and environment."""
        return self._finish(list(command), "", None)

    def start(self, *args: str, env: Mapping[str, str] | None = None) -> subprocess.Popen[str]:
        """A command left running, to be killed or waited for by the test."""
        return subprocess.Popen(
            [sys.executable, "manage.py", *args],
            cwd=self.path,
            env=self._environment(env),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def on_a_terminal(
        self,
        *args: str,
        answers: str = "",
        kind: str = "dumb",
        columns: int = 0,
        env: Mapping[str, str] | None = None,
    ) -> Outcome:
        """As ``run``, with a terminal at all three ends, where a person types ``answers``. Both
        outputs come back in ``stdout``; of a ``kind`` that can move its cursor, with every picture
        of a line that changes. Without ``columns`` the terminal does not say how wide it is."""
        ours, theirs = pty.openpty()
        if columns:
            fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
        process = subprocess.Popen(
            [sys.executable, "manage.py", *args],
            cwd=self.path,
            env={**self._environment(env), "TERM": kind},
            stdin=theirs,
            stdout=theirs,
            stderr=theirs,
        )
        os.close(theirs)
        os.write(ours, answers.encode())
        shown = b""
        while True:
            if not select.select([ours], [], [], 120)[0]:
                process.kill()
                raise AssertionError(f"it asks, or hangs: {shown.decode()}")
            try:
                part = os.read(ours, 65536)
            except OSError:  # Linux's way to say that the other end is closed
                break
            if not part:
                break
            shown += part
        os.close(ours)
        return Outcome(process.wait(), shown.decode().replace("\r\n", "\n"), "")

    def environment(self, more: Mapping[str, str] | None = None) -> dict[str, str]:
        """What the project's commands run in."""
        return self._environment(more)

    def _finish(
        self,
        command: list[str],
        given: str,
        env: Mapping[str, str] | None,
        *,
        forked: bool = True,
    ) -> Outcome:
        program, *argv = command
        environment = self._environment(env)
        if forked and program == sys.executable and forked_python.can_run(argv, environment):
            done = forked_python.run(argv, self.path, environment, given)
        else:
            done = subprocess.run(
                command,
                cwd=self.path,
                env=environment,
                input=given,
                capture_output=True,
                text=True,
                timeout=300,
                check=False,
            )
        return Outcome(done.returncode, done.stdout, done.stderr)

    def _environment(self, more: Mapping[str, str] | None) -> dict[str, str]:
        path = os.environ.get("PATH", "")
        if self.server.family == "mysql" and MYSQL_PROGRAMS.is_dir():
            path = f"{MYSQL_PROGRAMS}{os.pathsep}{path}"
        return {
            "PATH": path,
            "HOME": os.environ.get("HOME", "/"),
            "PYTHONPATH": str(REPOSITORY),
            # Two edits within a second would otherwise meet a stale .pyc.
            "PYTHONDONTWRITEBYTECODE": "1",
            "DATABASE_URL": self.server.database_url(self.database),
            **self.env,
            **(more or {}),
        }

    # ---- the database ----------------------------------------------------------------------

    def sql(self, query: str, params: Any = None, *, database: str = "") -> list[tuple[Any, ...]]:
        """Run one statement in the project's database."""
        return self.server.sql(query, params, database or self.database)

    def feed_to_the_client(self, script: str) -> None:
        """Run a script through the ``mysql`` client program, as an administrator would."""
        entry = self.server.settings
        place = entry["HOST"].startswith("/")
        where = [f"--{'socket' if place else 'host'}={entry['HOST']}"]
        if not place and entry["PORT"]:
            where.append(f"--port={entry['PORT']}")
        done = subprocess.run(
            ["mysql", *where, f"--user={entry['USER']}", self.database],
            input=script,
            env={**self._environment(None), "MYSQL_PWD": str(entry["PASSWORD"])},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr

    def tables(self) -> list[str]:
        return [row[0] for row in self.sql("SHOW TABLES")]

    def columns(self, table: str) -> list[str]:
        return [row[0] for row in self.sql(f"SHOW COLUMNS FROM `{table}`")]

    def applied(self) -> list[str]:
        """django_migrations in its order: ``shop.0001_initial``."""
        rows = self.sql("SELECT app, name FROM django_migrations ORDER BY id")
        return [f"{app}.{name}" for app, name in rows]

    def recreate_database(self, collation: str = "") -> None:
        """An empty database in place of what was there."""
        self.server.sql(f"DROP DATABASE IF EXISTS `{self.database}`")
        collate = f" COLLATE {collation}" if collation else ""
        self.server.sql(f"CREATE DATABASE `{self.database}` CHARACTER SET utf8mb4{collate}")

    @contextmanager
    def a_user(self, name: str, password: str, *grants: str) -> Iterator[str]:
        """A server account with some grants; gives its DATABASE_URL."""
        with self.server.a_user(name, password, *grants):
            yield self.server.database_url(self.database, name, password)


def kill(process: subprocess.Popen[str]) -> None:
    """SIGKILL: the process gets no chance to clean up."""
    process.send_signal(signal.SIGKILL)
    process.communicate()


def new_project(
    path: Path,
    server: TestServer,
    database: str,
    apps: Mapping[str, Mapping[str, str]],
    *,
    contrib: tuple[str, ...] = (),
    settings: str = "",
) -> Project:
    """Write a project and make its database. ``contrib`` are further INSTALLED_APPS."""
    project = Project(path, server, database, (*contrib, *apps))
    project.write("manage.py", _MANAGE)
    project.settings(settings)
    for label, files in apps.items():
        project.app(label, files)
    project.recreate_database()
    return project


@contextmanager
def kept_project(
    path: Path, server: TestServer, apps: Mapping[str, Mapping[str, str]]
) -> Iterator[Project]:
    """A project that is recorded once, for tests that take over its folders."""
    project = new_project(path, server, f"nf_{secrets.token_hex(5)}", apps)
    try:
        yield project
    finally:
        server.drop_all(project.database)
