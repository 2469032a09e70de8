"""``db_seed`` as a person uses it: options, plans, output, other languages, rows that are added."""

from __future__ import annotations

import json
from textwrap import dedent

import pytest

from nestflux.seeding.draws import GENERATOR
from tests.scenario import Project
from tests.seeding.conftest import Shop

MODELS = """
    from django.db import models
    class Author(models.Model):
        name = models.CharField(max_length=60)
        city = models.CharField(max_length=60)
    class Post(models.Model):
        author = models.ForeignKey(Author, models.CASCADE)
        slug = models.SlugField(unique=True)
        state = models.CharField(max_length=5, choices=[("draft", "Draft"), ("live", "Live")])
        rating = models.IntegerField(null=True)
        sent_at = models.DateTimeField(null=True)
        day = models.DateField()
        note = models.CharField(max_length=40)
"""


@pytest.fixture
def blog(shop: Shop) -> Project:
    return shop(MODELS)


def test_a_dry_run_shows_the_plan_and_writes_nothing(blog: Project) -> None:
    shown = blog.succeeds("db_seed", "--dry-run", "--rows", "shop.Post=2/author", "--seed", "9")

    assert shown.stdout == (
        f"Seed 9, generator {GENERATOR}. Nothing was written.\n"
        "  shop.Author  100\n"
        "  shop.Post    200\n"
    )
    assert blog.tables() == ["shop_author", "shop_post"]


def test_json_of_a_plan_a_run_and_a_reset(blog: Project) -> None:
    rows = ("--rows", "shop.Author=3")
    planned = blog.succeeds("db_seed", "--dry-run", "--json", *rows).json
    made = blog.succeeds("db_seed", "--json", *rows).json
    removed = blog.succeeds("db_seed", "--reset", "--json").json

    assert planned == {
        "database": "default",
        "seed": 0,
        "generator": GENERATOR,
        "rows": 3,
        "tables": [
            {
                "model": "shop.Author",
                "table": "shop_author",
                "rows": 3,
                "first_row": 0,
                "second_pass": [],
            }
        ],
    }
    assert {key: made[key] for key in planned} == planned
    assert removed == {"removed": [{"model": "shop.Author", "rows": 3, "gone": 0}]}
    refused = blog.run("db_seed", "--rows", "shop.No=1", "--json")
    assert json.loads(refused.stdout)["error"]["kind"] == "CannotSeed"


def test_a_terminal_shows_how_far_it_is(blog: Project) -> None:
    shown = blog.on_a_terminal("db_seed", "--rows", "shop.Author=30000", kind="xterm", columns=100)

    assert shown.code == 0
    assert "shop.Author" in shown.stdout
    assert "30000/30000" in shown.stdout
    assert "✓ Made 30,000 rows in 1 table" in shown.stdout


def test_a_plan_file(blog: Project) -> None:
    blog.write(
        "plan.toml",
        """
        seed = 3
        generator = 1
        [rows]
        "shop.Author" = 20
        "shop.Post" = "100/author"
        [fields."shop.Post"]
        state = { shares = { draft = 1, live = 3 }, nulls = 0 }
        rating = { min = 4, max = 6, nulls = 0.5 }
        sent_at = { min = 2025-01-01, max = 2025-01-03 }
        day = { min = 2025-01-01, max = 2025-01-11 }
        note = { mimesis = "finance.company" }
        [fields."shop.Author"]
        name = { value = "Ann" }
        city = { text = "country" }
        """,
    )

    shown = blog.succeeds("db_seed", "--plan", "plan.toml", "--rows", "shop.Author=10")

    assert "(seed 3, generator 1" in shown.stdout
    (found,) = blog.sql(
        "SELECT COUNT(*), SUM(state = 'live'), SUM(rating IS NULL), MIN(rating), MAX(rating), "
        "CAST(MIN(sent_at) AS CHAR(10)), CAST(MAX(sent_at) AS CHAR(10)), MIN(day), MAX(day), "
        "COUNT(DISTINCT note) > 50 FROM shop_post"
    )
    total, live, nulls, low, high, first, last, *days, varied = found
    assert (total, low, high, first, last, varied) == (1000, 4, 6, "2025-01-01", "2025-01-02", 1)
    assert [str(day) for day in days] == ["2025-01-01", "2025-01-10"]
    assert 700 < live < 800
    assert 430 < nulls < 570
    assert blog.sql("SELECT DISTINCT name FROM shop_author") == [("Ann",)]


