from __future__ import annotations

import secrets
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import ProjectFactory
from tests.scenario import Project, TestServer, new_project
from tests.squashing import histories


@pytest.fixture(scope="session")
def recorded(tmp_path_factory: pytest.TempPathFactory, server: TestServer) -> Iterator[Path]:
    """A project with five files, made once for the whole run."""
    path = tmp_path_factory.mktemp("to_squash")
    project = new_project(path, server, f"nf_{secrets.token_hex(5)}", {"shop": {}, "depot": histories.DEPOT})
    try:
        histories.record(project)
        yield path
    finally:
        server.drop_all(project.database)


@pytest.fixture
def shop(project: ProjectFactory, recorded: Path) -> Project:
    """A project of its own with the five files, nothing applied."""
    made = project({"shop": {}, "depot": histories.DEPOT})
    for name in ("shop", "depot", "migrations_sql"):
        shutil.copytree(recorded / name, made.path / name, dirs_exist_ok=True)
    return made
