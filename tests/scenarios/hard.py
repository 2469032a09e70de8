"""A project that is hard to migrate, in five stages: each is a week's work of its authors.

accounts   the swapped user, whose primary key's type changes in the last stage
catalog    every kind of column, index and constraint; a varchar primary key that others refer to
orders     refers to both; rows made by Python; a view, a trigger and a procedure
"""

from __future__ import annotations

from tests.scenario import Project

CONTRIB = ("django.contrib.contenttypes", "django.contrib.auth")
SETTINGS = """
    AUTH_USER_MODEL = "accounts.User"
    SILENCED_SYSTEM_CHECKS = [f"models.W0{n}" for n in (37, 38, 42, 43, 45)]
"""

USER = """
    from django.contrib.auth.models import AbstractUser
    from django.db import models


    class User(AbstractUser):
        id = models.AutoField(primary_key=True)
        manager = models.ForeignKey("self", models.SET_NULL, null=True, related_name="staff")
"""

CATALOG = """
    import uuid

    from django.db import models
    from django.db.models import F, Q
    from django.db.models.functions import Concat, Lower, Now


    class Country(models.Model):
        code = models.CharField(max_length=12, primary_key=True)
        name = models.CharField(max_length=80, unique=True)


    class Category(models.Model):
        parent = models.ForeignKey("self", models.PROTECT, null=True)
        name = models.CharField(max_length=40)
        country = models.ForeignKey(Country, models.PROTECT)

        class Meta:
            unique_together = [("name", "country")]


    class Product(models.Model):
        id = models.UUIDField(primary_key=True, default=uuid.uuid4)
        sku = models.SlugField(max_length=30, unique=True, db_comment="It's what the till calls it")
        name = models.CharField(max_length=60)
        price = models.DecimalField(max_digits=10, decimal_places=2)
        weight = models.FloatField(null=True)
        attributes = models.JSONField(default=dict)
        picture = models.BinaryField(default=b"\\x00\\xff'%s\\\\")
        active = models.BooleanField(default=True)
        stock = models.PositiveIntegerField(db_default=0)
        added_at = models.DateTimeField(db_default=Now())
        added_on = models.DateField(null=True)
        remarks = models.TextField(default="")
        lead_time = models.DurationField(null=True)
        origin = models.ForeignKey(Country, models.PROTECT)
        categories = models.ManyToManyField(Category)
        price_with_tax = models.GeneratedField(
            expression=F("price") * 2,
            output_field=models.DecimalField(max_digits=12, decimal_places=2),
            db_persist=True,
        )
        label = models.GeneratedField(
            expression=Concat(F("sku"), F("name")),
            output_field=models.CharField(max_length=100),
            db_persist=False,
        )

        class Meta:
            db_table_comment = "What is for sale: all of it"
            indexes = [
                models.Index(F("price").desc(), "sku", name="product_price_desc"),
                models.Index(fields=["-added_at", "name"], name="product_added"),
                models.Index(Lower("name"), name="product_name_lower"),
                models.Index(fields=["stock"], name="product_low", condition=Q(stock__lt=3)),
            ]
            constraints = [
                models.CheckConstraint(condition=Q(price__gte=0), name="product_price_positive"),
                models.UniqueConstraint(fields=["name", "origin"], name="product_once"),
            ]
"""

ORDERS = """
    from django.conf import settings
    from django.db import models


    class Order(models.Model):
        user = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT)
        approver = models.OneToOneField(
            settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="approved"
        )
        number = models.CharField(max_length=20, null=True)
        token = models.UUIDField(null=True)
        placed_at = models.DateTimeField(null=True)


    class Line(models.Model):
        order = models.ForeignKey(Order, models.CASCADE)
        product = models.ForeignKey("catalog.Product", models.PROTECT)
        quantity = models.SmallIntegerField(default=1)

        class Meta:
            unique_together = [("order", "product")]
"""

FIRST_COUNTRIES = """
    from django.db import migrations


    def add(apps, editor):
        Country = apps.get_model("catalog", "Country")
        Country.objects.using(editor.connection.alias).bulk_create(
            [Country(code=c, name=n) for c, n in [("PT", "Portugal"), ("CI", "Côte d'Ivoire")]]
        )


    class Migration(migrations.Migration):
        dependencies = [("catalog", "0001_initial")]
        operations = [
            migrations.RunPython(add, migrations.RunPython.noop),
            migrations.RunSQL(
                "INSERT INTO catalog_category (name, country_id) "
                "VALUES ('100 % \\\\'new\\\\'', 'PT')",
                "DELETE FROM catalog_category",
            ),
        ]
"""

FIRST_ORDERS = """
    import uuid

    from django.db import migrations
    from django.utils import timezone


    def add(apps, editor):
        using = editor.connection.alias
        user = apps.get_model("accounts", "User").objects.using(using).create(
            username="shop", password="!", date_joined=timezone.now()
        )
        for number in ("A-1", "A-2"):
            apps.get_model("orders", "Order").objects.using(using).create(
                user=user, number=number, token=uuid.uuid4(), placed_at=timezone.now()
            )


    def remove(apps, editor):
        for name in ("orders.Order", "accounts.User"):
            apps.get_model(name).objects.using(editor.connection.alias).all().delete()


    class Migration(migrations.Migration):
        dependencies = [("orders", "0001_initial"), ("catalog", "0002_countries")]
        operations = [migrations.RunPython(add, remove)]
"""

