from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.conftest import ProjectFactory
from tests.pulling.schemas import RICH
from tests.scenario import Outcome, Project, TestServer, kept_project


@dataclass(frozen=True)
class Pulled:
    """A project after ``db_pull``, and what the command said."""

    project: Project
    outcome: Outcome

    def remarks(self, begins: str) -> list[str]:
        """What the one remark that begins so is about."""
        lines = self.outcome.lines
        starts = [i for i, line in enumerate(lines) if line.startswith(f"Remark: {begins}")]
        assert len(starts) == 1, f"{begins!r}: {len(starts)} remarks\n{self.outcome}"
        about = []
        for line in lines[starts[0] + 1 :]:
            if not line.startswith("    "):
                break
            about.append(line.strip())
        return about


def feed(project: Project, schema: str) -> Project:
    """Make a database without Django."""
    project.feed_to_the_client(schema)
    return project


def adopted(project: Project, *apps: str) -> Outcome:
    """Record the pulled apps and take the database over as it is: nothing differs."""
    project.settings(apps=apps)
    project.succeeds("db_generate", "--noinput")
    taken = project.succeeds("db_baseline", "--yes")
    assert taken.lines[-1] == "Database is up to date!"
    unchanged = project.succeeds("db_generate", "--check")
    assert unchanged.stdout.startswith("No changes detected")
    return taken


@pytest.fixture(scope="session")
def rich(tmp_path_factory: pytest.TempPathFactory, server: TestServer) -> Iterator[Pulled]:
    """The rich schema, pulled once for the whole run; not to be changed."""
    path = tmp_path_factory.mktemp("rich")
    with kept_project(path, server, {}) as project:
        feed(project, RICH[server.family])
        yield Pulled(project, project.run("db_pull"))


@pytest.fixture
def own_rich(rich: Pulled, project: ProjectFactory) -> Project:
    """A project of its own with the rich schema and its apps, not yet in INSTALLED_APPS."""
    made = feed(project({}), RICH[rich.project.server.family])
    for name in ("shop", "geo", "legacy"):
        shutil.copytree(rich.project.path / name, Path(made.path) / name)
    return made
