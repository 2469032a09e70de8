"""What the comment line of a statement says that it takes away."""

from __future__ import annotations

import re

import pytest

from tests.conftest import ProjectFactory
from tests.scenario import Project

MODELS = """
    from django.db import models


    class Product(models.Model):
        changed = models.{field}
"""
# Both as Django's fields, and how the column is said to become narrower on MariaDB and on MySQL.
NARROWED = {
    "fewer digits": (
        "DecimalField(max_digits=12, decimal_places=2)",
        "DecimalField(max_digits=5, decimal_places=2)",
        "decimal(12,2) -> decimal(5,2)",
    ),
    "fewer digits behind the point": (
        "DecimalField(max_digits=12, decimal_places=4)",
        "DecimalField(max_digits=12, decimal_places=2)",
        "decimal(12,4) -> decimal(12,2)",
    ),
    "a day without its time": ("DateTimeField()", "DateField()", "datetime(6) -> date"),
    "fewer characters": (
        "CharField(max_length=40)",
        "CharField(max_length=20)",
        "varchar(40) -> varchar(20)",
    ),
    "text of a length": ("TextField()", "CharField(max_length=200)", "longtext -> varchar(200)"),
    "fewer numbers": ("BigIntegerField()", "IntegerField()", "bigint -> int"),
    "no negative numbers": ("IntegerField()", "PositiveIntegerField()", "int -> int unsigned"),
    "no fraction": ("FloatField()", "IntegerField()", "double -> int"),
    "numbers of what was text": ("CharField(max_length=9)", "IntegerField()", "varchar(9) -> int"),
}
WIDENED = {
    "more digits": (
        "DecimalField(max_digits=5, decimal_places=2)",
        "DecimalField(max_digits=12, decimal_places=4)",
    ),
    "more characters": ("CharField(max_length=20)", "CharField(max_length=40)"),
    "numbers as text": ("IntegerField()", "CharField(max_length=11)"),
    "no NULL": ("IntegerField(null=True)", "IntegerField(default=0)"),
}
GENERATED = """
    from django.db import models


    class Line(models.Model):
        price = models.IntegerField()
        amount = models.IntegerField()
        {total} = models.GeneratedField(
            expression=models.F("price") {sign} models.F("amount"),
            output_field=models.BigIntegerField(),
            db_persist={stored},
        )
"""
LOSES = re.compile(r"lost|narrower")


def losing_lines(shop: Project, name: str) -> list[str]:
    text = (shop.history / f"{name}.sql").read_text(encoding="utf-8")
    return [line for line in text.splitlines() if line.startswith("-- [") and LOSES.search(line)]


def altered(project: ProjectFactory, before: str, after: str) -> Project:
    shop = project({"shop": {"models.py": MODELS.format(field=before)}})
    shop.succeeds("db_generate", "--name", "first")
    shop.write("shop/models.py", MODELS.format(field=after))
    shop.succeeds("db_generate", "--name", "second")
    return shop


@pytest.mark.parametrize(("before", "after", "how"), NARROWED.values(), ids=NARROWED)
def test_a_column_that_becomes_narrower(
    project: ProjectFactory, before: str, after: str, how: str
) -> None:
    shop = altered(project, before, after)

    (line,) = losing_lines(shop, "0002_second")
    assert line.endswith(f"; changed becomes narrower ({how})")


@pytest.mark.parametrize(("before", "after"), WIDENED.values(), ids=WIDENED)
def test_a_column_that_becomes_wider_loses_nothing(
    project: ProjectFactory, before: str, after: str
) -> None:
    assert losing_lines(altered(project, before, after), "0002_second") == []


@pytest.mark.parametrize("stored", [True, False], ids=["stored", "virtual"])
def test_a_generated_column_holds_no_values_of_its_own(
    project: ProjectFactory, stored: bool
) -> None:
    def models(**values: str) -> str:
        return GENERATED.format(**{"total": "total", "sign": "*", "stored": stored, **values})

    shop = project({"shop": {"models.py": models()}})
    shop.succeeds("db_generate", "--name", "first")
    shop.write("shop/models.py", models(total="sum"))
    shop.succeeds("db_generate", "--name", "renamed", "--rename", "shop.Line.total=sum")
    shop.write("shop/models.py", GENERATED.partition("        {total}")[0])
    shop.succeeds("db_generate", "--name", "dropped")
    shop.write("shop/models.py", models(sign="+"))
    shop.succeeds("db_generate", "--name", "another")
    shop.succeeds("db_migrate")

    for name in ("0002_renamed", "0003_dropped", "0004_another", "0004_another.down"):
        assert losing_lines(shop, name) == []

    shop.write("shop/models.py", GENERATED.partition("        {total}")[0])
    shop.succeeds("db_generate", "--name", "unused")
    shop.write("shop/models.py", GENERATED.partition("        amount")[0])
    shop.succeeds("db_generate", "--name", "priced")
    shop.sql("INSERT INTO shop_line (price, amount) VALUES (2, 3)")
    outcome = shop.run("db_migrate", "--plan")
    assert "shop_line.amount (1 row)" in outcome.stdout, str(outcome)
    assert "shop_line.total" not in outcome.stdout
