"""The project that is frozen: four SQL migrations, of which each does what the others do not.

``0001_products`` has rows of its own and is loaded with ``schema.sql``. ``0002_slugs`` runs
statement by statement, with a Python step and a statement that leaves no trace in a schema.
``0003_no_notes`` loses data, which a backup keeps. ``0004_stock`` is pending, and fails where
categories of one name are there.
"""

from __future__ import annotations

from tests.scenario import Project

_PRODUCTS = """
    from django.db import models


    class Category(models.Model):
        name = models.CharField(max_length=40)


    class Product(models.Model):
        category = models.ForeignKey(Category, models.CASCADE)
        name = models.CharField(max_length=40)
        price = models.DecimalField(max_digits=10, decimal_places=2, null=True)
        note = models.CharField(max_length=80, default="")


    class Visit(models.Model):
        day = models.DateField()
"""
_INITIAL = """
    import django.db.models.deletion
    from django.db import migrations, models


    def categories(apps, schema_editor):
        for name in ("Books", "Tea and coffee"):
            apps.get_model("shop", "Category").objects.create(name=name)


    class Migration(migrations.Migration):
        initial = True
        operations = [
            migrations.CreateModel(
                "Category",
                [
                    ("id", models.BigAutoField(primary_key=True, auto_created=True,
                                               serialize=False, verbose_name="ID")),
                    ("name", models.CharField(max_length=40)),
                ],
            ),
            migrations.CreateModel(
                "Product",
                [
                    ("id", models.BigAutoField(primary_key=True, auto_created=True,
                                               serialize=False, verbose_name="ID")),
                    ("category", models.ForeignKey(on_delete=django.db.models.deletion.CASCADE,
                                                   to="shop.category")),
                    ("name", models.CharField(max_length=40)),
                    ("price", models.DecimalField(max_digits=10, decimal_places=2, null=True)),
                    ("note", models.CharField(max_length=80, default="")),
                ],
            ),
            migrations.CreateModel(
                "Visit",
                [
                    ("id", models.BigAutoField(primary_key=True, auto_created=True,
                                               serialize=False, verbose_name="ID")),
                    ("day", models.DateField()),
                ],
            ),
            migrations.RunPython(categories, migrations.RunPython.noop),
        ]
"""
_SLUGS = """
    from django.db import migrations, models


    def fill(apps, schema_editor):
        for product in apps.get_model("shop", "Product").objects.all():
            product.slug = product.name.lower().replace(" ", "-")
            product.save()


    class Migration(migrations.Migration):
        dependencies = [("shop", "0001_initial")]
        operations = [
            migrations.AddField(
                "Product", "slug", models.CharField(max_length=40, default="")
            ),
            migrations.RunPython(fill, migrations.RunPython.noop),
            migrations.RunSQL("UPDATE shop_product SET price = 0 WHERE price IS NULL",
                              migrations.RunSQL.noop),
            migrations.RunSQL("TRUNCATE TABLE shop_visit", migrations.RunSQL.noop),
        ]
"""
_NO_NOTES = """
    from django.db import migrations


    class Migration(migrations.Migration):
        dependencies = [("shop", "0002_slugs")]
        operations = [migrations.RemoveField("Product", "note")]
"""
_STOCK = """
    from django.db import migrations, models


    def fill(apps, schema_editor):
        apps.get_model("shop", "Product").objects.update(stock=7)


    class Migration(migrations.Migration):
        dependencies = [("shop", "0003_no_notes")]
        operations = [
            migrations.AddField("Product", "stock", models.IntegerField(default=0)),
            migrations.RunPython(fill, migrations.RunPython.noop),
            migrations.AlterField(
                "Category", "name", models.CharField(max_length=40, unique=True)
            ),
        ]
"""
ROWS = (
    "INSERT INTO shop_product (category_id, name, price, note) SELECT id, 'Green Tea', 4.50, "
    "'from Uji' FROM shop_category WHERE name LIKE 'Tea%'",
    "INSERT INTO shop_product (category_id, name, price, note) SELECT id, 'A Book', NULL, "
    "'signed' FROM shop_category WHERE name = 'Books'",
)
# Rows on which the last statement of 0004_stock fails, and their end.
DUPLICATE = "INSERT INTO shop_category (name) VALUES ('Books')"
NO_DUPLICATE = "DELETE FROM shop_category WHERE name = 'Books' ORDER BY id DESC LIMIT 1"


def write_products(shop: Project) -> None:
    shop.write("shop/models.py", _PRODUCTS)
    shop.write("shop/migrations/0001_initial.py", _INITIAL)


def write_slugs(shop: Project) -> None:
    note = '    note = models.CharField(max_length=80, default="")\n'
    slug = '    slug = models.CharField(max_length=40, default="")\n'
    shop.edit("shop/models.py", note, note + slug)
    shop.write("shop/migrations/0002_slugs.py", _SLUGS)


def write_no_notes(shop: Project) -> None:
    shop.edit("shop/models.py", '    note = models.CharField(max_length=80, default="")\n', "")
    shop.write("shop/migrations/0003_no_notes.py", _NO_NOTES)


def write_stock(shop: Project) -> None:
    slug = '    slug = models.CharField(max_length=40, default="")\n'
    shop.edit("shop/models.py", slug, slug + "    stock = models.IntegerField(default=0)\n")
    category = "class Category(models.Model):\n    name = models.CharField(max_length=40"
    shop.edit("shop/models.py", category, category + ", unique=True")
    shop.write("shop/migrations/0004_stock.py", _STOCK)
