"""What ``db_seed`` makes of each kind of field, relation and constraint, on the run's server."""

from __future__ import annotations

from textwrap import dedent

from tests.seeding.conftest import Shop

FULL_CLEAN = """
    from django.apps import apps
    for model in apps.get_app_config("shop").get_models():
        rows = list(model._base_manager.all())
        assert rows, model
        for row in rows:
            row.full_clean(validate_unique=False)
    print("clean")
"""


def test_every_row_passes_the_models_own_validation(shop: Shop) -> None:
    models = """
        import uuid
        from decimal import Decimal
        from django.core.validators import (
            MaxValueValidator, MinLengthValidator, MinValueValidator, RegexValidator)
        from django.core.exceptions import ValidationError
        from django.db import models

        def even(value):
            if value % 2:
                raise ValidationError("odd")

        class Everything(models.Model):
            key = models.UUIDField(primary_key=True, default=uuid.uuid4)
            flag = models.BooleanField(default=True)
            small = models.SmallIntegerField(
                validators=[MinValueValidator(-3), MaxValueValidator(3)])
            pairs = models.PositiveIntegerField(validators=[even])
            large = models.BigIntegerField(validators=[MinValueValidator(10**12)])
            price = models.DecimalField(max_digits=5, decimal_places=2)
            tiny = models.DecimalField(max_digits=2, decimal_places=2)
            ratio = models.FloatField()
            name = models.CharField(max_length=12)
            two = models.CharField(max_length=2)
            least = models.CharField(max_length=80, validators=[MinLengthValidator(40)])
            plate = models.CharField(
                max_length=9, unique=True, validators=[RegexValidator(r"^[A-Z]{2}-\\d{3}[a-f]$")])
            size = models.CharField(max_length=1, choices=[("s", "Small"), ("l", "Large")])
            email = models.EmailField(unique=True)
            link = models.URLField()
            slug = models.SlugField(unique=True, max_length=20)
            text = models.TextField(blank=True)
            day = models.DateField()
            birth_date = models.DateField()
            moment = models.DateTimeField()
            at = models.TimeField()
            lasts = models.DurationField()
            address = models.GenericIPAddressField()
            v4 = models.GenericIPAddressField(protocol="IPv4")
            v6 = models.GenericIPAddressField(protocol="IPv6", unique=True)
            data = models.JSONField()
            octets = models.BinaryField(max_length=20)
            file = models.FileField(upload_to="files")
            maybe = models.IntegerField(null=True, blank=True)
            double = models.GeneratedField(
                expression=models.F("small") * 2,
                output_field=models.IntegerField(),
                db_persist=True)
            stamp = models.DateTimeField(auto_now_add=True)
            state = models.CharField(max_length=10, db_default="new")
    """
    made = shop(models)

    made.succeeds("db_seed", "--rows", "shop.Everything=300", "--seed", "7")

    assert made.python(FULL_CLEAN).stdout == "clean\n"
    rows = made.sql(
        "SELECT COUNT(*), COUNT(DISTINCT plate), SUM(maybe IS NULL), MIN(small), MAX(small), "
        "COUNT(DISTINCT `key`), SUM(`double` = small * 2), SUM(text = '') FROM shop_everything"
    )
    total, plates, nulls, low, high, keys, doubles, empty = map(int, rows[0])
    assert (total, plates, low, high, keys, doubles) == (300, 300, -3, 3, 300, 300)
    assert 10 < nulls < 60
    assert 10 < empty < 60


def test_names_of_fields_decide_what_a_text_looks_like(shop: Shop) -> None:
    made = shop("""
        from django.db import models
        class Customer(models.Model):
            name = models.CharField(max_length=80)
            email = models.CharField(max_length=80)
            phone = models.CharField(max_length=40)
            home_city = models.CharField(max_length=80)
            website = models.CharField(max_length=200)
            note = models.TextField()
    """)

    made.succeeds("db_seed", "--rows", "shop.Customer=1", "--seed", "7")

    assert made.sql("SELECT * FROM shop_customer") == [
        (
            1,
            "Pedro Chan",
            "imani.hoffman@example.com",
            "+1 555 0175 349",
            "Brisbane",
            "https://www.example.com/round-hawk",
            "She read the letter twice and put it back into the drawer.",
        )
    ]


