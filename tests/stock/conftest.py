"""A project with a recorded history, made once a run and copied for each test.

===============  ===========================================
0001_products    shop.0001_initial
0002_shelves     shop.0002_price, depot.0001_initial
0003_codes       depot.0002_code
===============  ===========================================

Beside them ``notes``, an app without migrations.
"""

from __future__ import annotations

import secrets
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import ProjectFactory
from tests.scenario import Project, TestServer, new_project

PRODUCT = """
    from django.db import models

    class Product(models.Model):
        name = models.CharField(max_length=40)
"""
SHELF = """
    from django.db import models

    class Shelf(models.Model):
        product = models.ForeignKey("shop.Product", models.CASCADE)
"""
NOTE = """
    from django.db import models

    class Note(models.Model):
        text = models.CharField(max_length=40)
"""
EMPTY = "from django.db import models\n"


@pytest.fixture(scope="session")
def recorded(tmp_path_factory: pytest.TempPathFactory, server: TestServer) -> Iterator[Path]:
    """The folder of the recorded project."""
    name = f"nf_{secrets.token_hex(5)}"
    project = new_project(
        tmp_path_factory.mktemp("recorded"),
        server,
        name,
        {"shop": {"models.py": PRODUCT}, "depot": {"models.py": EMPTY}, "notes": {}},
    )
    project.write("notes/models.py", NOTE)
    shutil.rmtree(project.path / "notes" / "migrations")
    project.succeeds("db_generate", "--name", "products")
    project.write("shop/models.py", f"{PRODUCT}        price = models.IntegerField(default=0)\n")
    project.write("depot/models.py", SHELF)
    project.succeeds("makemigrations", "shop", "--name", "price")
    project.succeeds("db_generate", "--name", "shelves")
    project.write(
        "depot/models.py", f'{SHELF}        code = models.CharField(max_length=9, default="")\n'
    )
    shutil.copytree(project.history, project.path / "history_before_codes")
    project.succeeds("makemigrations", "depot", "--name", "code")
    project.succeeds("db_generate", "--name", "codes")
    yield project.path
    server.drop_all(name)


@pytest.fixture
def shop(project: ProjectFactory, recorded: Path) -> Project:
    """A copy of the recorded project with an empty database."""
    made = project({})
    shutil.copytree(recorded, made.path, dirs_exist_ok=True)
    made.settings(apps=("shop", "depot", "notes"))
    return made


@pytest.fixture
def migrated(shop: Project) -> Project:
    """The same, with every file applied."""
    shop.succeeds("migrate", "--verbosity", "0")
    return shop
