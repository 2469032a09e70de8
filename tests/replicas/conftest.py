"""A primary and two replicas of the run's family, started once, and a database for each test."""

from __future__ import annotations

import os
import secrets
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from typing import Any
from unittest.mock import patch
from urllib.parse import quote

import pytest
from django.conf import settings as django_settings
from django.db import connections
from django.db.backends.base.base import BaseDatabaseWrapper
from django.test import Client
from pytest_django import Settings
from pytest_django.plugin import DjangoDbBlocker

from nestflux.replicas import choosing, health
from scripts.replication import SITE, Node, replication
from tests.environment.deploys import until
from tests.scenario import REPOSITORY

Connect = Callable[..., BaseDatabaseWrapper]


@dataclass(frozen=True)
class Servers:
    """A primary, its replicas, and the database of a test, with a table ``item (id, name)``."""

    primary: Node
    replicas: list[Node]
    database: str

    @property
    def replica(self) -> Node:
        return self.replicas[0]

    def write(self, name: str) -> None:
        """A row, past Django."""
        self.primary.sql("INSERT INTO item (name) VALUES (%s)", [name], self.database)

    def rows_of(self, node: Node) -> list[str]:
        return [name for (name,) in node.sql("SELECT name FROM item", None, self.database)]

    def recover(self) -> None:
        """Whatever a test did to the replicas: they run, take no writes and have everything."""
        for node in self.replicas:
            node.start()
            node.write_protect(True)
            node.lag(0)
            node.catch_up(self.primary)


@pytest.fixture(scope="session")
def three_servers(
    tmp_path_factory: pytest.TempPathFactory, family: str
) -> Iterator[tuple[Node, list[Node]]]:
    with replication(family, tmp_path_factory.mktemp("replication"), replicas=2) as nodes:
        yield nodes


@pytest.fixture
def servers(three_servers: tuple[Node, list[Node]]) -> Iterator[Servers]:
    primary, replicas = three_servers
    made = Servers(primary, replicas, f"nf_{secrets.token_hex(5)}")
    primary.sql(f"CREATE DATABASE `{made.database}`")
    primary.sql(
        "CREATE TABLE item (id int PRIMARY KEY AUTO_INCREMENT, name varchar(40))",
        None,
        made.database,
    )
    for node in replicas:
        node.catch_up(primary)
    try:
        yield made
    finally:
        made.recover()
        primary.sql(f"DROP DATABASE `{made.database}`")


@pytest.fixture
def connect(servers: Servers, django_db_blocker: DjangoDbBlocker) -> Iterator[Connect]:
    """Django's connections to a node, as the site's account or another: ``connect(node, "root")``;
    each a session of its own."""
    made: list[BaseDatabaseWrapper] = []

    def make(node: Node, user: str = SITE) -> BaseDatabaseWrapper:
        backend = type(connections["default"])
        full = {**connections["default"].settings_dict, "PORT": "", "OPTIONS": {}}
        made.append(backend({**full, **node.entry(servers.database, user)}, "default"))
        return made[-1]

    with django_db_blocker.unblock():
        yield make
        for connection in made:
            connection.close()


# ---- a site --------------------------------------------------------------------------------------

ALIASES = ("replica_1", "replica_2")
# For a test that is about connections.
both_engines = pytest.mark.parametrize(
    "engine", ["django.db.backends.mysql", "nestflux.pooled"], indirect=True
)


