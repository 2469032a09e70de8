"""``limit_choices_to``: each key that is drawn is one that Django's own validation accepts."""

from __future__ import annotations

from tests.seeding.conftest import Shop
from tests.seeding.test_models import FULL_CLEAN

PARTIES = """
    from django.db import models
    from django.db.models import Q

    def those_of_today():
        return {"kind": "buyer", "active": True}

    class Country(models.Model):
        code = models.CharField(max_length=2, choices=[("DE", "de"), ("FR", "fr"), ("IT", "it")])
    class Tag(models.Model):
        word = models.CharField(max_length=9, choices=[("red", "r"), ("blue", "b"), ("old", "o")])
    class Party(models.Model):
        kind = models.CharField(max_length=9, choices=[("buyer", "b"), ("seller", "s")])
        active = models.BooleanField(default=True)
        score = models.IntegerField()
        country = models.ForeignKey(Country, models.CASCADE)
        tags = models.ManyToManyField(Tag, limit_choices_to=~Q(word="old"))
"""


def test_a_dictionary_a_q_a_function_and_one_that_reads_other_tables(shop: Shop) -> None:
    made = shop(
        PARTIES
        + """
    class Sale(models.Model):
        seller = models.ForeignKey(
            Party, models.CASCADE, related_name="+", limit_choices_to={"kind": "seller"})
        buyer = models.ForeignKey(
            Party, models.CASCADE, related_name="+", limit_choices_to=those_of_today)
        witness = models.ForeignKey(
            Party, models.CASCADE, related_name="+", null=True, blank=True,
            limit_choices_to=Q(score__gt=500) | ~Q(kind="buyer"))
        german = models.ForeignKey(
            Party, models.CASCADE, related_name="+", limit_choices_to={"country__code": "DE"})
        red = models.ForeignKey(
            Party, models.CASCADE, related_name="+", limit_choices_to={"tags__word": "red"})
    """
    )

    made.succeeds(
        "db_seed", "--rows", "shop.Sale=400", "--rows", "shop.Party=60", "--rows", "shop.Tag=30"
    )

    assert made.python(FULL_CLEAN).stdout == "clean\n"
    links = made.sql(
        "SELECT t.word, COUNT(*) FROM shop_party_tags p JOIN shop_tag t ON t.id = p.tag_id "
        "GROUP BY t.word ORDER BY 1"
    )
    assert [word for word, _ in links] == ["blue", "red"]
    spread = made.sql("SELECT COUNT(DISTINCT seller_id), COUNT(DISTINCT red_id) FROM shop_sale")
    assert all(int(number) > 5 for number in spread[0])


def test_rows_for_each_parent_that_is_allowed_and_those_that_depend_on_them(shop: Shop) -> None:
    made = shop(
        PARTIES
        + """
    class Shelf(models.Model):
        owner = models.OneToOneField(
            Party, models.CASCADE, primary_key=True, limit_choices_to={"kind": "seller"})
    class Box(models.Model):
        shelf = models.ForeignKey(Shelf, models.CASCADE)
    class Order(models.Model):
        buyer = models.ForeignKey(Party, models.CASCADE, limit_choices_to={"kind": "buyer"})
    """
    )

    done = made.succeeds(
        *("db_seed", "--json", "--rows", "shop.Party=50", "--rows", "shop.Order=3/buyer"),
        *("--rows", "shop.Box=40", "--rows", "shop.Tag=5"),
    )

    assert made.python(FULL_CLEAN).stdout == "clean\n"
    buyers, sellers = (
        made.sql(f"SELECT COUNT(*) FROM shop_party WHERE kind = '{kind}'")[0][0]
        for kind in ("buyer", "seller")
    )
    rows = {one["model"]: one["rows"] for one in done.json["tables"]}
    assert rows["shop.Order"] == 3 * buyers
    assert rows["shop.Shelf"] == sellers
    each = made.sql("SELECT COUNT(*) FROM shop_order GROUP BY buyer_id")
    assert set(each) == {(3,)}
    made.succeeds("db_seed", "--reset")
    assert made.sql("SELECT COUNT(*) FROM shop_party") == [(0,)]


def test_a_tree_of_two_levels(shop: Shop) -> None:
    made = shop("""
        from django.db import models
        class Part(models.Model):
            name = models.CharField(max_length=20)
            parent = models.ForeignKey(
                "self", models.CASCADE, null=True, blank=True, limit_choices_to={"parent": None})
    """)

    made.succeeds("db_seed", "--rows", "shop.Part=25000")

    deeper = (
        "SELECT COUNT(*) FROM shop_part c JOIN shop_part p ON p.id = c.parent_id "
        "WHERE p.parent_id IS NOT NULL"
    )
    assert made.sql(deeper) == [(0,)]
    roots = made.sql("SELECT COUNT(*) FROM shop_part WHERE parent_id IS NULL")[0][0]
    assert 2000 < roots < 3000
    made.succeeds("db_seed", "--reset")


