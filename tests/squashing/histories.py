"""A history with all that a squash must keep: rows, an edit, keys, squashes of Django's."""

from __future__ import annotations

from tests.scenario import Project

HEAD = "from django.db import models\n"
ITEM = """
class Item(models.Model):
    code = models.CharField(max_length=20, unique=True)
    parent = models.ForeignKey("self", models.CASCADE, null=True)
"""
COLOR = '    color = models.CharField(max_length=9, default="", db_default="")\n'
EVENT = """
class Event(models.Model):
    what = models.CharField(max_length=20)
"""
STAMP = """
class Stamp(models.Model):
    item = models.ForeignKey(Item, models.CASCADE)
    mark = models.UUIDField()
    made = models.DateTimeField()
"""
NOTE = '    note = models.CharField(max_length=10, default="", db_default="")\n'
ROWS = """
    import uuid
    from django.db import migrations
    from django.utils import timezone

    def fill(apps, schema_editor):
        Item = apps.get_model("shop", "Item")
        first = Item.objects.create(code="älteste")
        second = Item.objects.create(code="it's", parent=first)
        first.parent = second
        first.save()
        apps.get_model("shop", "Stamp").objects.create(
            item=first, mark=uuid.uuid4(), made=timezone.now()
        )

    def empty(apps, schema_editor):
        apps.get_model("shop", "Item").objects.update(parent=None)
        apps.get_model("shop", "Stamp").objects.all().delete()
        apps.get_model("shop", "Item").objects.all().delete()

    class Migration(migrations.Migration):
        dependencies = [("shop", "0003_stamp")]
        operations = [
            migrations.RunPython(fill, empty),
            migrations.RunSQL(
                ["CREATE VIEW shop_codes AS SELECT code FROM shop_item"],
                ["DROP VIEW shop_codes"],
            ),
            migrations.RunSQL(
                ["CREATE TRIGGER shop_stamped BEFORE INSERT ON shop_stamp FOR EACH ROW "
                 "BEGIN SET NEW.made = COALESCE(NEW.made, NOW(6)); END"],
                ["DROP TRIGGER shop_stamped"],
            ),
        ]
"""
# Of Django: it stands for two that are held by files.
SHOP_SQUASH = """
    import django.db.models.deletion
    from django.db import migrations, models

    ID = models.BigAutoField(
        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
    )

    class Migration(migrations.Migration):
        initial = True
        replaces = [("shop", "0001_initial"), ("shop", "0002_item_color")]
        operations = [
            migrations.CreateModel("Item", [
                ("id", ID),
                ("code", models.CharField(max_length=20, unique=True)),
                ("parent", models.ForeignKey(
                    null=True, on_delete=django.db.models.deletion.CASCADE, to="shop.item")),
                ("color", models.CharField(db_default="", default="", max_length=9)),
            ]),
            migrations.CreateModel("Event", [
                ("id", ID), ("what", models.CharField(max_length=20)),
            ]),
        ]
"""
# Of Django, too: it is recorded instead of what it stands for.
DEPOT = {
    "models.py": """
        from django.db import models

        class Shelf(models.Model):
            code = models.CharField(max_length=20)
    """,
    "migrations/0001_squashed_0002.py": """
        from django.db import migrations, models

        class Migration(migrations.Migration):
            initial = True
            replaces = [("depot", "0001_initial"), ("depot", "0002_longer")]
            operations = [
                migrations.CreateModel("Shelf", [
                    ("id", models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                    ("code", models.CharField(max_length=20)),
                ]),
            ]
    """,
}
# The files up to here are squashed in the tests.
LAST = "0004_rows"
OLD = ("0001_initial", "0002_color", "0003_stamp", "0004_rows")
SQUASH = "0004_squashed"


def record(project: Project) -> None:
    """Four files, and one behind them: ``0005_note``."""
    project.write("shop/models.py", HEAD + ITEM + EVENT)
    project.succeeds("makemigrations", "shop")  # or it would be a file of its own behind depot's
    project.succeeds("db_generate", "--name", "initial")
    name = f"migrations_sql/{project.server.family}/0001_initial.sql"
    table = next(t for t in project.read(name).split(";") if "CREATE TABLE `shop_event`" in t)
    project.edit(name, table, f"{table}\nPARTITION BY HASH (`id`) PARTITIONS 3")
    project.succeeds("db_generate", "--accept", "0001_initial.sql")

    project.write("shop/models.py", HEAD + ITEM + COLOR + EVENT)
    project.succeeds("db_generate", "--name", "color")
    project.write("shop/migrations/0001_squashed_0002.py", SHOP_SQUASH)
    project.write("shop/models.py", HEAD + ITEM + COLOR + EVENT + STAMP)
    project.succeeds("db_generate", "--name", "stamp")
    project.write("shop/migrations/0004_rows.py", ROWS)
    project.succeeds("db_generate", "--name", "rows")
    project.write("shop/models.py", HEAD + ITEM + COLOR + EVENT + STAMP + NOTE)
    project.succeeds("db_generate", "--name", "note")
