from __future__ import annotations

import secrets
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import ProjectFactory
from tests.reconciling import odd, store
from tests.scenario import Project, TestServer, new_project


@pytest.fixture(scope="session")
def recorded_store(tmp_path_factory: pytest.TempPathFactory, server: TestServer) -> Iterator[Path]:
    """A project with ``0001_all`` and ``0002_later``, made once for the whole run."""
    path = tmp_path_factory.mktemp("recorded_store")
    project = new_project(path, server, f"nf_{secrets.token_hex(5)}", {"store": {}})
    try:
        store.record(project)
        yield path
    finally:
        server.drop_all(project.database)


@pytest.fixture(scope="session")
def recorded_odd(tmp_path_factory: pytest.TempPathFactory, server: TestServer) -> Iterator[Path]:
    """A project with ``0001_odd``, made once for the whole run."""
    path = tmp_path_factory.mktemp("recorded_odd")
    project = new_project(path, server, f"nf_{secrets.token_hex(5)}", {"odd": {}})
    try:
        odd.record(project)
        yield path
    finally:
        server.drop_all(project.database)


@pytest.fixture
def live(project: ProjectFactory, recorded_store: Path) -> Project:
    """A project of its own, whose database stock Django brought to the end of ``0001_all``."""
    return _migrated(project({"store": {}}), recorded_store, "store", "0002_programs")


@pytest.fixture
def odd_live(project: ProjectFactory, recorded_odd: Path) -> Project:
    """The same at the end of ``0001_odd``."""
    return _migrated(project({"odd": {}}), recorded_odd, "odd", "0001_initial")


def _migrated(made: Project, recorded: Path, app: str, last: str) -> Project:
    for name in (app, "migrations_sql"):
        shutil.copytree(recorded / name, made.path / name, dirs_exist_ok=True)
    outcome = made.python(
        f"""
        from django.db import connection
        from django.db.migrations.executor import MigrationExecutor

        MigrationExecutor(connection).migrate([({app!r}, {last!r})])
        """
    )
    assert outcome.code == 0, str(outcome)
    return made
