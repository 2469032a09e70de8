"""A shop whose history holds each kind of migration that a check tells apart, recorded once."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import ProjectFactory
from tests.reviewing.shop import MODELS, write_shop
from tests.scenario import Project, TestServer, kept_project


@pytest.fixture(scope="session")
def recorded(tmp_path_factory: pytest.TempPathFactory, server: TestServer) -> Iterator[Path]:
    """The shop's folder, recorded once for the run."""
    path = tmp_path_factory.mktemp("reviewed")
    with kept_project(path, server, {"shop": {}}) as project:
        write_shop(project)
        yield path


@pytest.fixture
def shop(project: ProjectFactory, recorded: Path) -> Project:
    """The shop with its files, and an empty database of its own."""
    made = project({"shop": {"models.py": MODELS}})
    made.take_over(recorded, "shop", "migrations_sql")
    return made


@pytest.fixture
def migrated(shop: Project) -> Project:
    """The same, with every file applied, statement by statement."""
    shop.succeeds("db_migrate", "--replay")
    return shop
