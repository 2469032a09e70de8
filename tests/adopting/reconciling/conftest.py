from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.adopting.reconciling import odd, store
from tests.conftest import ProjectFactory
from tests.scenario import Project, TestServer, kept_project


@pytest.fixture(scope="session")
def recorded_store(tmp_path_factory: pytest.TempPathFactory, server: TestServer) -> Iterator[Path]:
    """A project with ``0001_all`` and ``0002_later``, made once for the whole run."""
    path = tmp_path_factory.mktemp("recorded_store")
    with kept_project(path, server, {"store": {}}) as project:
        store.record(project)
        yield path


@pytest.fixture(scope="session")
def recorded_odd(tmp_path_factory: pytest.TempPathFactory, server: TestServer) -> Iterator[Path]:
    """A project with ``0001_odd``, made once for the whole run."""
    path = tmp_path_factory.mktemp("recorded_odd")
    with kept_project(path, server, {"odd": {}}) as project:
        odd.record(project)
        yield path


@pytest.fixture
def live(project: ProjectFactory, recorded_store: Path) -> Project:
    """A project of its own, whose database stock Django brought to the end of ``0001_all``."""
    return _migrated(project({"store": {}}), recorded_store, "store", "0002_programs")


@pytest.fixture
def odd_live(project: ProjectFactory, recorded_odd: Path) -> Project:
    """The same at the end of ``0001_odd``."""
    return _migrated(project({"odd": {}}), recorded_odd, "odd", "0001_initial")


def _migrated(made: Project, recorded: Path, app: str, last: str) -> Project:
    made.take_over(recorded, app, "migrations_sql")
    outcome = made.python(
        f"""
        from django.db import connection
        from django.db.migrations.executor import MigrationExecutor

        MigrationExecutor(connection).migrate([({app!r}, {last!r})])
        """
    )
    assert outcome.code == 0, str(outcome)
    return made