PROGRAMS = """
    from django.db import migrations


    class Migration(migrations.Migration):
        dependencies = [("orders", "LAST"), ("catalog", "0003_CATALOG")]
        operations = [
            migrations.RunSQL(
                "CREATE VIEW orders_per_user AS SELECT user_id, COUNT(*) AS n FROM orders_order "
                "GROUP BY user_id",
                "DROP VIEW orders_per_user",
            ),
            migrations.RunSQL(
                "CREATE VIEW a_view_on_a_view AS SELECT MAX(n) AS most FROM orders_per_user",
                "DROP VIEW a_view_on_a_view",
            ),
            migrations.RunSQL(
                [(
                    "CREATE TRIGGER orders_line_positive BEFORE INSERT ON orders_line FOR EACH ROW "
                    "BEGIN\\n  IF NEW.quantity < 1 THEN\\n    SET NEW.quantity = 1;\\n  END IF;\\n"
                    "END",
                    None,
                )],
                "DROP TRIGGER orders_line_positive",
            ),
            migrations.RunSQL(
                [(
                    "CREATE PROCEDURE forget_orders(IN who bigint)\\n"
                    "BEGIN\\n  DELETE FROM orders_order WHERE user_id = who; -- lines; too\\nEND",
                    None,
                )],
                "DROP PROCEDURE forget_orders",
            ),
        ]
"""

NOT_ATOMIC = """
    from django.db import migrations, models


    def number(apps, editor):
        orders = apps.get_model("orders", "Order").objects.using(editor.connection.alias)
        orders.filter(number="A-2").update(number="A-3")


    def back(apps, editor):
        orders = apps.get_model("orders", "Order").objects.using(editor.connection.alias)
        orders.filter(number="A-3").update(number="A-2")


    class Migration(migrations.Migration):
        atomic = False
        dependencies = [("orders", "0004_programs")]
        operations = [
            migrations.RunPython(number, back),
            migrations.AddField("order", "paid", models.BooleanField(default=False)),
        ]
"""


def first_stage(project: Project) -> None:
    """Everything is made."""
    project.app("accounts", {"models.py": USER})
    project.app("catalog", {"models.py": CATALOG})
    project.app("orders", {"models.py": ORDERS})
    project.succeeds("db_generate", "--name", "shop")


def second_stage(project: Project) -> None:
    """Rows: constant ones, and some that hold a uuid and a time."""
    project.write("catalog/migrations/0002_countries.py", FIRST_COUNTRIES)
    project.write("orders/migrations/0002_first_orders.py", FIRST_ORDERS)
    project.succeeds("db_generate", "--name", "rows")


def third_stage(project: Project) -> None:
    """What is there changes: names, tables, uniqueness, nulls, a key that others refer to."""
    catalog = project.path / "catalog" / "models.py"
    text = catalog.read_text(encoding="utf-8")
    for old, new in (
        ("class Category", "class Section"),
        ("ManyToManyField(Category)", "ManyToManyField(Section)"),
        ("remarks = models.TextField", "notes = models.TextField"),
        ('unique_together = [("name", "country")]', 'unique_together = [("country", "parent")]'),
        ("max_length=12, primary_key", "max_length=3, primary_key"),
        ("name = models.CharField(max_length=60)", "name = models.CharField(max_length=70)"),
        ("weight = models.FloatField(null=True)", "weight = models.FloatField(default=1.5)"),
        ("added_on = models.DateField(null=True)", "added_on = models.DateTimeField(null=True)"),
        ('"-added_at", "name"', '"name", "-added_at"'),
        ("price__gte=0", "price__gt=-1"),
        ("all of it", "most of it"),
        (
            "constraints = [",
            "constraints = [models.UniqueConstraint("
            'fields=["name"], condition=Q(active=True), name="product_active"),',
        ),
        ("It's what the till calls it", ""),
    ):
        assert text.count(old) == 1, old
        text = text.replace(old, new)
    catalog.write_text(text, encoding="utf-8")
    project.edit(
        "orders/models.py",
        "number = models.CharField(max_length=20, null=True)",
        'number = models.CharField(max_length=20, default="?", db_index=True)',
    )
    project.edit(
        "orders/models.py",
        'unique_together = [("order", "product")]',
        'db_table = "orders_item"\n        unique_together = [("product", "order")]',
    )
    project.succeeds(
        "db_generate",
        *("--name", "changes"),
        *("--rename", "catalog.Category=Section"),
        *("--rename", "catalog.Product.remarks=notes"),
    )


def fourth_stage(project: Project) -> None:
    """Programs in the database, and a migration without a transaction."""
    (third,) = (project.path / "orders" / "migrations").glob("0003_*.py")
    (catalog,) = (project.path / "catalog" / "migrations").glob("0003_*.py")
    programs = PROGRAMS.replace("LAST", third.stem).replace("0003_CATALOG", catalog.stem)
    programs = programs.replace("ON orders_line ", "ON orders_item ")
    project.write("orders/migrations/0004_programs.py", programs)
    project.write("orders/migrations/0005_paid.py", NOT_ATOMIC)
    project.edit(
        "orders/models.py",
        "token = models.UUIDField(null=True)",
        "token = models.UUIDField(null=True)\n    paid = models.BooleanField(default=False)",
    )
    project.succeeds("db_generate", "--name", "programs")


def fifth_stage(project: Project) -> None:
    """The type of the users' key, and with it that of every column that refers to it. Django has
    no way back: it undoes this with orders forgotten, whose foreign keys are then in the way."""
    project.edit("accounts/models.py", "models.AutoField", "models.BigAutoField")
    project.succeeds("db_generate", "--name", "keys")


STAGES = (first_stage, second_stage, third_stage, fourth_stage, fifth_stage)

# Columns whose value is another one in each database: chance and the clock.
VOLATILE = {
    "accounts_user": ("date_joined",),
    "orders_order": ("token", "placed_at"),
}


def record_all_stages(project: Project) -> None:
    """Record each stage as a file of its own. Nothing is applied."""
    for stage in STAGES:
        stage(project)
