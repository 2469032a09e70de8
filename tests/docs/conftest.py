"""Projects for the documents' stories: the states that they start in are made once a run."""

from __future__ import annotations

import os
import secrets
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.docs.stories import (
    Reader,
    a_project_of_stock_django,
    a_project_without_apps,
    before_the_worked_examples,
    bring,
    copy_of_the_repository,
    make_the_worked_example,
)
from tests.scenario import TestServer

_OTHER_PROJECTS = {"legacy": a_project_without_apps, "adopting": a_project_of_stock_django}

ReaderFactory = Callable[[str], Reader]


@pytest.fixture(scope="session")
def states(tmp_path_factory: pytest.TempPathFactory, server: TestServer) -> Callable[[str], Path]:
    """The folder of a state, made when it is first asked for."""
    if not (os.environ.get("SHADOW_MARIADB_URL") and os.environ.get("SHADOW_MYSQL_URL")):
        pytest.skip("the documents show both families: SHADOW_MARIADB_URL and SHADOW_MYSQL_URL")
    made: dict[str, Path] = {}

    def state(name: str) -> Path:
        if name not in made:
            path = tmp_path_factory.mktemp("documents") / name
            if name in _OTHER_PROJECTS:
                _OTHER_PROJECTS[name](path)
                made[name] = path
                return path
            if name == "at-0001":
                copy_of_the_repository(path)
                before_the_worked_examples(path)
                Reader(path, server, "nestflux").succeeds("python manage.py db_generate")
            else:
                shutil.copytree(state("at-0001"), path)
                make_the_worked_example(Reader(path, server, "nestflux"))
            made[name] = path
        return made[name]

    return state


@pytest.fixture
def reader(
    tmp_path: Path, server: TestServer, states: Callable[[str], Path]
) -> Iterator[ReaderFactory]:
    """Makes a reader who sits before a project in one of the states of ``stories.py``."""
    database = f"nf_{secrets.token_hex(5)}"

    def make(starts: str) -> Reader:
        source = states(starts if starts in ("at-0001", *_OTHER_PROJECTS) else "fresh")
        shutil.copytree(source, tmp_path / "project")
        server.sql(f"CREATE DATABASE `{database}` CHARACTER SET utf8mb4")
        found = Reader(tmp_path / "project", server, database)
        bring(found, starts)
        return found

    yield make
    server.drop_all(database)
