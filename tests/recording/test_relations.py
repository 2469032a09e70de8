"""A key whose type changes, and what refers to it without a way back."""

from __future__ import annotations

import pytest

from tests.conftest import ProjectFactory
from tests.reviewing.shop import clean

MODELS = """
    from django.db import models


    class Page(models.Model):
        id = models.{key}(primary_key=True)


    class Role(models.Model):
        page = models.ForeignKey(Page, models.CASCADE, null=True, related_name="+")


    class Submission(models.Model):
        page = models.ForeignKey(Page, models.CASCADE, related_name="+")
"""


@pytest.mark.parametrize("seed", ["0", "3"])
def test_each_column_keeps_its_own_null(project: ProjectFactory, seed: str) -> None:
    """In each of these orders of a set one of the two columns got what is the other's."""
    site = project({"shop": {"models.py": MODELS.format(key="AutoField")}})
    site.env["PYTHONHASHSEED"] = seed
    site.succeeds("makemigrations", "shop", "-v", "0")
    site.write("shop/models.py", MODELS.format(key="BigAutoField"))
    site.succeeds("makemigrations", "shop", "-v", "0")

    site.succeeds("db_generate", "--name", "first")
    text = (site.history / "0001_first.sql").read_text()

    changed = [line for line in text.splitlines() if "MODIFY `page_id`" in line]
    assert changed == [
        "ALTER TABLE `shop_role` MODIFY `page_id` bigint NULL;",
        "ALTER TABLE `shop_submission` MODIFY `page_id` bigint NOT NULL;",
    ]

    site.env["PYTHONHASHSEED"] = "4"  # recorded again, it is the same
    clean(site)
