"""What drizzle-seed does not seed, or does not seed rightly: its issues, as Django models."""

from __future__ import annotations

from textwrap import dedent

from tests.seeding.conftest import Shop


def test_models_that_refer_to_each_other(shop: Shop) -> None:
    """drizzle-orm#3635: cyclical relations."""
    made = shop("""
        from django.db import models
        class Product(models.Model):
            name = models.CharField(max_length=20)
            cover = models.OneToOneField(
                "Image", models.SET_NULL, null=True, related_name="cover_of")
        class Image(models.Model):
            product = models.ForeignKey(Product, models.CASCADE, related_name="images")
    """)

    done = made.succeeds(
        "db_seed", "--rows", "shop.Product=1500", "--rows", "shop.Image=3000", "--json"
    ).json

    assert [one["second_pass"] for one in done["tables"]] == [["cover"], []]
    covers = made.sql("SELECT COUNT(cover_id), COUNT(DISTINCT cover_id) FROM shop_product")
    assert covers[0][0] == covers[0][1] > 1200
    made.succeeds("db_seed", "--reset")
    assert made.sql("SELECT COUNT(*) FROM shop_product") == [(0,)]


def test_a_join_table_whose_two_keys_are_unique_together(shop: Shop) -> None:
    """drizzle-orm#4354: unique over two foreign keys is ignored."""
    made = shop("""
        from django.db import models
        class User(models.Model):
            name = models.CharField(max_length=20)
        class Paint(models.Model):
            name = models.CharField(max_length=20)
        class Inventory(models.Model):
            user = models.ForeignKey(User, models.CASCADE)
            paint = models.ForeignKey(Paint, models.CASCADE)
            amount = models.IntegerField(default=1)
            class Meta:
                constraints = [models.UniqueConstraint(fields=["user", "paint"], name="once")]
    """)
    rows = ("shop.User=20", "shop.Paint=30", "shop.Inventory=600")

    made.succeeds("db_seed", *(word for one in rows for word in ("--rows", one)))

    assert made.sql("SELECT COUNT(*) FROM shop_inventory") == [(600,)]


def test_two_composite_keys_that_share_a_column(shop: Shop) -> None:
    """drizzle-orm#5919: refused there; the pattern of projects with tenants."""
    made = shop("""
        from django.db import models
        class Tenant(models.Model):
            name = models.CharField(max_length=20)
        class Product(models.Model):
            tenant = models.ForeignKey(Tenant, models.CASCADE)
            number = models.IntegerField()
            name = models.CharField(max_length=20)
            class Meta:
                unique_together = [("tenant", "number"), ("tenant", "name")]
        class Slot(models.Model):
            tenant = models.ForeignKey(Tenant, models.CASCADE)
            row = models.SmallIntegerField(choices=[(n, str(n)) for n in range(5)])
            side = models.CharField(max_length=1, choices=[(c, c) for c in "abcd"])
            class Meta:
                unique_together = [("tenant", "row"), ("tenant", "side")]
    """)
    rows = ("shop.Tenant=10", "shop.Product=2000", "shop.Slot=40")

    made.succeeds("db_seed", *(word for one in rows for word in ("--rows", one)))

    assert made.sql("SELECT COUNT(*) FROM shop_product") == [(2000,)]
    assert made.sql("SELECT COUNT(DISTINCT tenant_id, side) FROM shop_slot") == [(40,)]
    too_many = made.run("db_seed", "--append", "--rows", "shop.Tenant=2", "--rows", "shop.Slot=9")
    assert too_many.code == 2
    assert "only 8 different values are possible" in too_many.stderr


def test_a_primary_key_that_is_a_foreign_key(shop: Shop) -> None:
    """drizzle-orm#5204."""
    made = shop("""
        import uuid
        from django.db import models
        class Account(models.Model):
            id = models.UUIDField(primary_key=True, default=uuid.uuid4)
        class User(models.Model):
            account = models.OneToOneField(Account, models.CASCADE, primary_key=True)
            name = models.CharField(max_length=20)
        class Login(models.Model):
            user = models.ForeignKey(User, models.CASCADE)
    """)
    rows = ("shop.Account=300", "shop.User=300", "shop.Login=500")

    made.succeeds("db_seed", *(word for one in rows for word in ("--rows", one)))

    joined = "shop_user u JOIN shop_account a ON a.id = u.account_id"
    assert made.sql(f"SELECT COUNT(*) FROM {joined}") == [(300,)]
    assert made.sql("SELECT COUNT(*) FROM shop_login") == [(500,)]


def test_ids_of_a_projects_own_kind(shop: Shop) -> None:
    """drizzle-orm#4056: own generators for ids, such as ULIDs."""
    models = """
        from django.db import models
        class Thing(models.Model):
            id = models.CharField(max_length=26, primary_key=True)
            name = models.CharField(max_length=20)
        class Part(models.Model):
            thing = models.ForeignKey(Thing, models.CASCADE)
    """
    seeds = """
        from nestflux.seeding import Fields, Row, each, seeds
        from shop.models import Thing

        LETTERS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"

        def ulid(row: Row) -> str:
            number = (1_700_000_000_000 + row.number) << 80 | row.random.getrandbits(80)
            return "".join(LETTERS[number >> 5 * place & 31] for place in reversed(range(26)))

        @seeds(Thing)
        def things() -> Fields:
            return {"id": each(ulid)}
    """
    made = shop(models, {"seeds.py": dedent(seeds)})

    made.succeeds("db_seed", "--rows", "shop.Thing=200", "--rows", "shop.Part=400")

    ids = [one for (one,) in made.sql("SELECT id FROM shop_thing ORDER BY id")]
    assert len(ids) == 200
    assert all(len(one) == 26 and one.startswith("01") for one in ids)
    made.succeeds("db_seed", "--reset")
    assert made.sql("SELECT COUNT(*) FROM shop_thing") == [(0,)]


def test_two_relations_between_the_same_models(shop: Shop) -> None:
    """drizzle-orm#4018: a relation that is declared twice made its seeder run without end."""
    made = shop("""
        from django.db import models
        class User(models.Model):
            name = models.CharField(max_length=20)
        class Post(models.Model):
            author = models.ForeignKey(User, models.CASCADE, related_name="written")
            editor = models.ForeignKey(User, models.CASCADE, related_name="edited")
            readers = models.ManyToManyField(User, related_name="read")
            fans = models.ManyToManyField(User, related_name="liked")
    """)

    made.succeeds("db_seed", "--rows", "shop.User=50", "--rows", "shop.Post=200")

    different = made.sql("SELECT SUM(author_id <> editor_id) FROM shop_post")[0][0]
    assert int(different) > 150
    assert made.sql("SELECT COUNT(*) FROM shop_post_readers") == [(400,)]
    assert made.sql("SELECT COUNT(*) FROM shop_post_fans") == [(400,)]
