"""A small project whose history holds each kind of step, and what a person knows of it.

Nothing in it may depend on how often it was tried: keys are given, not counted.
"""

from __future__ import annotations

from dataclasses import dataclass

from tests.applying.histories import APPS
from tests.scenario import Project

_FIRST_MODELS = """
    from django.db import models


    class Category(models.Model):
        name = models.CharField(max_length=40)


    class Product(models.Model):
        name = models.CharField(max_length=40, null=True)
        stock = models.IntegerField(default=0)
        category = models.ForeignKey(Category, models.PROTECT)


    class Draft(models.Model):
        name = models.CharField(max_length=40)


    class Final(models.Model):
        name = models.CharField(max_length=40)


    class Scratch(models.Model):
        name = models.CharField(max_length=40)
"""

_INITIAL = """
    from django.db import migrations, models

    KEY = [("id", models.BigAutoField(primary_key=True, auto_created=True, serialize=False,
                                      verbose_name="ID"))]
    NAMED = [*KEY, ("name", models.CharField(max_length=40))]


    class Migration(migrations.Migration):
        initial = True
        operations = [
            migrations.CreateModel("Category", NAMED),
            migrations.RunSQL(
                "INSERT INTO shop_category (id, name) VALUES (1, 'tools'), (2, 'toys')",
                "DELETE FROM shop_category",
            ),
            migrations.CreateModel(
                "Product",
                [*KEY, ("name", models.CharField(max_length=40, null=True)),
                 ("stock", models.IntegerField(default=0)),
                 ("category", models.ForeignKey("shop.Category", models.PROTECT))],
            ),
            migrations.CreateModel("Draft", NAMED),
            migrations.CreateModel("Final", NAMED),
            migrations.CreateModel("Scratch", NAMED),
            migrations.RunSQL(
                ["INSERT INTO shop_draft (id, name) VALUES (1, 'a draft')",
                 "INSERT INTO shop_final (id, name) VALUES (1, 'the final')",
                 "INSERT INTO shop_scratch (id, name) VALUES (1, 'to be emptied')"],
                migrations.RunSQL.noop,
            ),
        ]
"""

_SECOND_MODELS = """
    from django.db import models


    class Category(models.Model):
        title = models.CharField(max_length=60, unique=True)


    class Product(models.Model):
        name = models.CharField(max_length=40)
        price = models.IntegerField(default=1)
        stock = models.BigIntegerField(default=0)
        category = models.ForeignKey(Category, models.PROTECT)

        class Meta:
            indexes = [models.Index(fields=["name"], name="shop_by_name")]


    class Draft(models.Model):
        name = models.CharField(max_length=40)


    class Final(models.Model):
        name = models.CharField(max_length=40)


    class Scratch(models.Model):
        name = models.CharField(max_length=40)
"""

_PRICES = """
    from django.db import migrations, models


    def fill(apps, editor):
        Category, Product = apps.get_model("shop", "Category"), apps.get_model("shop", "Product")
        for category in Category.objects.using(editor.connection.alias).order_by("id"):
            Product.objects.using(editor.connection.alias).create(
                id=category.id, name="any", price=10, category=category
            )


    def empty(apps, editor):
        apps.get_model("shop", "Product").objects.using(editor.connection.alias).all().delete()


    def restock(apps, editor):
        Product = apps.get_model("shop", "Product")
        Product.objects.using(editor.connection.alias).update(stock=models.F("stock") + 5)


    def unstock(apps, editor):
        Product = apps.get_model("shop", "Product")
        Product.objects.using(editor.connection.alias).update(stock=models.F("stock") - 5)


    class Migration(migrations.Migration):
        dependencies = [("shop", "0001_initial")]
        operations = [
            migrations.AddField("Product", "price", models.IntegerField(default=1)),
            migrations.RunPython(fill, empty),
            migrations.RunSQL(
                "UPDATE shop_product SET price = price + 1",
                "UPDATE shop_product SET price = price - 1",
            ),
            migrations.RunPython(restock, unstock, atomic=False),
        ]
"""

_TITLES = """
    from django.db import migrations, models


    class Migration(migrations.Migration):
        dependencies = [("shop", "0002_prices")]
        operations = [
            migrations.RenameField("Category", "name", "title"),
            migrations.AlterField("Category", "title", models.CharField(max_length=60,
                                                                        unique=True)),
            migrations.AlterField("Product", "name", models.CharField(max_length=40)),
            migrations.AddIndex("Product", models.Index(fields=["name"], name="shop_by_name")),
            migrations.AlterField("Product", "stock", models.BigIntegerField(default=0)),
        ]
"""

