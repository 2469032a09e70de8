from __future__ import annotations

import secrets
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import ProjectFactory
from tests.scenario import Project, TestServer, kept_project, new_project
from tests.scenarios import hard
from tests.scenarios.shop import record_shop


@pytest.fixture(scope="session")
def recorded_hard_project(
    tmp_path_factory: pytest.TempPathFactory, server: TestServer
) -> Iterator[Project]:
    """The hard project with its five files, recorded once for the run. Tests work on twins."""
    project = new_project(
        tmp_path_factory.mktemp("hard"),
        server,
        f"nf_{secrets.token_hex(5)}",
        {"accounts": {}, "catalog": {}, "orders": {}},
        contrib=hard.CONTRIB,
        settings=hard.SETTINGS,
    )
    try:
        hard.record_all_stages(project)
        yield project
    finally:
        server.drop_all(project.database)


@pytest.fixture(scope="session")
def recorded_shop(tmp_path_factory: pytest.TempPathFactory, server: TestServer) -> Iterator[Path]:
    """The shop's folder, recorded once for the run."""
    path = tmp_path_factory.mktemp("shop")
    with kept_project(path, server, {"shop": {}}) as project:
        record_shop(project)
        yield path


@pytest.fixture
def shop(project: ProjectFactory, recorded_shop: Path) -> Project:
    """The shop with its two files, and an empty database of its own."""
    made = project({"shop": {}})
    made.take_over(recorded_shop, "shop", "migrations_sql")
    return made


@pytest.fixture
def migrated(shop: Project) -> Project:
    """The same, with both files applied, statement by statement."""
    shop.succeeds("db_migrate", "--replay")
    return shop
