"""A text that a migration's own code makes has the connection's collation, a column its own."""

from __future__ import annotations

from tests.conftest import ProjectFactory
from tests.scenario import Project

MODELS = """
    from django.db import models

    class Product(models.Model):
        name = models.CharField(max_length=40)
"""
COMPARES = """
    from django.db import migrations, models
    from django.db.models.functions import Cast

    def rename(apps, schema_editor):
        products = apps.get_model("shop", "Product").objects
        products.create(name="1")
        key = Cast("pk", models.CharField(max_length=40))
        products.filter(name=key).update(name="first")

    class Migration(migrations.Migration):
        dependencies = [("shop", "0001_initial")]
        operations = [migrations.RunPython(rename, migrations.RunPython.noop)]
"""
ITS_OWN = """
DATABASES["default"].setdefault("OPTIONS", {})["collation"] = "utf8mb4_unicode_ci"
"""
THE_MODULE_ASKS = """
    from django.db import connection, migrations

    class Migration(migrations.Migration):
        dependencies = [("shop", "0001_initial")]
        operations = []
        if connection.mysql_version:
            operations.append(migrations.RunSQL("UPDATE shop_product SET name = 'x'", ""))
"""


def _recorded(project: ProjectFactory, settings: str = "") -> Project:
    shop = project({"shop": {"models.py": MODELS}}, settings=settings)
    shop.succeeds("db_generate")
    shop.write("shop/migrations/0002_rename.py", COMPARES)
    shop.succeeds("db_generate")
    return shop


def test_a_cast_can_be_compared_with_a_column(project: ProjectFactory) -> None:
    """As where a database's default collation is the connection's: wagtailcore.0075 does it."""
    shop = _recorded(project)

    shop.succeeds("db_migrate", "--replay")

    assert shop.sql("SELECT name FROM shop_product") == [("first",)]


def test_a_connection_keeps_the_collation_that_its_settings_give_it(
    project: ProjectFactory,
) -> None:
    """Without it Django's own ``migrate`` fails in a database of that collation (1267)."""
    shop = _recorded(project, ITS_OWN)
    shop.server.sql(f"ALTER DATABASE `{shop.database}` COLLATE utf8mb4_unicode_ci")

    shop.succeeds("db_migrate", "--replay")

    assert shop.sql("SELECT name FROM shop_product") == [("first",)]


def test_a_module_that_asks_a_server_that_is_away_is_not_called_broken(
    project: ProjectFactory,
) -> None:
    shop = project({"shop": {"models.py": MODELS}}, settings='NESTFLUX["FAMILIES"] = ["mysql"]')
    shop.write(
        "shop/migrations/0001_initial.py", THE_MODULE_ASKS.replace('("shop", "0001_initial")', "")
    )
    shop.server.sql(f"DROP DATABASE `{shop.database}`")

    asked = shop.run("db_generate", "--check")

    assert asked.code == 2
    assert "The server has no database" in asked.stderr
    assert "cannot be imported" not in asked.stderr
