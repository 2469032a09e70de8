from __future__ import annotations

import secrets
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.applying.histories import APPS, write_first, write_second
from tests.conftest import ProjectFactory
from tests.scenario import Project, TestServer, new_project


@pytest.fixture(scope="session")
def recorded(tmp_path_factory: pytest.TempPathFactory, server: TestServer) -> Iterator[Path]:
    """A project with two recorded files, made once for the whole run."""
    path = tmp_path_factory.mktemp("recorded")
    project = new_project(path, server, f"nf_{secrets.token_hex(5)}", {"shop": {}})
    try:
        write_first(project)
        project.succeeds("db_generate", "--name", "first", "--noinput")
        write_second(project)
        project.succeeds("db_generate", "--name", "second", "--noinput")
        project.write("shop/apps.py", APPS)
        yield path
    finally:
        server.drop_all(project.database)


@pytest.fixture
def shop(project: ProjectFactory, recorded: Path) -> Project:
    """A project of its own with ``0001_first`` and ``0002_second``, nothing applied."""
    made = project({"shop": {}})
    for name in ("shop", "migrations_sql"):
        shutil.copytree(recorded / name, made.path / name, dirs_exist_ok=True)
    return made
