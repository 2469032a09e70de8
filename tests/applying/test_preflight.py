"""Rows that would stop a run are found before it changes anything."""

from __future__ import annotations

from typing import Any

import pytest

from tests.conftest import ProjectFactory
from tests.scenario import Project

ON = 'NESTFLUX["PREFLIGHT"] = {}'
HEAD = "from django.db import models\n"
BEFORE = """

class Brand(models.Model):
    name = models.CharField(max_length=40)


class Product(models.Model):
    name = models.CharField(max_length=40)
    code = models.CharField(max_length=20, null=True)
    price = models.IntegerField(default=1)
    stock = models.BigIntegerField(default=1)
    brand_number = models.BigIntegerField(null=True)
    label = models.CharField(max_length=20, db_collation="utf8mb4_bin", unique=True, null=True)
"""
CODE = "code = models.CharField(max_length=20, null=True)"
NAME = "    name = models.CharField(max_length=40)\n    code"
# A change of the models, rows that are right, a row that is in the way, and what is said.
CHANGES: dict[str, tuple[str, str, str, str]] = {
    "unique": (
        CODE,
        "code = models.CharField(max_length=20, null=True, unique=True)",
        "(9, 'b', 'x', 1, 1, NULL, NULL), (10, 'b', 'x', 1, 1, NULL, NULL)",
        "duplicates of shop_product.code: 1 group, for example id 9",
    ),
    "required": (
        CODE,
        "code = models.CharField(max_length=20)",
        "(9, 'b', NULL, 1, 1, NULL, NULL)",
        "missing values of shop_product.code: 2 rows, for example id 2, id 9",
    ),
    "shorter": (
        NAME,
        "    name = models.CharField(max_length=5)\n    code",
        "(9, 'abcdef', NULL, 1, 1, NULL, NULL)",
        "values that do not fit of shop_product.name: 1 row, for example id 9",
    ),
    "smaller": (
        "stock = models.BigIntegerField(default=1)",
        "stock = models.IntegerField(default=1)",
        "(9, 'b', NULL, 1, 3000000000, NULL, NULL)",
        "values that do not fit of shop_product.stock: 1 row, for example id 9",
    ),
    "unsigned": (
        "price = models.IntegerField(default=1)",
        "price = models.PositiveIntegerField(default=1)",
        "(9, 'b', NULL, -1, 1, NULL, NULL)",
        "values that do not fit of shop_product.price: 1 row, for example id 9",
    ),
    "foreign key": (
        "brand_number = models.BigIntegerField(null=True)",
        "brand = models.ForeignKey(Brand, models.PROTECT, null=True, db_column='brand_number')",
        "(9, 'b', NULL, 1, 1, 77, NULL)",
        "orphans of shop_product.brand_number: 1 row, for example id 9",
    ),
    "check": (
        '    label = models.CharField(max_length=20, db_collation="utf8mb4_bin", unique=True, '
        "null=True)\n",
        '    label = models.CharField(max_length=20, db_collation="utf8mb4_bin", unique=True, '
        "null=True)\n\n    class Meta:\n        constraints = [models.CheckConstraint("
        "condition=models.Q(price__gt=0), name='paid')]\n",
        "(9, 'b', NULL, 0, 1, NULL, NULL)",
        "rows that a check refuses of shop_product.paid: 1 row, for example id 9",
    ),
    "collation": (
        'db_collation="utf8mb4_bin"',
        'db_collation="utf8mb4_general_ci"',
        "(9, 'b', NULL, 1, 1, NULL, 'X'), (10, 'b', NULL, 1, 1, NULL, 'x')",
        "duplicates of shop_product.label: 1 group, for example id 9",
    ),
    "new and unique": (
        "    price = models",
        '    sku = models.CharField(max_length=9, unique=True, default="x")\n    price = models',
        "(9, 'b', NULL, 1, 1, NULL, NULL)",
        "duplicates of shop_product.sku: at least 2 rows",
    ),
}
MIGRATION = """
    from django.db import migrations, models


    class Migration(migrations.Migration):
        dependencies = [("shop", "0001_initial")]
        operations = [%s]
"""
# Of changes that the autodetector asks about, or would write otherwise.
OPERATIONS = {
    CHANGES["required"][1]: """
            migrations.AlterField("product", "code", models.CharField(max_length=20)),
    """,
    CHANGES["foreign key"][1]: """
            migrations.AlterField(
                "product", "brand_number",
                models.ForeignKey(
                    "shop.brand", models.PROTECT, null=True, db_column="brand_number"
                ),
            ),
            migrations.RenameField("product", "brand_number", "brand"),
    """,
}


@pytest.fixture
def shop(project: ProjectFactory) -> Project:
    """Applied, with rows that no change of ``CHANGES`` minds but NULLs in ``code``."""
    made = project({"shop": {"models.py": HEAD + BEFORE}})
    made.settings(ON)
    made.succeeds("db_generate", "--name", "products")
    made.succeeds("db_migrate")
    made.sql("INSERT INTO shop_brand VALUES (1, 'a')")
    fill(made, "(1, 'a', 'y', 1, 1, 1, 'a'), (2, 'a', NULL, 1, 1, NULL, 'b')")
    return made


