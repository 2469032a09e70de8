"""Operations whose fields Django's states change in place, recorded and checked in one process."""

from __future__ import annotations

import pytest

from tests.conftest import ProjectFactory
from tests.reviewing.shop import clean
from tests.scenario import Project

MODELS = """
    from django.db import models


    class Order(models.Model):
        code = models.CharField(max_length=9, unique=True)


    class Line(models.Model):
        pk = models.CompositePrimaryKey("store", "no")
        store = models.IntegerField()
        no = models.IntegerField()
        order = models.ForeignKey(Order, models.CASCADE, to_field="code")

        class Meta:
            unique_together = [("no", "order")]
"""
RENAMED = (
    MODELS.replace('"no"', '"number"').replace(" no =", " number =").replace("code", "reference")
)
RENAMES = """
    from django.db import migrations
    from django.db.migrations import RenameField


    class Renaming(RenameField):
        pass


    class Migration(migrations.Migration):
        dependencies = [("shop", "0001_initial")]
        operations = [{operations}]
"""
OPERATIONS = {
    "plain": """
            RenameField("line", "no", "number"),
            RenameField("order", "code", "reference"),
    """,
    "in the state apart": """
            migrations.SeparateDatabaseAndState(
                [migrations.RunSQL("ALTER TABLE shop_line RENAME COLUMN no TO number",
                                   "ALTER TABLE shop_line RENAME COLUMN number TO no")],
                [RenameField("line", "no", "number")],
            ),
            migrations.SeparateDatabaseAndState(
                [RenameField("order", "code", "reference")],
                [RenameField("order", "code", "reference")],
            ),
    """,
    "of the project's own kind": """
            Renaming("line", "no", "number"),
            Renaming("order", "code", "reference"),
    """,
}


def renamed(shop: Project, operations: str) -> None:
    shop.write("shop/migrations/0002_names.py", RENAMES.format(operations=OPERATIONS[operations]))
    shop.write("shop/models.py", RENAMED)


@pytest.mark.parametrize("operations", OPERATIONS)
def test_a_rename_in_a_file_of_its_own(project: ProjectFactory, operations: str) -> None:
    shop = project({"shop": {"models.py": MODELS}})
    shop.succeeds("db_generate", "--name", "lines")
    renamed(shop, operations)
    shop.succeeds("db_generate", "--name", "names")

    clean(shop)
    shop.succeeds("db_generate", "--check")


@pytest.mark.parametrize("operations", OPERATIONS)
def test_what_is_made_and_renamed_in_one_file(project: ProjectFactory, operations: str) -> None:
    shop = project({"shop": {"models.py": MODELS}})
    shop.succeeds("makemigrations", "shop", "-v", "0")
    renamed(shop, operations)
    shop.succeeds("db_generate", "--name", "lines")

    clean(shop)
    shop.succeeds("db_migrate", "--replay")
    assert shop.columns("shop_line") == ["store", "number", "order_id"]
    shop.succeeds("db_rollback", "--to", "zero", "--yes")
    assert "shop_line" not in shop.tables()


def test_a_rename_that_is_stated(project: ProjectFactory) -> None:
    shop = project({"shop": {"models.py": MODELS}})
    shop.succeeds("makemigrations", "shop", "-v", "0")
    shop.write("shop/models.py", RENAMED)

    shop.succeeds(
        *("db_generate", "--name", "lines"),
        *("--rename", "shop.Line.no=number", "--rename", "shop.Order.code=reference"),
    )

    clean(shop)
    shop.succeeds("db_generate", "--check")