def test_tables_are_filled_parents_first_and_required_parents_come_along(shop: Shop) -> None:
    made = shop("""
        from django.db import models
        class Sale(models.Model):
            product = models.ForeignKey("Product", models.CASCADE)
        class Product(models.Model):
            maker = models.ForeignKey("Maker", models.CASCADE)
        class Maker(models.Model):
            name = models.CharField(max_length=20)
        class Apart(models.Model):
            name = models.CharField(max_length=20)
    """)

    done = made.succeeds("db_seed", "--rows", "shop.Sale=30", "--json").json

    assert [(one["model"], one["rows"]) for one in done["tables"]] == [
        ("shop.Maker", 100),
        ("shop.Product", 100),
        ("shop.Sale", 30),
    ]
    assert made.sql("SELECT COUNT(*) FROM shop_apart") == [(0,)]


def test_so_many_rows_for_each_parent(shop: Shop) -> None:
    made = shop("""
        from django.db import models
        class Author(models.Model):
            name = models.CharField(max_length=20)
        class Post(models.Model):
            author = models.ForeignKey(Author, models.CASCADE)
            slug = models.SlugField()
            class Meta:
                unique_together = [("author", "slug")]
    """)

    made.succeeds("db_seed", "--rows", "shop.Author=40", "--rows", "shop.Post=5/author")

    counts = made.sql("SELECT author_id, COUNT(*) FROM shop_post GROUP BY author_id")
    assert len(counts) == 40
    assert {count for _, count in counts} == {5}


def test_inheritance_proxies_and_unmanaged_models(shop: Shop) -> None:
    made = shop("""
        from django.db import models
        class Place(models.Model):
            name = models.CharField(max_length=20)
        class Restaurant(Place):
            stars = models.IntegerField()
        class Pizzeria(Restaurant):
            oven = models.CharField(max_length=20)
        class Nicer(Place):
            class Meta:
                proxy = True
        class Elsewhere(models.Model):
            class Meta:
                managed = False
        class Review(models.Model):
            restaurant = models.ForeignKey(Restaurant, models.CASCADE)
    """)
    rows = ("shop.Place=10", "shop.Restaurant=5", "shop.Pizzeria=3", "shop.Review=20")

    made.succeeds("db_seed", *(word for one in rows for word in ("--rows", one)))

    counts = [
        made.sql(f"SELECT COUNT(*) FROM shop_{name}")[0][0]
        for name in ("place", "restaurant", "pizzeria")
    ]
    assert counts == [18, 8, 3]
    refused = made.run("db_seed", "--rows", "shop.Nicer=1")
    assert (refused.code, refused.stderr.splitlines()[0]) == (
        2,
        "shop.Nicer is a proxy: its rows are those of shop.Place.",
    )
    refused = made.run("db_seed", "--rows", "shop.Elsewhere=1")
    assert "shop.Elsewhere is unmanaged" in refused.stderr


def test_a_row_refers_to_earlier_rows_of_its_own_table(shop: Shop) -> None:
    made = shop("""
        import uuid
        from django.db import models
        class Node(models.Model):
            parent = models.ForeignKey("self", models.CASCADE, null=True)
        class Strict(models.Model):
            key = models.UUIDField(primary_key=True, default=uuid.uuid4)
            boss = models.ForeignKey("self", models.CASCADE)
            friends = models.ManyToManyField("self")
    """)

    made.succeeds("db_seed", "--rows", "shop.Node=12000", "--rows", "shop.Strict=300")

    assert made.sql("SELECT COUNT(*) FROM shop_node WHERE parent_id >= id") == [(0,)]
    assert made.sql("SELECT COUNT(*) FROM shop_node WHERE parent_id IS NOT NULL")[0][0] > 10_000
    assert made.sql("SELECT COUNT(*) FROM shop_strict_friends")[0][0] == 600
    made.succeeds("db_seed", "--reset")
    assert made.sql("SELECT COUNT(*) FROM shop_node") == [(0,)]
    assert made.sql("SELECT COUNT(*) FROM shop_strict") == [(0,)]