def fill(project: Project, rows: str) -> None:
    columns = "id, name, code, price, stock, brand_number, label"
    project.sql(f"INSERT INTO shop_product ({columns}) VALUES {rows}")


def change(project: Project, old: str, new: str, name: str = "change") -> None:
    assert old in BEFORE
    project.write("shop/models.py", HEAD + BEFORE.replace(old, new))
    if new in OPERATIONS:
        project.write("shop/migrations/0002_change.py", MIGRATION % OPERATIONS[new])
    project.succeeds("db_generate", "--name", name)


def asked(project: Project) -> Any:
    outcome = project.run("db_migrate", "--preflight", "--json")
    assert outcome.code in (0, 1), str(outcome)
    assert outcome.code == bool(outcome.json["in_the_way"])
    return outcome.json


@pytest.mark.parametrize("name", CHANGES)
def test_rows_in_the_way_are_named_and_nothing_runs(shop: Project, name: str) -> None:
    """And without asking the server refuses them, half-way."""
    old, new, rows, says = CHANGES[name]
    change(shop, old, new)
    if name not in ("required", "new and unique"):  # the rows that are there mind these
        found = asked(shop)
        assert found["asked"] > 0
        assert (found["in_the_way"], found["not_asked"]) == ([], [])
    fill(shop, rows)
    before = shop.sql("SHOW CREATE TABLE shop_product")

    outcome = shop.run("db_migrate", "--no-backup")

    assert outcome.code == 2, str(outcome)
    assert outcome.stderr.startswith("The rows of the database would stop ")
    assert says in outcome.stderr
    assert "Now:   nothing was run" in outcome.stderr
    assert shop.sql("SHOW CREATE TABLE shop_product") == before
    assert shop.run("db_migrate", "--no-backup", "--no-preflight").code == 1


def test_without_such_rows_it_runs(shop: Project) -> None:
    old, new, _, _ = CHANGES["unique"]
    change(shop, old, new)

    assert shop.succeeds("db_migrate", "--no-backup").stdout.endswith("up to date!\n")


def test_the_query_that_is_shown_finds_the_rows(shop: Project) -> None:
    old, new, rows, _ = CHANGES["shorter"]
    change(shop, old, new)
    fill(shop, rows)

    (found,) = asked(shop)["in_the_way"]

    assert shop.sql(found["query"]) == [(9,)]


def test_many_rows_are_not_counted(shop: Project) -> None:
    old, new, _, _ = CHANGES["required"]
    change(shop, old, new)
    fill(shop, ", ".join(f"({n}, 'b', NULL, 1, 1, NULL, NULL)" for n in range(10, 40)))

    (found,) = asked(shop)["in_the_way"]

    assert (found["rows"], found["more"], len(found["keys"])) == (5, True, 5)


def test_what_a_statement_before_it_fills_is_not_asked(shop: Project) -> None:
    """Django itself fills NULLs with a default before NOT NULL."""
    change(shop, CODE, 'code = models.CharField(max_length=20, default="none")')

    found = asked(shop)

    assert found["in_the_way"] == []
    assert "a statement before it changes the rows" in found["not_asked"][0]
    shop.succeeds("db_migrate", "--no-backup")


def test_a_table_that_is_too_large_is_not_asked_and_said(shop: Project) -> None:
    shop.settings('NESTFLUX["PREFLIGHT"] = {"ROWS": 3}')
    old, new, rows, _ = CHANGES["shorter"]
    change(shop, old, new)
    fill(shop, ", ".join(f"({n}, 'b', NULL, 1, 1, NULL, NULL)" for n in range(10, 40)))
    shop.sql("ANALYZE TABLE shop_product")
    fill(shop, rows)

    outcome = shop.run("db_migrate", "--no-backup")

    assert outcome.code == 1, str(outcome)
    assert "The rows were not asked: 0002_change.sql, statement 1: values that do not fit" in (
        outcome.stdout + outcome.stderr
    )
    assert [each["about"] for each in asked(shop)["in_the_way"]] == []  # it is half done now


def test_a_fresh_database_is_asked_nothing(project: ProjectFactory) -> None:
    made = project({"shop": {"models.py": HEAD + BEFORE}})
    made.settings(ON)
    made.succeeds("db_generate")

    assert asked(made) == {"asked": 0, "in_the_way": [], "not_asked": []}


def test_keys_that_may_be_private_are_not_shown(project: ProjectFactory) -> None:
    models = """

class Person(models.Model):
    email = models.CharField(max_length=40, primary_key=True)
    nick = models.CharField(max_length=40, null=True)
"""
    made = project({"shop": {"models.py": HEAD + models}})
    made.settings(ON)
    made.succeeds("db_generate")
    made.succeeds("db_migrate")
    made.sql("INSERT INTO shop_person VALUES ('ann@example.com', NULL)")
    made.write("shop/models.py", HEAD + models.replace("40, null=True", "40"))
    nick = 'migrations.AlterField("person", "nick", models.CharField(max_length=40))'
    made.write("shop/migrations/0002_nick.py", MIGRATION % nick)
    made.succeeds("db_generate")

    outcome = made.run("db_migrate", "--no-backup")

    assert outcome.code == 2, str(outcome)
    assert "missing values of shop_person.nick: 1 row\n" in outcome.stderr
    assert "ann@" not in outcome.stdout + outcome.stderr
