"""What ``db_generate`` says of new statements that write a table anew."""

from __future__ import annotations

import pytest

from tests.applying.test_costs import MODELS, write_profile
from tests.conftest import ProjectFactory
from tests.recording.django_truth import up_file, verdicts
from tests.scenario import Project


@pytest.fixture
def shop(project: ProjectFactory) -> Project:
    """A database with two rows."""
    made = project({"shop": {"models.py": MODELS}})
    made.succeeds("db_generate", "--name", "products")
    made.succeeds("db_migrate")
    made.sql("INSERT INTO shop_product (name) VALUES ('lamp'), ('chair')")
    made.sql("ANALYZE TABLE shop_product")
    return made


def widen(shop: Project) -> list[str]:
    """The lines of db_generate about a column whose new type needs a copy."""
    shop.edit("shop/models.py", "models.IntegerField", "models.BigIntegerField")
    lines = shop.succeeds("db_generate", "--name", "wider").lines
    assert lines[-1] == "Review it, then run: python manage.py db_migrate"
    return [line.strip() for line in lines if "shop_product" in line or "profile" in line]


def test_a_large_table_is_named_with_size_and_time(shop: Project) -> None:
    write_profile(shop, 2_000_000, 1_600_000_000)

    [line] = widen(shop)

    assert line.startswith("0002_wider.sql, statement 1: copies the table, ")
    assert line.endswith(
        ": shop_product: about 2,000,000 rows, 1.6 GB (profile.json); about 80 s at 20 MB/s: "
        "a guess to plan with, not a measurement"
    )


def test_nothing_is_said_of_a_small_one(shop: Project) -> None:
    write_profile(shop, 2_000, 1_600_000)

    assert widen(shop) == []


def test_without_a_profile_it_says_once_what_it_would_need_it_for(shop: Project) -> None:
    shop.edit("shop/models.py", "max_length=40", "max_length=400")

    [line] = widen(shop)

    assert "it writes shop_product anew; how long that takes in production is said where" in line
    assert line.endswith("there is a profile.json: python manage.py db_profile --write")


def test_a_profile_that_cannot_be_read_does_not_keep_the_files_from_being_written(
    shop: Project,
) -> None:
    shop.write("migrations_sql/profile.json", "{}")

    assert widen(shop) == ["profile.json lacks or mistypes an entry: 'server'."]
    assert (shop.history / "0002_wider.sql").exists()


def test_an_old_table_that_gets_a_key_to_a_new_one_is_no_new_table(shop: Project) -> None:
    shop.write(
        "shop/models.py",
        """
        from django.db import models

        class Brand(models.Model):
            name = models.CharField(max_length=40)

        class Product(models.Model):
            name = models.CharField(max_length=40)
            price = models.IntegerField(null=True)
            brand = models.ForeignKey(Brand, models.PROTECT, null=True)
        """,
    )

    shop.succeeds("db_generate", "--name", "brands")

    file = up_file(shop, "0002_brands")
    of_products = [
        step.note for _, _, step in file.steps() if "ALTER TABLE `shop_product`" in str(step)
    ]
    assert any(verdict.startswith("copies the table") for verdict in of_products)
    assert [verdict for verdict in of_products if verdict.endswith("(a new table)")] == []
    assert "creates a table" in verdicts(file)
