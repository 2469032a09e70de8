"""A site of real packages in a folder, run by a Python that has only their wheels and ours."""

from __future__ import annotations

import os
import re
import secrets
import shutil
import subprocess
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Self

from django.db import connections

from nestflux.database.session import PINNED, pin
from nestflux.history.folder import Folder
from nestflux.schema.diff import Definitions, Delta
from nestflux.schema.introspection import read_schema
from nestflux.schema.rows import TableRows, read_rows
from tests.realworld.clean_room import HERE, python_of
from tests.realworld.packages import Stage, stages
from tests.scenario import MYSQL_PROGRAMS, Outcome, TestServer

if TYPE_CHECKING:
    from django.db.backends.base.base import BaseDatabaseWrapper

# Without a test's own names a machine's environment would decide what a migration does.
_KEPT = ("PATH", "HOME", "LANG", "TMPDIR")
_UUID = re.compile(r"'[0-9a-f]{8}-?(?:[0-9a-f]{4}-?){3}[0-9a-f]{12}'")
_TIME = re.compile(r"'\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(?:\.\d+)?'")


@dataclass(frozen=True)
class RealSite:
    """The site as one of its databases sees it.

    ``collation``: the default of its databases; empty for the server's. ``seed``: PYTHONHASHSEED of
    its commands; empty for another in each.
    """

    path: Path
    server: TestServer
    python: Path
    name: str
    stages: tuple[Stage, ...]
    database: str = ""
    collation: str = ""
    seed: str = ""

    @classmethod
    def made(
        cls, path: Path, server: TestServer, python: Path, name: str, stages: Sequence[Stage]
    ) -> Self:
        shutil.copytree(HERE / "site", path, ignore=shutil.ignore_patterns("__pycache__"))
        return cls(path, server, python, name, tuple(stages))

    @property
    def history(self) -> Folder:
        return Folder(self.path / "migrations_sql" / self.server.family, self.server.family)

    @contextmanager
    def on(self, purpose: str, collation: str = "") -> Iterator[Self]:
        """The site on an empty database of its own."""
        database = f"{self.name}_{purpose}"
        charset = collation.partition("_")[0] or "utf8mb4"
        collate = f" COLLATE {collation}" if collation else ""
        self.server.sql(f"DROP DATABASE IF EXISTS `{database}`")
        self.server.sql(f"CREATE DATABASE `{database}` CHARACTER SET {charset}{collate}")
        try:
            yield replace(self, database=database, collation=collation)
        finally:
            self.server.sql(f"DROP DATABASE `{database}`")

    # ---- commands --------------------------------------------------------------------------

    def run(self, *args: str) -> Outcome:
        """``python manage.py ARGS``."""
        return self._run("manage.py", *args)

    def succeeds(self, *args: str) -> Outcome:
        outcome = self.run(*args)
        assert outcome.code == 0, str(outcome)
        return outcome

    def stock(self, *args: str) -> None:
        """Django's own migrate: see site/stock.py."""
        outcome = self._run("stock.py", *args)
        assert outcome.code == 0, str(outcome)

    def run_script(self, name: str) -> Outcome:
        """``python NAME``, a script of ``site/``."""
        return self._run(name)

    def generate(self) -> None:
        """A file a stage."""
        for number, stage in enumerate(self.stages, start=1):
            grown = replace(self, stages=self.stages[:number])
            grown.succeeds("db_generate", "--noinput", "--name", stage.name)

    def _run(self, *command: str) -> Outcome:
        apps = " ".join(app for stage in self.stages for app in stage.apps)
        path = os.pathsep.join((str(MYSQL_PROGRAMS), os.environ["PATH"]))
        environment = {
            **{name: os.environ[name] for name in _KEPT if name in os.environ},
            "PATH": path,
            "DATABASE_URL": self.server.database_url(self.database),
            "REALWORLD_APPS": apps,
            "REALWORLD_COLLATION": self.collation,
            "REALWORLD_SHADOW": f"{self.name}_shadow",
            **({"PYTHONHASHSEED": self.seed} if self.seed else {}),
        }
        ended = subprocess.run(
            [str(self.python), *command],
            cwd=self.path,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )
        return Outcome(ended.returncode, ended.stdout, ended.stderr)

    # ---- what is there ---------------------------------------------------------------------

    def require_as(self, other: RealSite, *, but: Collection[str] = ()) -> None:
        """Fails where a column, index, constraint, key, comment or row is another one.

        Args:
            but: tables of which the rows may differ.
        """
        different = Delta.between(other.built()[0], self.built()[0]).lines()
        assert not different, "\n".join(different[:40])
        self.require_rows_as(other, but=but)

    def require_rows_as(self, other: RealSite, *, but: Collection[str] = ()) -> None:
        """Fails where a row is another one, whatever the order of columns."""
        (_, ours), (_, theirs) = self.built(), other.built()
        for table in but:
            ours.pop(table, None)
            theirs.pop(table, None)
        different = list(_different_rows(theirs, ours))
        assert not different, "\n".join(different[:40])

    def built(self) -> tuple[Definitions, dict[str, TableRows]]:
        settings = {**self.server.settings, "NAME": self.database}
        connection: BaseDatabaseWrapper = type(connections["default"])(settings, "default")
        try:
            pin(connection, PINNED)
            return read_schema(connection).definitions, read_rows(connection)
        finally:
            connection.close()


@contextmanager
def recorded_site(
    server: TestServer, folder: Path, year: int, grown: Sequence[Stage] | None = None
) -> Iterator[RealSite]:
    """The site with that year's packages and its whole history, generated from nothing.

    Args:
        grown: the stages in which it got them; None: ``stages``.
    """
    with recorded_on(server, folder, python_of(year), grown or stages()) as site:
        yield site


@contextmanager
def recorded_on(
    server: TestServer, folder: Path, python: Path, grown: Sequence[Stage], seed: str = ""
) -> Iterator[RealSite]:
    """A site of what that Python has, and its whole history."""
    name = f"nf_{secrets.token_hex(5)}"
    site = replace(RealSite.made(folder / "site", server, python, name, grown), seed=seed)
    try:
        with site.on("models") as generating:
            generating.generate()
        yield site
    finally:
        server.drop_all(name)


def _different_rows(theirs: dict[str, TableRows], ours: dict[str, TableRows]) -> Iterator[str]:
    """Line by line. What is new in each database is compared by its kind, not by its value."""
    for table in sorted(theirs.keys() | ours.keys()):
        here, there = theirs.get(table), ours.get(table)
        if here is None or there is None:
            yield f"rows of {table}: {'none' if here is None else 'some'} with Django's migrate"
            continue
        if len(here.rows) != len(there.rows):
            yield f"rows of {table}: {len(here.rows)} with Django's migrate, {len(there.rows)} here"
            continue
        places = [column.name for column in there.columns]
        for one, other in zip(here.rows, there.rows, strict=True):
            for column, expected in zip(here.columns, one, strict=True):
                found = other[places.index(column.name)]
                if expected != found and not _is_new_each_time(expected, found):
                    yield f"{table}.{column.name}: {expected} with Django's migrate, {found} here"


def _is_new_each_time(one: str, other: str) -> bool:
    """Two uuids, or two times."""
    return any(kind.fullmatch(one) and kind.fullmatch(other) for kind in (_UUID, _TIME))
