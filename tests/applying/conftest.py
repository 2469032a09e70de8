from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.applying import vault
from tests.applying.histories import APPS, write_first, write_second, write_third
from tests.conftest import ProjectFactory
from tests.scenario import Project, TestServer, kept_project, new_project


@pytest.fixture(scope="session")
def recorded(tmp_path_factory: pytest.TempPathFactory, server: TestServer) -> Iterator[Path]:
    """A project with two recorded files, made once for the whole run."""
    path = tmp_path_factory.mktemp("recorded")
    with kept_project(path, server, {"shop": {}}) as project:
        write_first(project)
        project.succeeds("db_generate", "--name", "first", "--noinput")
        write_second(project)
        project.succeeds("db_generate", "--name", "second", "--noinput")
        project.write("shop/apps.py", APPS)
        yield path


@pytest.fixture(scope="session")
def recorded_vault(tmp_path_factory: pytest.TempPathFactory, server: TestServer) -> Iterator[Path]:
    """A project whose last file loses data in each way, made once for the whole run."""
    path = tmp_path_factory.mktemp("recorded_vault")
    with kept_project(path, server, {"vault": {}}) as project:
        vault.record(project)
        yield path


@pytest.fixture
def empty_vault(project: ProjectFactory, recorded_vault: Path) -> Project:
    """A project of its own with ``0001_first`` applied and no rows; ``0002_fills`` and
    ``0003_loses`` are pending."""
    made = project({"vault": {}})
    made.take_over(recorded_vault, "vault", "migrations_sql")
    made.succeeds("db_migrate", "--to", "0001_first")
    return made


@pytest.fixture
def full_vault(empty_vault: Project) -> Project:
    """The same, with rows."""
    vault.fill(empty_vault.sql)
    return empty_vault


@pytest.fixture(scope="session")
def recorded_with(
    recorded: Path, tmp_path_factory: pytest.TempPathFactory, server: TestServer
) -> Iterator[Callable[[str, str], Path]]:
    """The recorded project with a third file, by its name and the text of ``shop.0004``."""
    made: dict[str, Path] = {}
    databases: list[str] = []

    def record(name: str, migration: str) -> Path:
        if name not in made:
            path = tmp_path_factory.mktemp(name)
            databases.append(f"nf_{secrets.token_hex(5)}")
            project = new_project(path, server, databases[-1], {"shop": {}})
            copy_recorded(recorded, project)
            project.write(f"shop/migrations/0004_{name}.py", migration)
            project.succeeds("db_generate", "--name", name, "--noinput")
            made[name] = path
        return made[name]

    yield record
    for name in databases:
        server.drop_all(name)


def copy_recorded(source: Path, project: Project) -> Project:
    project.take_over(source, "shop", "migrations_sql")
    return project


@pytest.fixture
def shop(project: ProjectFactory, recorded: Path) -> Project:
    """A project of its own with ``0001_first`` and ``0002_second``, nothing applied."""
    return copy_recorded(recorded, project({"shop": {}}))


@pytest.fixture(scope="session")
def recorded_odd(
    tmp_path_factory: pytest.TempPathFactory, server: TestServer, recorded: Path
) -> Iterator[Path]:
    """The same with a third file, ``0003_odd``, whose statements have several effects each."""
    path = tmp_path_factory.mktemp("odd")
    with kept_project(path, server, {"shop": {}}) as project:
        write_third(copy_recorded(recorded, project))
        yield path


@pytest.fixture
def odd(project: ProjectFactory, recorded_odd: Path) -> Project:
    """A project of its own with ``0003_odd`` pending, and what is before it applied."""
    made = copy_recorded(recorded_odd, project({"shop": {}}))
    made.succeeds("db_migrate", "--to", "0002")
    return made


@pytest.fixture(scope="session")
def recorded_whole(tmp_path_factory: pytest.TempPathFactory, server: TestServer) -> Iterator[Path]:
    """All of it in one file, ``0001_whole``: three migrations, with steps of each kind."""
    path = tmp_path_factory.mktemp("whole")
    with kept_project(path, server, {"shop": {}}) as project:
        write_first(project)
        write_second(project)
        project.succeeds("db_generate", "--name", "whole", "--noinput")
        project.write("shop/apps.py", APPS)
        yield path


@pytest.fixture
def whole(project: ProjectFactory, recorded_whole: Path) -> Project:
    """A project of its own with ``0001_whole``, nothing applied."""
    made = project({"shop": {}})
    made.take_over(recorded_whole, "shop", "migrations_sql")
    return made
