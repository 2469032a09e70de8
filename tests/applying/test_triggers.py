"""What is kept of a table before a statement holds its triggers, the file's own too."""

from __future__ import annotations

import json

from tests.conftest import ProjectFactory

MODELS = """
    from django.db import models


    class Category(models.Model):
        name = models.CharField(max_length=40)
        price = models.IntegerField(default=0, db_default=0)
        weight = models.IntegerField(default=0, db_default=0)
"""
MIGRATION = """
    from django.db import migrations, models


    class Migration(migrations.Migration):
        initial = True
        operations = [
            migrations.CreateModel(
                "Category",
                [("id", models.BigAutoField(auto_created=True, primary_key=True,
                                            serialize=False, verbose_name="ID")),
                 ("name", models.CharField(max_length=40))],
            ),
            migrations.RunSQL(
                "CREATE TRIGGER shop_trim BEFORE INSERT ON shop_category "
                "FOR EACH ROW SET NEW.name = TRIM(NEW.name)",
                "DROP TRIGGER shop_trim",
            ),
            migrations.AddField(
                "Category", "price", models.IntegerField(default=0, db_default=0)
            ),
            migrations.RunSQL("DROP TRIGGER shop_trim", migrations.RunSQL.noop),
            migrations.AddField(
                "Category", "weight", models.IntegerField(default=0, db_default=0)
            ),
        ]
"""


def test_a_trigger_of_the_file_is_part_of_what_the_next_statement_touches(
    project: ProjectFactory,
) -> None:
    shop = project({"shop": {"models.py": MODELS, "migrations/0001_initial.py": MIGRATION}})
    shop.succeeds("db_generate", "--name", "first", "--noinput")

    shop.succeeds("db_migrate", "--replay")
    rows = shop.sql("SELECT `sql`, before_reading FROM nestflux_statement ORDER BY ordinal")

    assert [(sql[:12], "trigger shop_trim" in json.loads(before)) for sql, before in rows] == [
        ("CREATE TABLE", False),
        ("CREATE TRIGG", False),
        ("ALTER TABLE ", True),
        ("DROP TRIGGER", True),
        ("ALTER TABLE ", False),
    ]
