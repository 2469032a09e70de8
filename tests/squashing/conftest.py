from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import ProjectFactory
from tests.scenario import Project, TestServer, kept_project
from tests.squashing.histories import DEPOT, LAST, record
from tests.squashing.shelf import AFTER, BEFORE, check_out, keep


@pytest.fixture(scope="session")
def recorded(tmp_path_factory: pytest.TempPathFactory, server: TestServer) -> Iterator[Path]:
    """A project with five files, and the same history with the first four squashed: made once for
    the whole run."""
    path = tmp_path_factory.mktemp("to_squash")
    with kept_project(path, server, {"shop": {}, "depot": DEPOT}) as project:
        record(project)
        keep(project, BEFORE)
        project.succeeds("db_squash", "--to", LAST, "--yes")
        keep(project, AFTER)
        yield path


@pytest.fixture
def shop(project: ProjectFactory, recorded: Path) -> Project:
    """A project of its own with the five files, nothing applied."""
    made = project({"shop": {}, "depot": {}})
    made.take_over(recorded, "shop", "depot", BEFORE, AFTER)
    check_out(made, BEFORE)
    return made


@pytest.fixture
def squashed(shop: Project) -> Project:
    """The same, with all five files applied and then squashed; the squash is not booked."""
    shop.succeeds("db_migrate")
    check_out(shop, AFTER)
    return shop
