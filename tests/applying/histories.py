"""A small project whose history holds each kind of step, for the tests of this folder."""

from __future__ import annotations

from tests.scenario import Project

MODELS = """
    from django.db import models


    class Category(models.Model):
        title = models.CharField(max_length=60, unique=True)


    class Product(models.Model):
        name = models.CharField(max_length=40, db_index=True)
        price = models.IntegerField(default=1)
        category = models.ForeignKey(Category, models.PROTECT)
"""

FIRST_MODELS = """
    from django.db import models


    class Category(models.Model):
        name = models.CharField(max_length=40)


    class Product(models.Model):
        name = models.CharField(max_length=40)
        category = models.ForeignKey(Category, models.PROTECT)
"""

INITIAL = """
    from django.db import migrations, models


    class Migration(migrations.Migration):
        initial = True
        operations = [
            migrations.CreateModel(
                "Category",
                [("id", models.BigAutoField(primary_key=True, auto_created=True,
                                            serialize=False, verbose_name="ID")),
                 ("name", models.CharField(max_length=40))],
            ),
            migrations.RunSQL(
                # Ids of their own: AUTO_INCREMENT does not go back with a transaction.
                "INSERT INTO shop_category (id, name) VALUES (1, 'tools'), (2, 'toys')",
                "DELETE FROM shop_category",
            ),
            migrations.CreateModel(
                "Product",
                [("id", models.BigAutoField(primary_key=True, auto_created=True,
                                            serialize=False, verbose_name="ID")),
                 ("name", models.CharField(max_length=40)),
                 ("category", models.ForeignKey("shop.Category", models.PROTECT))],
            ),
        ]
"""

PRICES = """
    from django.db import migrations, models


    def fill(apps, editor):
        Category, Product = apps.get_model("shop", "Category"), apps.get_model("shop", "Product")
        for category in Category.objects.using(editor.connection.alias).order_by("id"):
            Product.objects.using(editor.connection.alias).create(
                id=category.id, name="any", price=10, category=category
            )


    def empty(apps, editor):
        apps.get_model("shop", "Product").objects.using(editor.connection.alias).all().delete()


    class Migration(migrations.Migration):
        dependencies = [("shop", "0001_initial")]
        operations = [
            migrations.AddField("Product", "price", models.IntegerField(default=1)),
            migrations.RunPython(fill, empty),
            migrations.RunSQL(
                "UPDATE shop_product SET price = price + 1",
                "UPDATE shop_product SET price = price - 1",
            ),
        ]
"""

TITLES = """
    from django.db import migrations, models


    class Migration(migrations.Migration):
        dependencies = [("shop", "0002_prices")]
        operations = [
            migrations.RenameField("Category", "name", "title"),
            migrations.AlterField("Category", "title", models.CharField(max_length=60,
                                                                        unique=True)),
            migrations.AlterField("Product", "name", models.CharField(max_length=40,
                                                                      db_index=True)),
        ]
"""

APPS = """
    from django.apps import AppConfig
    from django.db.models.signals import post_migrate


    def note(sender, using, apps, **kwargs):
        from django.db import connections
        with connections[using].cursor() as cursor:
            cursor.execute("CREATE TABLE IF NOT EXISTS heard (name varchar(20) PRIMARY KEY)")
            cursor.execute("INSERT IGNORE INTO heard VALUES ('post_migrate')")


    class ShopConfig(AppConfig):
        name = "shop"

        def ready(self):
            post_migrate.connect(note, sender=self)
"""


def write_first(project: Project) -> None:
    """The app as the first file records it."""
    project.app("shop", {"models.py": FIRST_MODELS, "migrations/0001_initial.py": INITIAL})


def write_second(project: Project) -> None:
    """The app as the second file records it."""
    project.app(
        "shop",
        {
            "models.py": MODELS,
            "migrations/0002_prices.py": PRICES,
            "migrations/0003_titles.py": TITLES,
        },
    )


# A recorder splits a DROP of several tables; a reviewer's edit may put it together again.
ODD = """
    from django.db import migrations


    class Migration(migrations.Migration):
        dependencies = [("shop", "0003_titles")]
        operations = [
            migrations.RunSQL("CREATE TABLE old_a (id int PRIMARY KEY)", "DROP TABLE old_a"),
            migrations.RunSQL("CREATE TABLE old_b (id int PRIMARY KEY)", "DROP TABLE old_b"),
            migrations.RunSQL("CREATE TABLE old_c (id int PRIMARY KEY)", "DROP TABLE old_c"),
            migrations.RunSQL(
                "ALTER TABLE shop_product ADD COLUMN first int, ADD COLUMN second int",
                "ALTER TABLE shop_product DROP COLUMN first, DROP COLUMN second",
            ),
            migrations.RunSQL(
                "CREATE UNIQUE INDEX one_each ON shop_product (category_id)",
                "DROP INDEX one_each ON shop_product",
            ),
            migrations.RunSQL(
                ["DROP TABLE old_a", "DROP TABLE old_b", "DROP TABLE old_c"],
                ["CREATE TABLE old_c (id int PRIMARY KEY)",
                 "CREATE TABLE old_b (id int PRIMARY KEY)",
                 "CREATE TABLE old_a (id int PRIMARY KEY)"],
            ),
        ]
"""


def write_third(project: Project) -> None:
    """A third file of statements with several effects each, the last one by an accepted edit."""
    project.write("shop/migrations/0004_odd.py", ODD)
    project.succeeds("db_generate", "--name", "odd", "--noinput")
    path = project.history / "0003_odd.sql"
    head, _, _ = path.read_text(encoding="utf-8").partition("DROP TABLE old_a;")
    path.write_text(f"{head}DROP TABLE old_a, old_b, old_c;\n", encoding="utf-8")
    project.succeeds("db_generate", "--accept", "0003_odd.sql")
