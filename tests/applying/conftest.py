from __future__ import annotations

import secrets
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.applying.histories import APPS, write_first, write_second, write_third
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


@pytest.fixture(scope="session")
def recorded_odd(
    tmp_path_factory: pytest.TempPathFactory, server: TestServer, recorded: Path
) -> Iterator[Path]:
    """The same with a third file, ``0003_odd``, whose statements have several effects each."""
    path = tmp_path_factory.mktemp("odd")
    project = new_project(path, server, f"nf_{secrets.token_hex(5)}", {"shop": {}})
    try:
        for name in ("shop", "migrations_sql"):
            shutil.copytree(recorded / name, path / name, dirs_exist_ok=True)
        write_third(project)
        yield path
    finally:
        server.drop_all(project.database)


@pytest.fixture
def odd(project: ProjectFactory, recorded_odd: Path) -> Project:
    """A project of its own with ``0003_odd`` pending, and what is before it applied."""
    made = project({"shop": {}})
    for name in ("shop", "migrations_sql"):
        shutil.copytree(recorded_odd / name, made.path / name, dirs_exist_ok=True)
    made.succeeds("db_migrate", "--to", "0002")
    return made


@pytest.fixture(scope="session")
def recorded_whole(tmp_path_factory: pytest.TempPathFactory, server: TestServer) -> Iterator[Path]:
    """All of it in one file, ``0001_whole``: three migrations, with steps of each kind."""
    path = tmp_path_factory.mktemp("whole")
    project = new_project(path, server, f"nf_{secrets.token_hex(5)}", {"shop": {}})
    try:
        write_first(project)
        write_second(project)
        project.succeeds("db_generate", "--name", "whole", "--noinput")
        project.write("shop/apps.py", APPS)
        yield path
    finally:
        server.drop_all(project.database)


@pytest.fixture
def whole(project: ProjectFactory, recorded_whole: Path) -> Project:
    """A project of its own with ``0001_whole``, nothing applied."""
    made = project({"shop": {}})
    for name in ("shop", "migrations_sql"):
        shutil.copytree(recorded_whole / name, made.path / name, dirs_exist_ok=True)
    return made