def test_a_spread_in_a_plan_file_and_a_factory(shop: Shop) -> None:
    factories = """
        import factory
        from shop.models import Author

        class AuthorFactory(factory.django.DjangoModelFactory):
            class Meta:
                model = Author
            name = factory.Sequence(lambda n: f"Author {n}")
    """
    made = shop(MODELS, {"factories.py": dedent(factories)})
    made.write(
        "plan.toml",
        """
        [rows]
        "shop.Author" = 60
        "shop.Post" = 3000
        [fields."shop.Post"]
        author = { zipf = 1.2 }
        [factories]
        "shop.Author" = "shop.factories.AuthorFactory"
        """,
    )

    made.succeeds("db_seed", "--plan", "plan.toml")

    assert made.sql("SELECT name FROM shop_author ORDER BY id LIMIT 1") == [("Author 0",)]
    counts = made.sql("SELECT COUNT(*) n FROM shop_post GROUP BY author_id ORDER BY n DESC")
    assert counts[0][0] > 10 * counts[len(counts) // 2][0]


def test_another_language(blog: Project) -> None:
    blog.succeeds("db_seed", "--rows", "shop.Author=200", "--locale", "ja", "--seed", "1")

    names = "".join(name for (name,) in blog.sql("SELECT name FROM shop_author"))
    assert any("\u3040" <= letter <= "\u9fff" for letter in names)


def test_values_that_are_there_already_are_made_again(blog: Project) -> None:
    """Rows of somebody else may have a value that the seed would give."""
    rows = ("--rows", "shop.Author=5", "--rows", "shop.Post=2000")
    blog.succeeds("db_seed", *rows)
    taken = blog.sql("SELECT slug FROM shop_post ORDER BY id LIMIT 1000, 3")
    blog.succeeds("db_seed", "--reset")
    blog.succeeds("db_seed", "--rows", "shop.Author=5")
    for (slug,) in taken:
        blog.sql(
            "INSERT INTO shop_post (author_id, slug, state, day, note) "
            "VALUES (1, %s, 'live', '2025-01-01', '')",
            [slug],
        )

    blog.succeeds("db_seed", "--rows", "shop.Post=2000", "--append")

    assert blog.sql("SELECT COUNT(*), COUNT(DISTINCT slug) FROM shop_post") == [(2003, 2003)]


def test_expressions_in_a_unique_key(shop: Shop, family: str) -> None:
    made = shop("""
        from django.db import models
        from django.db.models.functions import Lower
        class Name(models.Model):
            given = models.CharField(max_length=20)
            kind = models.CharField(max_length=1, choices=[("a", "A"), ("b", "B")])
            main = models.BooleanField()
            class Meta:
                constraints = [
                    models.UniqueConstraint(Lower("given"), "kind", name="given_once"),
                    models.UniqueConstraint(
                        fields=["kind"], condition=models.Q(main=True), name="one_main"),
                ]
    """)

    made.succeeds("db_seed", "--rows", "shop.Name=1500")

    (found,) = made.sql("SELECT COUNT(*), COUNT(DISTINCT LOWER(given), kind) FROM shop_name")
    assert found[0] == 1500
    if family == "mysql":  # MariaDB has no such keys, and Django makes none there
        assert found[1] == 1500


def test_a_generic_relation_in_a_unique_key(shop: Shop) -> None:
    made = shop(
        """
        from django.contrib.contenttypes.fields import GenericForeignKey
        from django.contrib.contenttypes.models import ContentType
        from django.db import models
        class Tag(models.Model):
            name = models.CharField(max_length=20)
        class Post(models.Model):
            title = models.CharField(max_length=20)
        class Tagged(models.Model):
            tag = models.ForeignKey(Tag, models.CASCADE)
            content_type = models.ForeignKey(ContentType, models.CASCADE)
            object_id = models.CharField(max_length=40)
            about = GenericForeignKey()
            class Meta:
                unique_together = [("tag", "content_type", "object_id")]
        """,
        contrib=("django.contrib.contenttypes",),
        settings='MIGRATION_MODULES["contenttypes"] = None\n',
    )
    rows = ("shop.Tag=4", "shop.Post=6", "shop.Tagged=40")

    made.succeeds("db_seed", *(word for one in rows for word in ("--rows", one)))

    assert made.sql("SELECT COUNT(*) FROM shop_tagged") == [(40,)]
    found = made.python("""
        from shop.models import Tagged
        print(all(one.about is not None for one in Tagged.objects.all()))
    """)
    assert found.stdout == "True\n"


def test_triggers_have_their_say(shop: Shop) -> None:
    made = shop("""
        from django.db import models
        class Thing(models.Model):
            number = models.IntegerField()
    """)
    made.sql(
        "CREATE TRIGGER small BEFORE INSERT ON shop_thing FOR EACH ROW "
        "IF NEW.number > 500 THEN SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'too large'; END IF"
    )

    made.succeeds("db_seed", "--rows", "shop.Thing=300")

    assert made.sql("SELECT COUNT(*), MAX(number) <= 500 FROM shop_thing") == [(300, 1)]


def test_rows_of_a_second_run_go_on_behind_the_first(shop: Shop) -> None:
    """Whatever must differ differs from the rows before, too, without the server's answer."""
    made = shop("""
        from django.db import models
        class Author(models.Model):
            number = models.IntegerField(primary_key=True)
            code = models.CharField(max_length=30, unique=True)
        class Cover(models.Model):
            author = models.OneToOneField(Author, models.CASCADE)
            row = models.SmallIntegerField(choices=[(n, str(n)) for n in range(30)])
            side = models.CharField(max_length=1, choices=[(c, c) for c in "abcdefghij"])
            class Meta:
                unique_together = [("row", "side")]
    """)
    rows = ("--rows", "shop.Author=150", "--rows", "shop.Cover=150")

    made.succeeds("db_seed", *rows)
    made.succeeds("db_seed", *rows, "--append")

    assert made.sql("SELECT MIN(number), MAX(number), COUNT(*) FROM shop_author") == [(1, 300, 300)]
    assert made.sql("SELECT COUNT(*), COUNT(DISTINCT `row`, side) FROM shop_cover") == [(300, 300)]
    over = made.run("db_seed", *rows, "--append")
    assert "only 0 different values are possible" in over.stderr
    made.succeeds("db_seed", "--reset")
    assert made.sql("SELECT COUNT(*) FROM shop_author") == [(0,)]


def test_rows_for_each_parent_are_exact_also_where_the_key_may_be_null(shop: Shop) -> None:
    made = shop("""
        from django.db import models
        class Author(models.Model):
            name = models.CharField(max_length=9)
        class Post(models.Model):
            author = models.ForeignKey(Author, models.CASCADE, null=True)
            editor = models.ForeignKey(Author, models.CASCADE, null=True, related_name="+")
    """)
    made.write("plan.toml", '[fields."shop.Post"]\neditor = { nulls = 0.8 }\n')

    made.succeeds(
        "db_seed", "--plan", "plan.toml", "--rows", "shop.Author=50", "--rows", "shop.Post=4/author"
    )

    counts = made.sql("SELECT author_id, COUNT(*) FROM shop_post GROUP BY author_id")
    assert [count for _, count in counts] == [4] * 50
    (nulls,) = made.sql("SELECT SUM(editor_id IS NULL) FROM shop_post")[0]
    assert 140 < nulls < 180


def test_a_plan_that_is_written_makes_the_same_rows(blog: Project) -> None:
    asked = ("--rows", "shop.Post=2_000/author", "--rows", "shop.author=3", "--seed", "9")
    wrote = blog.succeeds("db_seed", *asked, "--write-plan", "plan.toml")

    assert wrote.stdout == (
        "✓ Wrote plan.toml\nEdit it, then: python manage.py db_seed --plan plan.toml\n"
    )
    assert (blog.path / "plan.toml").read_text(encoding="utf-8") == dedent(f"""\
        # python manage.py db_seed --plan plan.toml
        seed = 9
        generator = {GENERATOR}

        [rows]
        "shop.Author" = 3
        "shop.Post" = "2,000/author"

        # [fields."shop.Post"]
        # author = {{ zipf = 1.0 }}
        # state = {{ shares = {{ "draft" = 1, "live" = 1 }} }}
    """)
    planned = blog.succeeds("db_seed", "--plan", "plan.toml", "--dry-run", "--json").json
    assert planned == blog.succeeds("db_seed", *asked, "--dry-run", "--json").json
    assert "nestflux_seed" not in blog.tables()
    blog.succeeds("db_seed", *asked)
    first = blog.sql("SELECT * FROM shop_post ORDER BY id")
    blog.succeeds("db_seed", "--reset")
    blog.sql("ALTER TABLE shop_author AUTO_INCREMENT = 1")
    blog.succeeds("db_seed", "--plan", "plan.toml")
    assert blog.sql("SELECT * FROM shop_post ORDER BY id") == first


def test_a_written_plan_lists_every_model_and_its_lines_can_be_uncommented(shop: Shop) -> None:
    made = shop("""
        from django.db import models
        class Tag(models.Model):
            size = models.IntegerField(choices=[(1, "S"), (2, "L")])
        class Place(models.Model):
            kind = models.CharField(max_length=5, choices=[('a"b', "A"), ("é", "E")])
            tags = models.ManyToManyField(Tag)
        class Inn(Place):
            owner = models.ForeignKey("Owner", models.CASCADE)
        class Owner(models.Model):
            name = models.CharField(max_length=20)
    """)
    made.sql("INSERT INTO shop_tag (size) VALUES (1)")  # tables with rows are no hindrance

    made.succeeds("db_seed", "--write-plan", "all.toml")
    made.succeeds("db_seed", "--rows", "shop.Inn=7", "--write-plan", "inns.toml")

    text = (made.path / "all.toml").read_text(encoding="utf-8")
    assert text.endswith(
        dedent("""
        [rows]
        # As long as no line here is uncommented, each model gets its number.
        # "shop.Inn" = 100
        # "shop.Owner" = 100
        # "shop.Place" = 100
        # "shop.Place_tags" = 400
        # "shop.Tag" = 100

        # [fields."shop.Inn"]
        # owner = { zipf = 1.0 }

        # [fields."shop.Place"]
        # kind = { shares = { "a\\"b" = 1, "é" = 1 } }
        """)
    )
    inns = (made.path / "inns.toml").read_text(encoding="utf-8")
    assert '"shop.Inn" = 7\n# "shop.Owner" = 100   # comes along\n# "shop.Place" = 100' in inns
    assert '# "shop.Tag" = 100\n' in inns
    made.write("all.toml", "\n".join(line.removeprefix("# ") for line in text.splitlines()[1:]))
    made.edit("all.toml", "As long as", "# As long as")
    made.succeeds("db_seed", "--plan", "all.toml", "--append")
    assert made.sql("SELECT COUNT(*) FROM shop_place") == [(200,)]


def test_where_no_plan_can_be_written(blog: Project) -> None:
    blog.write("there.toml", "seed = 1\n")
    for given, said in (
        (("--write-plan", "there.toml"), "There is a file of that name, and it stays as it is."),
        (("--write-plan", "no/plan.toml"), "The plan cannot be written: No such file or directory"),
        (
            ("--write-plan", "x.toml", "--plan", "there.toml"),
            "--write-plan x.toml makes a plan, and --plan there.toml is one.",
        ),
        (("--write-plan", "x.toml", "--reset"), "--reset removes rows, and --write-plan is for"),
    ):
        refused = blog.run("db_seed", *given)
        assert (refused.code, said in refused.stderr) == (2, True), str(refused)
    assert (blog.path / "there.toml").read_text(encoding="utf-8") == "seed = 1\n"


VALIDATING = """
    from django.core.exceptions import ValidationError
    from django.db import models
    class Order(models.Model):
        total = models.IntegerField()
        paid = models.IntegerField(null=True)
        def clean(self):
            if self.total >= 0:
                raise ValidationError({"total": "No order is free."})
    class Trip(models.Model):
        starts = models.DateField()
        ends = models.DateField()
        def clean(self):
            raise ValidationError("A trip has to end.")
    class Odd(models.Model):
        name = models.CharField(max_length=9)
        def clean(self):
            self.nothing
    class Fine(models.Model):
        name = models.CharField(max_length=9, null=True)
"""


def test_what_the_models_own_validation_says_of_the_first_rows(shop: Shop) -> None:
    made = shop(VALIDATING)

    done = made.succeeds("db_seed", "--rows", "shop.Order=20", "--rows", "shop.Fine=9")
    more = made.succeeds("db_seed", "--json", "--rows", "shop.Trip=3", "--rows", "shop.Odd=2").json

    assert done.stderr == (
        "Warning: shop.Order.total: 10 of the first 10 rows do not pass full_clean(): No order is "
        "free.\n"
    )
    assert made.sql("SELECT COUNT(*) FROM shop_order") == [(20,)]
    assert more["invalid"] == [
        {
            "model": "shop.Trip",
            "field": "",
            "message": "A trip has to end.",
            "rows": 3,
            "of": 3,
        },
        {
            "model": "shop.Odd",
            "field": "",
            "message": "AttributeError: 'Odd' object has no attribute 'nothing'",
            "rows": 2,
            "of": 2,
        },
    ]
