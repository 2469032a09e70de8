"""A project with one table, and the same with its history recorded: once a run, then copied."""

from __future__ import annotations

import secrets
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import ProjectFactory
from tests.scenario import Project, TestServer, new_project

MODELS = """
    from django.db import models

    class Product(models.Model):
        name = models.CharField(max_length=40)
"""


@pytest.fixture
def shop(project: ProjectFactory) -> Project:
    return project({"shop": {"models.py": MODELS}})


@pytest.fixture(scope="session")
def recorded_shop(tmp_path_factory: pytest.TempPathFactory, server: TestServer) -> Iterator[Path]:
    name = f"nf_{secrets.token_hex(5)}"
    made = new_project(
        tmp_path_factory.mktemp("recorded"), server, name, {"shop": {"models.py": MODELS}}
    )
    made.succeeds("db_generate", "--name", "products")
    yield made.path
    server.drop_all(name)


@pytest.fixture
def recorded(shop: Project, recorded_shop: Path) -> Project:
    shutil.copytree(recorded_shop, shop.path, dirs_exist_ok=True)
    shop.settings()
    return shop