def test_one_to_one_many_to_many_and_generic_relations(shop: Shop) -> None:
    made = shop(
        """
        from django.contrib.contenttypes.fields import GenericForeignKey
        from django.contrib.contenttypes.models import ContentType
        from django.db import models
        class Tag(models.Model):
            name = models.CharField(max_length=20, unique=True)
        class Post(models.Model):
            title = models.CharField(max_length=20)
            tags = models.ManyToManyField(Tag)
        class Cover(models.Model):
            post = models.OneToOneField(Post, models.CASCADE)
        class Note(models.Model):
            content_type = models.ForeignKey(ContentType, models.CASCADE)
            object_id = models.PositiveIntegerField()
            about = GenericForeignKey()
        """,
        contrib=("django.contrib.contenttypes",),
        settings='MIGRATION_MODULES["contenttypes"] = None\n',
    )

    made.succeeds("db_seed", "--seed", "3")

    assert made.sql("SELECT COUNT(*), COUNT(DISTINCT post_id) FROM shop_cover") == [(100, 100)]
    assert made.sql("SELECT COUNT(*) FROM shop_post_tags") == [(200,)]
    found = made.python("""
        from shop.models import Note
        print(sorted({type(note.about).__name__ for note in Note.objects.all()}))
    """)
    assert found.stdout == "['Cover', 'Post', 'Tag']\n"


def test_check_constraints_are_kept_read_or_by_the_servers_answer(shop: Shop) -> None:
    made = shop(
        """
        from django.db import models
        from django.db.models import F, Q
        from django.db.models.functions import Length, Mod
        class Event(models.Model):
            starts = models.DateField()
            ends = models.DateField()
            price = models.IntegerField()
            cap = models.DecimalField(max_digits=8, decimal_places=2)
            state = models.CharField(max_length=9, choices=[("draft", "d"), ("live", "l")])
            live_at = models.DateTimeField(null=True)
            code = models.CharField(max_length=30)
            number = models.IntegerField()
            class Meta:
                constraints = [
                    models.CheckConstraint(condition=Q(ends__gte=F("starts")), name="in_order"),
                    models.CheckConstraint(
                        condition=Q(price__gt=5_000, price__lte=6_000), name="price_fits"),
                    models.CheckConstraint(condition=Q(cap__range=(1, 2)), name="cap_fits"),
                    models.CheckConstraint(
                        condition=Q(state="draft", live_at__isnull=True)
                        | Q(state="live", live_at__isnull=False), name="state_fits"),
                    models.CheckConstraint(condition=~Q(code=""), name="has_code"),
                    models.CheckConstraint(
                        condition=Q(Exact(Mod(F("number"), 3), 0)), name="in_threes"),
                ]
        """.replace(
            "import F, Q", "import F, Q\n        from django.db.models.lookups import Exact"
        )
    )

    made.succeeds("db_seed", "--rows", "shop.Event=1500", "--seed", "5")

    kept = made.sql(
        "SELECT COUNT(*), SUM(ends >= starts), SUM(price BETWEEN 5001 AND 6000), "
        "SUM(cap BETWEEN 1 AND 2), SUM((state = 'draft') = (live_at IS NULL)), "
        "SUM(MOD(number, 3) = 0) FROM shop_event"
    )
    assert [int(one) for one in kept[0]] == [1500] * 6
    states = dict(made.sql("SELECT state, COUNT(*) FROM shop_event GROUP BY state"))
    assert states.keys() == {"draft", "live"}


