"""Fixtures for every test, and the marker of those that need a database server (README.md).

``scripts/test`` runs all of them once on MariaDB and once on MySQL.
"""

from __future__ import annotations

import os
import secrets
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import hypothesis
import MySQLdb
import pytest
from django.db import connections
from pytest_django.plugin import DjangoDbBlocker

from tests import this_run
from tests.scenario import Project, TestServer, new_project

if TYPE_CHECKING:
    from django.db.backends.base.base import BaseDatabaseWrapper

# No example is timed: machines differ. In CI the same examples each time, so that what fails there
# fails for the change; new ones are found wherever the tests run otherwise.
hypothesis.settings.register_profile(
    "nestflux", deadline=None, derandomize=bool(os.environ.get("CI")), print_blob=True
)
hypothesis.settings.load_profile("nestflux")

ProjectFactory = Callable[..., Project]


@pytest.hookimpl(tryfirst=True)  # before -m deselects
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what uses the run's server: as a fixture, however many others are between, or through
    Django's test database."""
    for item in items:
        used = set(getattr(item, "fixturenames", ()))
        if used & {"server", "db", "transactional_db"} or item.get_closest_marker("django_db"):
            item.add_marker("server")


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Without the server, a test that is marked is skipped, or the run ends where it was to have
    one."""
    if item.get_closest_marker("server") and (missing := _missing_server()):
        if this_run.is_server_expected():
            pytest.exit(missing, returncode=pytest.ExitCode.USAGE_ERROR)
        pytest.skip(missing)


@cache
def _missing_server() -> str:
    """What is wrong with the server, and what to do; empty where it answers."""
    try:
        TestServer.of_the_run().connect().close()
    except MySQLdb.OperationalError as error:
        return this_run.no_server(error)
    return ""


@pytest.fixture(scope="session")
def server() -> TestServer:
    """The server that this run is for."""
    return TestServer.of_the_run()


@pytest.fixture(scope="session")
def family(server: TestServer) -> str:
    """``mariadb`` or ``mysql``, as the live server says."""
    return server.family


@pytest.fixture
def project(tmp_path: Path, server: TestServer) -> Iterator[ProjectFactory]:
    """Makes throwaway projects: ``project({"shop": {"models.py": …}}, contrib=(…), settings=…)``.

    Their databases, test databases and shadows are dropped afterwards.
    """
    made: list[str] = []

    def make(
        apps: Mapping[str, Mapping[str, str]],
        *,
        contrib: tuple[str, ...] = (),
        settings: str = "",
    ) -> Project:
        made.append(f"nf_{secrets.token_hex(5)}")
        path = tmp_path / f"project{len(made)}"
        path.mkdir()
        return new_project(path, server, made[-1], apps, contrib=contrib, settings=settings)

    yield make
    for name in made:
        server.drop_all(name)


@pytest.fixture
def scratch(
    server: TestServer, django_db_blocker: DjangoDbBlocker
) -> Iterator[BaseDatabaseWrapper]:
    """A Django connection to an empty database of its own, which is not any alias's."""
    name = f"nf_{secrets.token_hex(5)}"
    server.sql(f"CREATE DATABASE `{name}` CHARACTER SET utf8mb4")
    with django_db_blocker.unblock():
        backend = type(connections["default"])
        connection = backend({**server.settings, "NAME": name}, "default")
        try:
            yield connection
        finally:
            connection.close()
            server.drop_all(name)
