"""A shop whose history holds each kind of migration that a check tells apart, recorded once."""

from __future__ import annotations

import secrets
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import ProjectFactory
from tests.reviewing.shop import MODELS, write_shop
from tests.scenario import Project, TestServer, new_project


@pytest.fixture(scope="session")
def recorded(tmp_path_factory: pytest.TempPathFactory, server: TestServer) -> Iterator[Path]:
    """The shop's folder, recorded once for the run."""
    path = tmp_path_factory.mktemp("reviewed")
    project = new_project(path, server, f"nf_{secrets.token_hex(5)}", {"shop": {}})
    try:
        write_shop(project)
        yield path
    finally:
        server.drop_all(project.database)


@pytest.fixture
def shop(project: ProjectFactory, recorded: Path) -> Project:
    """The shop with its files, and an empty database of its own."""
    made = project({"shop": {"models.py": MODELS}})
    for name in ("shop", "migrations_sql"):
        shutil.copytree(recorded / name, made.path / name, dirs_exist_ok=True)
    return made


@pytest.fixture
def migrated(shop: Project) -> Project:
    """The same, with every file applied, statement by statement."""
    shop.succeeds("db_migrate", "--replay")
    return shop
