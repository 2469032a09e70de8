"""Fixtures for every test. ``scripts/test`` runs them once on MariaDB and once on MySQL."""

from __future__ import annotations

import os
import secrets
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import hypothesis
import pytest
from django.db import connections
from pytest_django.plugin import DjangoDbBlocker

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
