"""What Django takes from sets, whose order is another one in each process, by its hash seed."""

from __future__ import annotations

import pytest

from tests.conftest import ProjectFactory
from tests.reviewing.shop import clean
from tests.scenario import Project

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


# What refers to Person, what is unique together, and the values of checks and generated columns.
FIRST = """
    from django.db import models
    from django.db.models import Case, Q, Value, When


    class {Person}(models.Model):
        name = models.CharField(max_length=9, unique=True)
        friends = models.ManyToManyField("self")


    class Letter(models.Model):
        sender = models.ForeignKey({Person}, models.CASCADE, related_name="+")
        reader = models.ForeignKey({Person}, models.CASCADE, to_field="name", related_name="read")
        copies = models.ManyToManyField({Person}, related_name="+")


    class Party(models.Model):
        host = models.OneToOneField({Person}, models.CASCADE)
        guests = models.ManyToManyField({Person}, related_name="+")


    class Place(models.Model):
        a = models.IntegerField()
        b = models.ForeignKey(Party, models.CASCADE)
        c = models.IntegerField()
        d = models.IntegerField()

        class Meta:
            unique_together = [{together}]


    class Order(models.Model):
        state = models.CharField(max_length=9)
        is_open = models.GeneratedField(
            expression=Case(
                When(state__in={{"new", "paid", "sent"}}, then=Value(1)), default=Value(0)
            ),
            output_field=models.IntegerField(),
            db_persist=True,
        )

        class Meta:
            constraints = [
                models.CheckConstraint(
                    condition=~Q(state__in={{"old", "gone", "lost", "sold"}}), name="is_known"
                )
            ]
"""
SECOND = """
    from django.db import migrations


    class Migration(migrations.Migration):
        dependencies = [("shop", "0001_initial")]
        operations = [
            migrations.RenameModel("Person", "Human"),
            migrations.AlterUniqueTogether(
                "place", {("b", "d"), ("c", "d"), ("c", "b"), ("d", "a")}
            ),
            migrations.AlterIndexTogether("place", {("a", "b"), ("a", "d"), ("c", "a")}),
            migrations.AlterIndexTogether("place", set()),
        ]
"""


def recorded_with(shop: Project, seed: str) -> dict[str, str]:
    """The texts of two files, which a process with this hash seed records."""
    shop.env["PYTHONHASHSEED"] = seed
    before, after = (
        '("a", "b"), ("b", "c"), ("c", "d")',
        '("b", "d"), ("c", "d"), ("c", "b"), ("d", "a")',
    )
    shop.write("shop/models.py", FIRST.format(Person="Person", together=before))
    shop.succeeds("db_generate", "--name", "first")
    shop.write("shop/models.py", FIRST.format(Person="Human", together=after))
    shop.write("shop/migrations/0002_second.py", SECOND)
    shop.succeeds("db_generate", "--name", "second")
    return {path.name: less_id(path.read_text()) for path in shop.history.glob("*.sql")}


def less_id(text: str) -> str:
    return "\n".join(line for line in text.splitlines() if not line.startswith("-- Id: "))


def test_the_same_text_is_recorded_whatever_the_order_of_sets(project: ProjectFactory) -> None:
    first, *others = (project({"shop": {}}) for _ in range(3))
    texts = recorded_with(first, "0")

    assert len(texts) == 5
    for shop, seed in zip(others, ("1", "2"), strict=True):
        assert recorded_with(shop, seed) == texts

    for seed in ("3", "4"):
        first.env["PYTHONHASHSEED"] = seed
        clean(first)
