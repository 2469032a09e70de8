"""Effects that a recorder can miss: several statements in a string, counters, deferred foreign
keys of a Python step, and a squash that comes after its migrations were recorded."""

from __future__ import annotations

from tests.conftest import ProjectFactory
from tests.recording.django_truth import statements, up_file
from tests.scenario import Project

MODELS = """
    from django.db import models

    class Product(models.Model):
        name = models.CharField(max_length=40)
"""


def recorded(project: ProjectFactory) -> Project:
    shop = project({"shop": {"models.py": MODELS}})
    shop.succeeds("db_generate")
    return shop


def migration(operations: str, head: str = "", name: str = "0001_initial") -> str:
    return f"""
from django.db import migrations, models
{head}

class Migration(migrations.Migration):
    dependencies = [("shop", "{name}")]
    operations = [{operations}]
"""


def test_each_statement_of_one_string_is_a_step(project: ProjectFactory) -> None:
    shop = recorded(project)
    string = (
        "ALTER TABLE shop_product ADD a int; -- then\\n"
        "UPDATE shop_product SET a = 1 WHERE name = 'x;y'; ALTER TABLE shop_product ADD b int;"
    )
    shop.write("shop/migrations/0002_two.py", migration(f'migrations.RunSQL(["{string}"], "")'))

    shop.succeeds("db_generate", "--name", "two")

    assert statements(up_file(shop, "0002_two")) == [
        "ALTER TABLE shop_product ADD a int",
        "UPDATE shop_product SET a = 1 WHERE name = 'x;y'",
        "ALTER TABLE shop_product ADD b int",
    ]


def test_a_counter_that_no_row_explains_is_in_the_snapshot(project: ProjectFactory) -> None:
    shop = recorded(project)
    counted = 'migrations.RunSQL("ALTER TABLE shop_product AUTO_INCREMENT = 1000", "")'
    shop.write("shop/migrations/0002_from_a_thousand.py", migration(counted))
    shop.succeeds("db_generate")

    shop.succeeds("db_migrate")
    shop.sql("INSERT INTO shop_product (name) VALUES ('first')")

    assert shop.sql("SELECT id FROM shop_product") == [(1000,)]


def test_a_comment_makes_no_counter(project: ProjectFactory) -> None:
    shop = recorded(project)
    sql = (
        "CREATE TABLE shop_code (code char(3) COMMENT 'was AUTO_INCREMENT', PRIMARY KEY (code))",
        "INSERT INTO shop_code VALUES ('abc')",
    )
    operations = ", ".join(f'migrations.RunSQL("{each}", "")' for each in sql)
    shop.write("shop/migrations/0002_codes.py", migration(operations))

    shop.succeeds("db_generate")
    shop.succeeds("db_migrate")

    assert shop.sql("SELECT code FROM shop_code") == [("abc",)]


def test_what_a_python_step_defers_is_its_own(project: ProjectFactory) -> None:
    shop = recorded(project)
    make = """
def make(apps, schema_editor):
    Product = apps.get_model("shop", "Product")
    class Label(models.Model):
        product = models.ForeignKey(Product, models.CASCADE)
        class Meta:
            app_label = "shop"
            apps = Product._meta.apps
    schema_editor.create_model(Label)

def drop(apps, schema_editor):
    schema_editor.execute("DROP TABLE shop_label")
"""
    step = "migrations.RunPython(make, drop, atomic=False)"
    shop.write("shop/migrations/0002_label.py", migration(step, head=make))

    shop.succeeds("db_generate", "--name", "label")

    assert statements(up_file(shop, "0002_label")) == ["python step shop.0002_label/0"]
    shop.succeeds("db_migrate", "--replay")
    assert "shop_label" in shop.tables()
    keys = "SELECT 1 FROM information_schema.REFERENTIAL_CONSTRAINTS WHERE TABLE_NAME = %s"
    mine = f"{keys} AND CONSTRAINT_SCHEMA = DATABASE()"
    assert len(shop.sql(mine, ["shop_label"])) == 1


def test_a_squash_of_what_is_recorded_is_held(project: ProjectFactory) -> None:
    shop = recorded(project)
    shop.edit("shop/models.py", "max_length=40", "max_length=50")
    shop.succeeds("db_generate")
    shop.succeeds("db_migrate")
    shop.succeeds("squashmigrations", "shop", "0002", "--noinput")

    checked = shop.run("db_generate", "--check")
    migrated = shop.run("db_migrate")

    assert checked.code == 0, str(checked)
    assert migrated.code == 0, str(migrated)
    shop.edit("shop/models.py", "max_length=50", "max_length=60")
    shop.succeeds("db_generate")
    shop.succeeds("db_migrate")
    assert shop.sql("SHOW COLUMNS FROM shop_product LIKE 'name'")[0][1] == "varchar(60)"


def test_a_value_of_the_environment_is_in_no_file(project: ProjectFactory) -> None:
    shop = recorded(project)
    fill = """
import os

def fill(apps, schema_editor):
    apps.get_model("shop", "Product").objects.create(name=os.environ["PAYMENT_TOKEN"])
"""
    step = "migrations.RunPython(fill, migrations.RunPython.noop)"
    shop.write("shop/migrations/0002_token.py", migration(step, head=fill))

    outcome = shop.succeeds("db_generate", "-v", "2", env={"PAYMENT_TOKEN": "live-4711-0815"})

    assert "shop_product: name holds a value of the environment" in outcome.stdout
    assert not [p for p in shop.history.rglob("*") if p.is_file() and "4711" in p.read_text()]
