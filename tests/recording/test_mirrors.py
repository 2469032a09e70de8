"""Routers that send reads to a replica: while one is recorded, its mirror is the shadow too."""

from __future__ import annotations

from pathlib import Path
from textwrap import dedent

import pytest

from tests.conftest import ProjectFactory
from tests.scenario import Project

MODELS = """
    from django.db import models

    class Item(models.Model):
        name = models.CharField(max_length=20)
        copies = models.IntegerField(default=0)
"""
# The replica is a server that nobody can reach: whoever connects to it fails.
SETTINGS = """
    class ReadsElsewhere:
        def db_for_read(self, model, **hints):
            return "replica"

        def db_for_write(self, model, **hints):
            return "default"

        def allow_relation(self, obj1, obj2, **hints):
            return True

        def allow_migrate(self, db, app_label, **hints):
            return db == "default"

    DATABASE_ROUTERS = ["settings.ReadsElsewhere"]
    DATABASES["replica"] = {**DATABASES["default"], "HOST": "127.0.0.1", "PORT": "1", **REPLICA}
"""
MIRROR = 'REPLICA = {"TEST": {"MIRROR": "default"}}\n'
# No using() anywhere; it reads what it has just written in its own transaction.
READS_BACK = """
    from django.db import connections, migrations, transaction

    def fill(apps, schema_editor):
        Item = apps.get_model("shop", "Item")
        Item.objects.create(name="first")
        for item in Item.objects.filter(name="first"):
            item.copies = Item.objects.count()
            item.save()
        with transaction.atomic(using="replica"), connections["replica"].cursor() as cursor:
            cursor.execute("UPDATE shop_item SET copies = copies + 10")

    class Migration(migrations.Migration):
        dependencies = [("shop", "0001_initial")]
        operations = [migrations.RunPython(fill, migrations.RunPython.noop)]
"""


def a_shop(project: ProjectFactory, replica: str) -> Project:
    made = project({"shop": {"models.py": MODELS}}, settings=replica + dedent(SETTINGS))
    made.succeeds("makemigrations", "shop")
    made.write("shop/migrations/0002_fill.py", READS_BACK)
    return made


@pytest.mark.parametrize(
    "replica",
    [
        MIRROR,
        # A mirror of a mirror.
        'REPLICA = {"TEST": {"MIRROR": "second"}}\n'
        'DATABASES["second"] = {**DATABASES["default"], "PORT": "1", "HOST": "127.0.0.1", '
        '"TEST": {"MIRROR": "default"}}\n',
    ],
    ids=["mirror", "mirror of a mirror"],
)
def test_a_step_reads_through_the_mirror_what_it_wrote(
    project: ProjectFactory, replica: str
) -> None:
    shop = a_shop(project, replica)

    shop.succeeds("db_generate")
    shop.succeeds("db_migrate")
    checked = shop.run("db_check")

    assert shop.sql("SELECT name, copies FROM shop_item") == [("first", 11)]
    assert checked.code == 0, str(checked)


def test_steps_that_run_behind_the_snapshot_see_it_too(project: ProjectFactory) -> None:
    """Rows that may not be frozen are made anew on each shadow."""
    shop = a_shop(project, MIRROR)
    shop.edit("shop/migrations/0002_fill.py", "copies + 10", "copies + 10 + 100000 * RAND()")
    recorded = shop.succeeds("db_generate")
    shop.edit("shop/models.py", "max_length=20", "max_length=30")

    shop.succeeds("db_generate", "--name", "wider")
    checked = shop.run("db_check", "--no-ledger")

    assert "load schema.sql and then run 1 Python step" in recorded.stdout
    assert checked.code == 0, str(checked)


def test_a_replica_that_is_no_mirror_is_named_with_the_step_and_its_line(
    project: ProjectFactory,
) -> None:
    shop = a_shop(project, "REPLICA = {}\n")

    outcome = shop.run("db_generate")

    assert outcome.code == 1
    what, where, now, next_, *_ = outcome.stderr.splitlines()
    assert "connects to the database 'replica' while 'default' is recorded" in what
    file = Path(shop.path, "shop/migrations/0002_fill.py")
    assert where == f"  Where: shop.0002_fill/0 ({file}, line 6)"
    assert now == "  Now:   nothing was written"
    assert 'DATABASES["replica"]["TEST"] = {"MIRROR": "default"}' in next_
    assert not shop.history.exists()


@pytest.mark.parametrize("engine", ["sqlite3", "mysql"])
def test_a_database_of_another_engine_is_out_of_reach(project: ProjectFactory, engine: str) -> None:
    shop = project(
        {"shop": {"models.py": MODELS}},
        settings=f"""
            DATABASES["archive"] = {{**DATABASES["default"],
                "ENGINE": "django.db.backends.{engine}", "NAME": "archive", "OPTIONS": {{}}}}
        """,
    )
    shop.succeeds("makemigrations", "shop", "--skip-checks")  # Django 6.1's ask every database
    shop.write(
        "shop/migrations/0002_fill.py",
        READS_BACK.replace('connections["replica"]', 'connections["archive"]').replace(
            'using="replica"', 'using="default"'
        ),
    )

    outcome = shop.run("db_generate")

    assert outcome.code == 1
    assert "connects to the database 'archive'" in outcome.stderr
    assert "shop.0002_fill/0" in outcome.stderr
    assert not Path(shop.path, "archive").exists()
