"""Two foreign keys on one column: the server keeps one index, under the name of the later key."""

from __future__ import annotations

from tests.conftest import ProjectFactory

MODELS = """
    from django.db import models

    class Shelf(models.Model):
        name = models.CharField(max_length=40)

    class Book(models.Model):
        shelf = models.ForeignKey(Shelf, models.CASCADE)
"""
# Its name stands before the first key's in the alphabet, and so in what the server prints.
SECOND = """
    from django.db import migrations

    class Migration(migrations.Migration):
        dependencies = [("shop", "0001_initial")]
        operations = [
            migrations.RunSQL(
                "ALTER TABLE shop_book ADD CONSTRAINT also "
                "FOREIGN KEY (shelf_id) REFERENCES shop_shelf (id)",
                "ALTER TABLE shop_book DROP FOREIGN KEY also",
            )
        ]
"""
INDEXES = (
    "SELECT INDEX_NAME FROM information_schema.STATISTICS WHERE TABLE_SCHEMA = DATABASE() "
    "AND TABLE_NAME = 'shop_book' AND COLUMN_NAME = 'shelf_id'"
)


def test_the_index_has_its_name_however_the_schema_is_made(project: ProjectFactory) -> None:
    shop = project({"shop": {"models.py": MODELS}})
    shop.succeeds("db_generate", "--name", "books")
    shop.write("shop/migrations/0002_also.py", SECOND)

    shop.succeeds("db_generate", "--name", "also")

    assert "INEXACT" not in (shop.history / "0002_also.down.sql").read_text()
    shop.succeeds("db_migrate")
    loaded = shop.sql(INDEXES)
    shop.succeeds("db_rollback", "--yes")
    back = shop.sql(INDEXES)
    shop.succeeds("db_migrate")
    assert loaded == shop.sql(INDEXES) == [("also",)]
    assert back != loaded
    assert shop.succeeds("db_check", "--json").json["findings"] == []
    assert shop.succeeds("db_status", "--drift", "--json").json["drift"]["differences"] == []
