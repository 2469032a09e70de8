"""Views of what a migration takes away: no fresh database could make them."""

from __future__ import annotations

import pytest

from tests.conftest import ProjectFactory
from tests.scenario import Project

MODELS = """
    from django.db import models

    class Product(models.Model):
        name = models.CharField(max_length=40)
        color = models.CharField(max_length=40, null=True)

    class Shelf(models.Model):
        name = models.CharField(max_length=40)
"""
OPERATIONS = """
    from django.db import migrations

    class Migration(migrations.Migration):
        dependencies = [("shop", "{before}")]
        operations = [{operations}]
"""
COLOR = "        color = models.CharField(max_length=40, null=True)\n"
SHELF = "    class Shelf(models.Model):\n        name = models.CharField(max_length=40)\n"
QUERY = "SELECT id, color FROM shop_product"
DROP = f'migrations.RunSQL("DROP VIEW seen", "CREATE VIEW seen AS {QUERY}")'


@pytest.fixture
def shop(project: ProjectFactory) -> Project:
    """A view of a column of one table, or of another table, is recorded."""
    made = project({"shop": {"models.py": MODELS}})
    made.succeeds("db_generate", "--name", "products")
    return made


def write(shop: Project, name: str, before: str, operations: str) -> None:
    text = OPERATIONS.format(before=before, operations=operations)
    shop.write(f"shop/migrations/{name}.py", text)


def view(shop: Project, query: str) -> None:
    write(
        shop,
        "0002_seen",
        "0001_initial",
        f'migrations.RunSQL("CREATE VIEW seen AS {query}", "DROP VIEW seen")',
    )
    shop.succeeds("db_generate", "--name", "seen")


@pytest.mark.parametrize(
    ("query", "gone", "number"),
    [
        (QUERY, COLOR, "(1054)"),
        ("SELECT id FROM shop_shelf", SHELF, "(1146)"),
    ],
    ids=["a column", "a table"],
)
def test_the_view_is_named_and_what_to_do(
    shop: Project, query: str, gone: str, number: str
) -> None:
    view(shop, query)
    before = sorted(path.name for path in shop.history.iterdir())
    shop.write("shop/models.py", MODELS.replace(gone, ""))

    outcome = shop.run("db_generate", "--name", "gone")

    assert outcome.code == 1
    what, where, now, then = outcome.stderr.rstrip().splitlines()
    assert what.startswith("The view seen names what is not there any more: ")
    assert what.endswith(f" {number}.")
    assert where.startswith("  Where: schema.sql")
    assert now == "  Now:   nothing was written"
    assert then.startswith("  Next:  let a migration drop the view")
    assert sorted(path.name for path in shop.history.iterdir()) == before


def test_a_view_that_is_dropped_first_is_in_nobodys_way(shop: Project) -> None:
    view(shop, QUERY)
    shop.write("shop/models.py", MODELS.replace(COLOR, ""))
    write(shop, "0003_unseen", "0002_seen", DROP)

    shop.succeeds("db_generate", "--name", "gone")

    shop.succeeds("db_migrate")
    assert "seen" not in shop.tables()
