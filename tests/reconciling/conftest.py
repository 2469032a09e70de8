from __future__ import annotations

import secrets
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import ProjectFactory
from tests.reconciling import store
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


@pytest.fixture
def live(project: ProjectFactory, recorded_store: Path) -> Project:
    """A project of its own, whose database stock Django brought to the end of ``0001_all``."""
    made = project({"store": {}})
    for name in ("store", "migrations_sql"):
        shutil.copytree(recorded_store / name, made.path / name, dirs_exist_ok=True)
    outcome = made.python(
        """
        from django.db import connection
        from django.db.migrations.executor import MigrationExecutor

        MigrationExecutor(connection).migrate([("store", "0002_programs")])
        """
    )
    assert outcome.code == 0, str(outcome)
    return made
