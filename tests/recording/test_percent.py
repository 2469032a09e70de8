"""A ``%`` in what Django writes into a statement is no place of a parameter."""

from __future__ import annotations

import pytest

from tests.conftest import ProjectFactory
from tests.reviewing.shop import clean
from tests.scenario import Project

MODELS = """
    from django.db import models


    class Product(models.Model):
        name = models.CharField(max_length={length}, db_default="{default}", db_comment="{column}")

        class Meta:
            db_table_comment = "{table}"
            constraints = [
                models.CheckConstraint(condition=~models.Q(name__contains="{no}%"), name="no_part")
            ]
"""
WITHOUT = {"length": 40, "default": "new", "column": "as printed", "table": "what is sold", "no": 1}
WITH = {"length": 40, "default": "5%", "column": "50% off", "table": "100% of it, %s", "no": 2}
SAID = """
    SELECT column_default, column_comment, table_comment
    FROM information_schema.columns JOIN information_schema.tables USING (table_schema, table_name)
    WHERE table_schema = DATABASE() AND table_name = 'shop_product' AND column_name = 'name'
"""
RAW = """
    from django.db import migrations


    class Migration(migrations.Migration):
        dependencies = [("shop", "0001_initial")]
        operations = [
            migrations.RunSQL(
                [("UPDATE shop_product SET name = 'a' WHERE name LIKE '5%'", {params})]
            ),
        ]
"""


def said(shop: Project) -> tuple[str, ...]:
    default, *comments = map(str, shop.sql(SAID)[0])
    return default.strip("'"), *comments


@pytest.mark.parametrize(
    ("before", "after"),
    [(WITHOUT, WITH), (WITH, WITHOUT), (WITH, {**WITH, "length": 60})],
    ids=["it comes", "it goes", "it stays while the type changes"],
)
def test_comments_and_defaults_with_a_percent_sign(
    project: ProjectFactory, before: dict[str, object], after: dict[str, object]
) -> None:
    shop = project({"shop": {"models.py": MODELS.format(**before)}})
    shop.succeeds("db_generate", "--name", "first")
    shop.write("shop/models.py", MODELS.format(**after))
    shop.succeeds("db_generate", "--name", "second")

    clean(shop)
    shop.succeeds("db_migrate", "--replay")
    assert said(shop) == (after["default"], after["column"], after["table"])
    shop.succeeds("db_rollback", "--yes")
    assert said(shop) == (before["default"], before["column"], before["table"])


@pytest.mark.parametrize("params", ["()", "[1]"])
def test_a_percent_sign_in_sql_with_parameters_is_named(
    project: ProjectFactory, params: str
) -> None:
    shop = project({"shop": {"models.py": MODELS.format(**WITHOUT)}})
    shop.succeeds("db_generate", "--name", "first")
    shop.write("shop/migrations/0002_raw.py", RAW.format(params=params))

    outcome = shop.run("db_generate")

    assert outcome.code == 1
    assert outcome.stderr.startswith("A % in the statement is taken for the place of a parameter: ")
    for line in (
        "  Where: shop.0002_raw/0 (Raw SQL operation): UPDATE shop_product SET name",
        "  Now:   nothing was written",
        "  Next:  write %% for each % that is none; RunSQL takes a statement without a list of "
        "parameters as it is",
    ):
        assert line in outcome.stderr.splitlines()