_THIRD_MODELS = """
    from django.db import models


    class Category(models.Model):
        title = models.CharField(max_length=60, unique=True)


    class Item(models.Model):
        name = models.CharField(max_length=40)
        price = models.IntegerField(default=1)
        category = models.ForeignKey(Category, models.PROTECT)

        class Meta:
            constraints = [
                models.CheckConstraint(condition=models.Q(price__gt=0), name="item_price"),
            ]


    class Draft(models.Model):
        name = models.CharField(max_length=40)


    class Final(models.Model):
        name = models.CharField(max_length=40)
"""

_ITEMS = """
    from django.db import migrations, models


    class Migration(migrations.Migration):
        dependencies = [("shop", "0003_titles")]
        operations = [
            migrations.RenameModel("Product", "Item"),
            migrations.RemoveField("Item", "stock"),
            migrations.RemoveIndex("Item", "shop_by_name"),
            migrations.AddConstraint(
                "Item",
                models.CheckConstraint(condition=models.Q(price__gt=0), name="item_price"),
            ),
            migrations.RunSQL(
                "DELETE FROM shop_item WHERE id = 2",
                "INSERT INTO shop_item (id, name, price, category_id) VALUES (2, 'any', 11, 2)",
            ),
        ]
"""

_SWAPS = """
    from django.db import migrations

    SWAP = ("RENAME TABLE shop_draft TO shop_swap, shop_final TO shop_draft, "
            "shop_swap TO shop_final")


    class Migration(migrations.Migration):
        dependencies = [("shop", "0004_items")]
        operations = [
            migrations.RunSQL(SWAP, SWAP),
            migrations.RunSQL("TRUNCATE TABLE shop_scratch", migrations.RunSQL.noop),
            migrations.DeleteModel("Scratch"),
            migrations.RunSQL(
                "CREATE VIEW shop_cheap AS SELECT id, name FROM shop_item WHERE price < 100",
                "DROP VIEW shop_cheap",
            ),
            migrations.RunSQL(
                "CREATE TRIGGER shop_floor BEFORE UPDATE ON shop_item FOR EACH ROW "
                "SET NEW.price = GREATEST(NEW.price, 1)",
                "DROP TRIGGER shop_floor",
            ),
        ]
"""


_DEPOT_MODELS = """
    from django.db import models


    class Shelf(models.Model):
        name = models.CharField(max_length=40)
"""


@dataclass(frozen=True)
class Undecidable:
    """A step of which the schema does not tell whether it ran, and how a person finds out.

    ``begins``: of its text in the ledger. ``ran``: gives 1 where it ran, in the direction of the
    key: a query of the rows that it changes.
    """

    begins: str
    ran: dict[str, str]


UNDECIDABLE = (
    Undecidable(
        "RENAME TABLE shop_draft TO shop_swap",
        {
            "up": "SELECT name = 'the final' FROM shop_draft",
            "down": "SELECT name = 'a draft' FROM shop_draft",
        },
    ),
    Undecidable("TRUNCATE TABLE", {"up": "SELECT COUNT(*) = 0 FROM shop_scratch"}),
    Undecidable(
        "shop.0002_prices/3",
        {
            "up": "SELECT MAX(stock) = 5 FROM shop_product",
            # The third file dropped the column; its way back made it again, full of zeros.
            "down": "SELECT MAX(stock) < 0 FROM shop_product",
        },
    ),
)


def record_two(project: Project) -> None:
    """Write the app change by change and record the first two files."""
    project.app("shop", {"models.py": _FIRST_MODELS, "migrations/0001_initial.py": _INITIAL})
    project.succeeds("db_generate", "--name", "first", "--noinput")
    project.app(
        "shop",
        {
            "models.py": _SECOND_MODELS,
            "migrations/0002_prices.py": _PRICES,
            "migrations/0003_titles.py": _TITLES,
        },
    )
    project.succeeds("db_generate", "--name", "second", "--noinput")


def record_third(project: Project) -> None:
    """The third change and its file, whatever was recorded before it."""
    project.app(
        "shop",
        {
            "models.py": _THIRD_MODELS,
            "migrations/0004_items.py": _ITEMS,
            "migrations/0005_swaps.py": _SWAPS,
        },
    )
    project.succeeds("db_generate", "--name", "third", "--noinput")
    project.write("shop/apps.py", APPS)


def squash_two(project: Project) -> None:
    """Of all three files, the first two become one."""
    project.succeeds("db_squash", "--to", "0002_second", "--yes")


def record_rebased(project: Project) -> None:
    """In a project of the first two files: another branch's third, and then our own as the
    fourth, with another name and id and the same statements."""
    project.app("depot", {"models.py": _DEPOT_MODELS})
    project.settings(apps=("shop", "depot"))
    project.succeeds("db_generate", "--name", "depot", "--noinput")
    record_third(project)
