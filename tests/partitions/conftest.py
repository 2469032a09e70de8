"""The project of most tests: a log with partitions by month, recorded once."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.conftest import ProjectFactory
from tests.partitions.models import CLOCK, events
from tests.scenario import Project, TestServer, kept_project

LogFactory = Callable[..., Project]


@pytest.fixture(scope="session")
def recorded_log(tmp_path_factory: pytest.TempPathFactory, server: TestServer) -> Iterator[Path]:
    """The folder of ``events()`` with its history."""
    path = tmp_path_factory.mktemp("log")
    with kept_project(path, server, events("ahead=2,")) as log:
        log.succeeds("db_generate", "--name", "events")
        yield path


@pytest.fixture
def log(project: ProjectFactory, recorded_log: Path) -> LogFactory:
    """Makes a project with the table as it was recorded: partitions of January to March 2026.

    ``log("keep=2,")`` declares more of what may change without a migration's SQL. The history
    stays as it was recorded, as on a machine where somebody forgot ``db_generate``; that is no
    matter of ``db_partitions``.
    """

    def make(more: str = "", settings: str = "") -> Project:
        made = project(events(), settings=CLOCK + settings)
        made.take_over(recorded_log, "log", "migrations_sql")
        made.write("log/models.py", events(f"ahead=2, {more}")["log"]["models.py"])
        made.succeeds("db_migrate")
        return made

    return make