def test_custom_fields_by_their_form_field_or_by_a_hook(shop: Shop) -> None:
    models = """
        from django import forms
        from django.db import models

        class Celsius(models.Field):
            def db_type(self, connection):
                return "integer"
            def formfield(self, **kwargs):
                return forms.IntegerField()
            def to_python(self, value):
                return value if value is None else int(value)

        class Money(models.Field):
            def db_type(self, connection):
                return "varchar(30)"
            def get_prep_value(self, value):
                return f"{value[0]} {value[1]}"

        class Day(models.Model):
            degrees = Celsius()
            takings = Money()
    """
    seeds = """
        from nestflux.seeding import Generator, each, generates
        from shop.models import Money

        @generates(Money)
        def money(field: Money) -> Generator:
            return each(lambda row: (row.random.randint(1, 9), "EUR"))
    """
    made = shop(models, {"seeds.py": dedent(seeds)})

    made.succeeds("db_seed", "--rows", "shop.Day=50")

    rows = made.sql("SELECT degrees, takings FROM shop_day")
    assert len({degrees for degrees, _ in rows}) > 10
    assert all(takings[1:] == " EUR" and takings[0] in "123456789" for _, takings in rows)


def test_seeds_py_factories_and_distributions(shop: Shop) -> None:
    models = """
        from django.db import models
        class Author(models.Model):
            name = models.CharField(max_length=20)
        class Post(models.Model):
            author = models.ForeignKey(Author, models.CASCADE)
            state = models.CharField(max_length=10, choices=[("a", "A"), ("b", "B")])
            title = models.CharField(max_length=30)
        class Item(models.Model):
            sku = models.CharField(max_length=20, unique=True)
            label = models.CharField(max_length=40)
            author = models.ForeignKey(Author, models.CASCADE)
    """
    seeds = """
        from nestflux.seeding import Fields, each, from_factory, seeds, shares, zipf
        from shop.factories import ItemFactory
        from shop.models import Item, Post

        @seeds(Post)
        def posts() -> Fields:
            return {
                "author": zipf(),
                "state": shares({"a": 9, "b": 1}),
                "title": each(lambda row: f"Post {row.number}"),
            }

        @seeds(Item)
        def items() -> Fields:
            return from_factory(ItemFactory)
    """
    factories = """
        import factory
        from shop.models import Author, Item

        class AuthorFactory(factory.django.DjangoModelFactory):
            class Meta:
                model = Author

        class ItemFactory(factory.django.DjangoModelFactory):
            class Meta:
                model = Item
            sku = factory.Sequence(lambda n: f"SKU-{n}")
            label = factory.Faker("color_name")
            author = factory.SubFactory(AuthorFactory)
    """
    made = shop(models, {"seeds.py": dedent(seeds), "factories.py": dedent(factories)})

    made.succeeds(
        "db_seed", "--rows", "shop.Author=50", "--rows", "shop.Post=3000", "--rows", "shop.Item=20"
    )

    counts = [
        n
        for _, n in made.sql(
            "SELECT author_id, COUNT(*) AS n FROM shop_post GROUP BY author_id ORDER BY n DESC"
        )
    ]
    assert counts[0] > 5 * counts[len(counts) // 2]
    shares = dict(made.sql("SELECT state, COUNT(*) FROM shop_post GROUP BY state"))
    assert 2500 < shares["a"] < 2900
    assert made.sql("SELECT COUNT(DISTINCT title) FROM shop_post") == [(3000,)]
    assert made.sql("SELECT sku FROM shop_item ORDER BY id LIMIT 2") == [("SKU-0",), ("SKU-1",)]
    assert made.sql("SELECT COUNT(*) FROM shop_author") == [(50,)]


def test_composite_primary_keys(shop: Shop) -> None:
    made = shop("""
        from django.db import models
        class Product(models.Model):
            name = models.CharField(max_length=20)
        class Order(models.Model):
            name = models.CharField(max_length=20)
        class Line(models.Model):
            pk = models.CompositePrimaryKey("order", "product")
            order = models.ForeignKey(Order, models.CASCADE)
            product = models.ForeignKey(Product, models.CASCADE)
            quantity = models.IntegerField()
    """)

    made.succeeds(
        "db_seed",
        "--rows",
        "shop.Order=30",
        "--rows",
        "shop.Product=40",
        "--rows",
        "shop.Line=1200",
    )

    assert made.sql("SELECT COUNT(*) FROM shop_line") == [(1200,)]
    made.succeeds("db_seed", "--reset")
    assert made.sql("SELECT COUNT(*) FROM shop_line") == [(0,)]


def test_values_that_differ_within_a_day_a_month_and_a_year(shop: Shop) -> None:
    made = shop(
        """
        from django.db import models
        LETTERS = [(letter, letter) for letter in "abcdef"]
        class ByDay(models.Model):
            slug = models.SlugField(unique_for_date="at")
            letter = models.CharField(max_length=1, choices=LETTERS, unique_for_date="at")
            at = models.DateTimeField()
        class ByMonth(models.Model):
            letter = models.CharField(max_length=1, choices=LETTERS, unique_for_month="day")
            day = models.DateField()
        class ByYear(models.Model):
            owner = models.ForeignKey(ByMonth, models.CASCADE, unique_for_year="day")
            day = models.DateField()
        class ByBoth(models.Model):
            slug = models.SlugField(unique_for_year="day")
            other = models.SlugField(unique_for_date="day")
            day = models.DateField(unique=True)
        """,
        # Where a day of Django's is none of UTC.
        settings='TIME_ZONE = "Pacific/Auckland"\n',
    )

    made.succeeds(
        *("db_seed", "--rows", "shop.ByDay=900", "--rows", "shop.ByMonth=72"),
        *("--rows", "shop.ByYear=150", "--rows", "shop.ByBoth=200"),
    )

    seen = made.python("""
        from django.apps import apps
        from django.utils.timezone import localtime
        from shop.models import ByDay
        for model in apps.get_app_config("shop").get_models():
            rows = list(model.objects.all())
            for row in rows:
                if isinstance(row, ByDay):
                    row.at = localtime(row.at)  # whose day Django takes
                row.full_clean()
        print(ByDay.objects.values("letter").distinct().count())
    """)
    assert seen.stdout == "6\n", str(seen)
    refused = made.run("db_seed", "--reset") and made.run("db_seed", "--rows", "shop.ByMonth=73")
    assert refused.code == 2
    assert refused.stderr.splitlines()[0] == (
        "shop.ByMonth cannot have 73 rows: shop.ByMonth.day, shop.ByMonth.letter must be unique "
        "together, and only 72 different values are possible."
    )


def test_names_that_a_model_has_in_backquotes(shop: Shop) -> None:
    """Django takes such a name for quoted, and leaves it as it is."""
    made = shop("""
        from django.db import models
        class Odd(models.Model):
            number = models.BigAutoField(primary_key=True, db_column="`the number`")
            word = models.CharField(max_length=20, db_column="`a word`")
            class Meta:
                db_table = "`shop odd`"
    """)

    made.succeeds("db_seed", "--rows", "shop.Odd=30")
    made.succeeds("db_seed", "--rows", "shop.Odd=20", "--append")

    counted = "SELECT COUNT(*), COUNT(DISTINCT `a word`) > 5, MAX(`the number`) FROM `shop odd`"
    assert made.sql(counted) == [(50, 1, 50)]
    made.succeeds("db_seed", "--reset")
    assert made.sql("SELECT COUNT(*) FROM `shop odd`") == [(0,)]
