"""A project whose tables are there, made by Django without migrations."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import pytest

from tests.conftest import ProjectFactory
from tests.scenario import Project

Shop = Callable[..., Project]
NO_MIGRATIONS = 'MIGRATION_MODULES = {"shop": None}\n'


@pytest.fixture
def shop(project: ProjectFactory) -> Shop:
    """``shop(models, **other files)``: a project with an app ``shop``, its tables made."""

    def make(
        models: str,
        files: Mapping[str, str] | None = None,
        *,
        contrib: tuple[str, ...] = (),
        settings: str = "",
    ) -> Project:
        made = project(
            {"shop": {"models.py": models, **(files or {})}},
            contrib=contrib,
            settings=NO_MIGRATIONS + settings,
        )
        made.succeeds("migrate", "--run-syncdb", "-v", "0")
        return made

    return make