@dataclass
class Site:
    """This repository's own site with a primary, ``default``, and two replicas, in this process."""

    primary: Node
    replicas: list[Node]
    settings: Settings
    client: Client = field(default_factory=Client)

    @property
    def replica(self) -> Node:
        return self.replicas[0]

    def configure(self, *aliases: str, **keys: Any) -> None:
        """The setting REPLICAS, and nothing known of a replica: ``configure("replica_1",
        MAX_LAG=3600)``."""
        given = {"WAIT": 0.05, "PAUSE": 0.2, "MAX_LAG": 3600, "REMEMBER": 9000, **keys}
        replicas = {"OF": {"default": list(aliases or ALIASES)}, **given}
        self.settings.NESTFLUX = {**self.settings.NESTFLUX, "REPLICAS": replicas}
        health.forget()

    def well(self, *aliases: str) -> None:
        """Wait until reads may go to these."""
        for replica in map(health.known, aliases or ALIASES[:1]):
            until(partial(getattr, replica, "is_well"), f"{replica.alias} to be well")

    def freeze(self, **keys: Any) -> None:
        """One replica, which is known to be well and executes nothing from now on: what is written
        is on the primary alone. ``keys``: of the setting."""
        self.configure("replica_1", PAUSE=3600, **keys)
        self.well()
        self.replica.halt("SQL_THREAD")

    def left_out(self, alias: str) -> None:
        until(lambda: not health.known(alias).is_well, f"{alias} to be left out")

    def get(self, view: str, name: str = "first", **more: Any) -> Any:
        return self.client.get(f"/{view}/{name}", **more).json()

    def post(self, view: str, name: str = "first", **more: Any) -> Any:
        return self.client.post(f"/{view}/{name}", **more).json()

    def name(self) -> str:
        """Of a tag that nobody has made."""
        return f"t-{secrets.token_hex(5)}"

    def elsewhere(self) -> str:
        """A tag made on the primary by another process."""
        name = self.name()
        insert = "INSERT INTO blog_tag (slug, name) VALUES (%s, %s)"
        self.primary.sql(insert, [name, name], _SITE)
        return name

    def everywhere(self) -> str:
        """A tag that each server has."""
        name = self.elsewhere()
        for node in self.replicas:
            node.catch_up(self.primary)
        return name


_SITE = "site"


@pytest.fixture(scope="session")
def site_servers(three_servers: tuple[Node, list[Node]]) -> tuple[Node, list[Node]]:
    """The servers with the site's tables."""
    primary, replicas = three_servers
    primary.sql(f"CREATE DATABASE {_SITE}")
    url = f"mysql://root@/{_SITE}?unix_socket={quote(str(primary.server.socket))}"
    done = subprocess.run(
        [sys.executable, "manage.py", "db_migrate"],
        cwd=REPOSITORY,
        env={**os.environ, "DATABASE_URL": url},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    primary.sql("INSERT INTO blog_tag (slug, name) VALUES ('first', 'first')", None, _SITE)
    for node in replicas:
        node.catch_up(primary)
    return primary, replicas


@pytest.fixture(params=["django.db.backends.mysql"])
def engine(request: pytest.FixtureRequest) -> str:
    """Django's own backend, where a test does not take both."""
    return str(request.param)


@pytest.fixture
def site(
    site_servers: tuple[Node, list[Node]],
    settings: Settings,
    django_db_blocker: DjangoDbBlocker,
    monkeypatch: pytest.MonkeyPatch,
    engine: str,
) -> Iterator[Site]:
    primary, replicas = site_servers
    made = Site(primary, replicas, settings)
    options = {"OPTIONS": {"pool": {"max_size": 4}}} if engine == "nestflux.pooled" else {}
    entries = {
        alias: {**connections["default"].settings_dict, "PORT": "", "CONN_MAX_AGE": 0}
        | node.entry(_SITE, ENGINE=engine)
        | options
        for alias, node in zip(("default", *ALIASES), (primary, *replicas), strict=True)
    }
    for alias in ALIASES:
        entries[alias]["TEST"] = {"MIRROR": "default"}
    kept = connections["default"]
    with patch.dict(django_settings.DATABASES, entries), django_db_blocker.unblock():
        del connections["default"]
        settings.MIDDLEWARE = ["nestflux.replicas.ReplicaMiddleware", *settings.MIDDLEWARE]
        settings.DATABASE_ROUTERS = ["nestflux.replicas.Router"]
        settings.ROOT_URLCONF = "tests.replicas.site"
        monkeypatch.setattr(choosing, "is_test_run", lambda: False)
        made.configure()
        try:
            yield made
        finally:
            for alias in entries:
                with suppress(Exception):  # a test may have stopped its server
                    connections[alias].close()
                del connections[alias]
            connections["default"] = kept
            health.forget()
            Servers(primary, replicas, _SITE).recover()


# ---- decisions, which need no server -------------------------------------------------------------


@pytest.fixture
def configured(settings: Settings) -> Iterator[Settings]:
    """``default`` has two replicas that nobody asks, and ``archive`` one."""
    names = ("replica_1", "replica_2", "archive", "archive_1", "other")
    entries = dict.fromkeys(names, settings.DATABASES["default"])
    with patch.dict(django_settings.DATABASES, entries):
        configure(settings)
        yield settings
    health.forget()


def configure(settings: Settings, **keys: Any) -> None:
    of = {"default": ["replica_1", "replica_2"], "archive": ["archive_1"]}
    settings.NESTFLUX = {**settings.NESTFLUX, "REPLICAS": {"OF": of, **keys}}
    health.forget()
