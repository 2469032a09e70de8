"""A history whose second file adds another digit at each of its steps, so that the price of a
product says which of them ran and how often; and the stops and faults of its Python steps."""

from __future__ import annotations

import hashlib

from nestflux.sql.statements import sha256
from tests.scenario import Project

FIRST_MODELS = """
    from django.db import models


    class Product(models.Model):
        name = models.CharField(max_length=40)
        price = models.IntegerField(default=0)
"""
MODELS = """
    from django.db import models


    class Product(models.Model):
        name = models.CharField(max_length=300)
        price = models.IntegerField(default=0)
        colour = models.CharField(max_length=9, default="")
"""
FIRST = """
    from django.db import migrations, models


    class Migration(migrations.Migration):
        initial = True
        operations = [
            migrations.CreateModel(
                "Product",
                [("id", models.BigAutoField(primary_key=True, auto_created=True,
                                            serialize=False, verbose_name="ID")),
                 ("name", models.CharField(max_length=40)),
                 ("price", models.IntegerField(default=0))],
            ),
            migrations.RunSQL(
                "INSERT INTO shop_product (id, name, price) VALUES (1, 'a', 0), (2, 'b', 0)",
                "DELETE FROM shop_product",
            ),
        ]
"""
SECOND = """
    from django.db import migrations, models

    from shop.faults import adding

    def add(price):
        return migrations.RunSQL(f"UPDATE shop_product SET price = price + {price}",
                                 f"UPDATE shop_product SET price = price - {price}")


    class Migration(migrations.Migration):
        dependencies = [("shop", "0001_first")]
        operations = [
            migrations.AddField("Product", "colour", models.CharField(max_length=9, default="")),
            add(1),
            migrations.RunPython(adding(10, "ATOMIC"), adding(-10, "ATOMIC")),
            add(100),
            migrations.RunPython(adding(1000, "LOOSE"), adding(-1000, "LOOSE"), atomic=False),
            add(10000),
            migrations.AlterField("Product", "name", models.CharField(max_length=300)),
        ]
"""
# What the second file's steps leave, each of them run once.
EACH_ONCE = 11111

FAULTS = """
    import os
    import time
    from pathlib import Path

    from django.db import OperationalError, connections


    def adding(price, name):
        def step(apps, editor):
            connection = editor.connection
            with connection.cursor() as cursor:
                cursor.execute("UPDATE shop_product SET price = price + %s", [price])
            mode = os.environ.get(name, "")
            if mode == "stops":
                stop()
            if mode == "stops, then asks":
                stop()
            if mode.endswith("then asks"):
                with connection.cursor() as cursor:
                    cursor.execute("UPDATE shop_product SET name = 'after the stop'")
            if mode.startswith("sleeps "):
                time.sleep(float(mode.split()[1]))
            if mode == "closes":
                connection.close()
            if mode.startswith("closes all"):
                connections.close_all()
            if mode == "closes if unusable":
                connection.close_if_unusable_or_obsolete()
            if mode.startswith("sends "):
                with connection.cursor() as cursor:
                    cursor.execute("SELECT LENGTH(%s)", ["x" * int(mode.split()[1])])
            if mode.startswith("asks"):
                try:
                    with connection.cursor() as cursor:
                        cursor.execute("UPDATE theirs SET n = n + 1")
                except OperationalError:
                    if mode == "asks":
                        raise
        return step


    def stop():
        '''Say that the place is reached, and stand there until the test lets go; once.'''
        reached = Path(os.environ["STOPS"], "reached")
        if not Path(os.environ["STOPS"], "used").exists():
            Path(os.environ["STOPS"], "used").touch()
            reached.touch()
            while reached.exists():
                time.sleep(0.005)


    def watch(connection):
        '''Stop before or after the packet of the statement of a file that holds a text.'''
        before, after = os.environ.get("STOP_BEFORE"), os.environ.get("STOP_AFTER")

        def wrapper(execute, sql, params, many, context):
            statements = [one for one in sql.split("\\n;\\n") if "nestflux_" not in one]
            if before and any(before in one for one in statements):
                stop()
            result = execute(sql, params, many, context)
            if after and any(after in one for one in statements):
                stop()
            return result

        connection.execute_wrappers.append(wrapper)
"""
APPS = """
    import os

    from django.apps import AppConfig


    class ShopConfig(AppConfig):
        name = "shop"

        def ready(self):
            from django.db import connection
            from shop.faults import watch
            watch(connection)
"""


def write_first(project: Project) -> None:
    project.app(
        "shop",
        {"models.py": FIRST_MODELS, "faults.py": FAULTS, "migrations/0001_first.py": FIRST},
    )


def write_second(project: Project) -> None:
    project.app("shop", {"models.py": MODELS, "migrations/0002_second.py": SECOND})


def lengthen(shop: Project, name: str, sizes: dict[str, int]) -> None:
    """Statements of a text of the history with so many bytes more, as if recorded like that."""
    for old, size in sizes.items():
        new = f"{old} + 0 * LENGTH('{'x' * size}')"
        replace_in(shop, name, {f"{old};": f"{new};"})
        replace_in(shop, "0002_second.deltas.json", {sha256(old): sha256(new)})


def replace_in(shop: Project, name: str, texts: dict[str, str]) -> None:
    """Another text of a file, and the journal that knows it."""
    before = (shop.history / name).read_text()
    after = before
    for old, new in texts.items():
        assert old in after
        after = after.replace(old, new)
    (shop.history / name).write_text(after)
    journal = (shop.history / "journal.json").read_text()
    (shop.history / "journal.json").write_text(journal.replace(_hash(before), _hash(after)))


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