def test_a_circle_whose_key_is_limited(shop: Shop) -> None:
    made = shop("""
        from django.db import models
        class Team(models.Model):
            leader = models.OneToOneField(
                "Person", models.SET_NULL, null=True, blank=True, related_name="+",
                limit_choices_to={"grade__gte": 3})
        class Person(models.Model):
            grade = models.IntegerField(choices=[(1, "a"), (2, "b"), (3, "c")])
            team = models.ForeignKey(Team, models.CASCADE)
    """)

    made.succeeds("db_seed", "--rows", "shop.Team=50", "--rows", "shop.Person=60")

    assert made.python(FULL_CLEAN).stdout == "clean\n"
    led = made.sql("SELECT COUNT(leader_id) FROM shop_team")[0][0]
    assert led >= 5


def test_generic_keys_refer_to_the_content_types_that_are_allowed(shop: Shop) -> None:
    made = shop(
        """
        from django.contrib.contenttypes.fields import GenericForeignKey
        from django.contrib.contenttypes.models import ContentType
        from django.db import models
        class Post(models.Model):
            title = models.CharField(max_length=20)
        class Photo(models.Model):
            title = models.CharField(max_length=20)
        class Like(models.Model):
            kind = models.ForeignKey(
                ContentType, models.CASCADE, limit_choices_to={"model__in": ["photo"]})
            number = models.PositiveIntegerField()
            of = GenericForeignKey("kind", "number")
        """,
        contrib=("django.contrib.contenttypes",),
        settings='MIGRATION_MODULES["contenttypes"] = None\n',
    )

    made.succeeds(
        *("db_seed", "--rows", "shop.Post=20", "--rows", "shop.Photo=20", "--rows", "shop.Like=90")
    )

    assert made.sql(
        "SELECT DISTINCT model FROM shop_like l JOIN django_content_type t ON t.id = l.kind_id"
    ) == [("photo",)]
    assert made.sql("SELECT COUNT(*) FROM shop_like WHERE number > 20") == [(0,)]


NEVER = (
    PARTIES
    + """
    class Sale(models.Model):
        seller = models.ForeignKey(Party, models.CASCADE, limit_choices_to={"kind": "thief"})
    class Visit(models.Model):
        visitor = models.ForeignKey(
            Party, models.CASCADE, limit_choices_to={"country__code": "GB"})
"""
)


def test_where_no_parent_is_allowed_nothing_is_written(shop: Shop) -> None:
    made = shop(NEVER)

    refused = made.run("db_seed", "--rows", "shop.Sale=3", "--rows", "shop.Party=50")

    assert refused.code == 2
    assert refused.stderr.splitlines() == [
        "shop.Sale.seller needs a row of shop.Party that its limit_choices_to allows, and there is "
        "none.",
        "  Where: shop.Sale.seller",
        "  Now:   no row was written",
        '  Next:  say how such rows are made: [fields."shop.Party"] in a plan file, or '
        "shop/seeds.py",
    ]
    assert made.sql("SELECT COUNT(*) FROM shop_party") == [(0,)]
    made.write("plan.toml", '[fields."shop.Party"]\nkind = { shares = { thief = 1, buyer = 4 } }')
    made.succeeds(
        *("db_seed", "--plan", "plan.toml", "--rows", "shop.Sale=30", "--rows", "shop.Party=50")
    )
    assert made.sql(
        "SELECT DISTINCT kind FROM shop_sale s JOIN shop_party p ON p.id = s.seller_id"
    ) == [("thief",)]


def test_what_only_rows_that_are_there_can_tell_stops_at_that_table(shop: Shop) -> None:
    made = shop(NEVER)

    stopped = made.run("db_seed", "--rows", "shop.Visit=3", "--rows", "shop.Party=50")

    assert stopped.code == 1
    lines = stopped.stderr.splitlines()
    assert lines[0].startswith("shop.Visit.visitor needs a row of shop.Party that its limit_")
    assert lines[2] == "  Now:   the rows of the tables before are there, and remembered"
    assert made.sql("SELECT COUNT(*) FROM shop_party") == [(50,)]
    made.succeeds("db_seed", "--reset")
    assert made.sql("SELECT COUNT(*) FROM shop_party") == [(0,)]


def test_rows_that_are_there_already_are_asked_before(shop: Shop) -> None:
    made = shop(NEVER)
    made.sql("INSERT INTO shop_country (id, code) VALUES (1, 'DE'), (2, 'GB')")
    made.sql(
        "INSERT INTO shop_party (id, kind, active, score, country_id) VALUES "
        "(1, 'buyer', 1, 1, 1), (2, 'thief', 1, 1, 2), (3, 'thief', 1, 1, 1), "
        "(4, 'buyer', 1, 1, 2)"
    )

    made.succeeds("db_seed", "--rows", "shop.Sale=40", "--rows", "shop.Visit=40")

    assert made.sql("SELECT DISTINCT seller_id FROM shop_sale ORDER BY 1") == [(2,), (3,)]
    assert made.sql("SELECT DISTINCT visitor_id FROM shop_visit ORDER BY 1") == [(2,), (4,)]
