"""What cannot be made is told before a row is written, in four lines, with the model and field."""

from __future__ import annotations

import secrets
from collections.abc import Iterator

import pytest

from tests.scenario import Project, TestServer, new_project
from tests.seeding.conftest import NO_MIGRATIONS, Shop

MODELS = """
    from django.core.exceptions import ValidationError
    from django.db import models

    def never(value):
        raise ValidationError("no")

    class Flag(models.Model):
        on = models.BooleanField(unique=True)
        two = models.CharField(max_length=1)
    class User(models.Model):
        name = models.CharField(max_length=20)
    class Role(models.Model):
        name = models.CharField(max_length=20)
    class Holds(models.Model):
        user = models.ForeignKey(User, models.CASCADE)
        role = models.ForeignKey(Role, models.CASCADE)
        class Meta:
            unique_together = [("user", "role")]
    class Hen(models.Model):
        egg = models.ForeignKey("Egg", models.CASCADE, related_name="+")
    class Egg(models.Model):
        hen = models.ForeignKey(Hen, models.CASCADE, related_name="+")
    class Strange(models.Model):
        value = models.IntegerField(validators=[never])
    class Impossible(models.Model):
        a = models.IntegerField()
        class Meta:
            constraints = [models.CheckConstraint(
                condition=models.Q(a__gt=models.F("a")), name="never_so")]
    class Unread(models.Model):
        a = models.CharField(max_length=9)
        class Meta:
            constraints = [models.CheckConstraint(
                condition=models.Q(a__regex="^only this$"), name="only_this")]
"""


@pytest.fixture(scope="module")
def zoo(tmp_path_factory: pytest.TempPathFactory, server: TestServer) -> Iterator[Project]:
    """One for all tests here: nothing is written into it."""
    name = f"nf_{secrets.token_hex(5)}"
    made = new_project(
        tmp_path_factory.mktemp("zoo"),
        server,
        name,
        {"shop": {"models.py": MODELS}},
        settings=NO_MIGRATIONS,
    )
    made.succeeds("migrate", "--run-syncdb", "-v", "0")
    yield made
    server.drop_all(name)


CASES = [
    (
        ("shop.Flag=3",),
        "shop.Flag cannot have 3 rows: shop.Flag.on must be unique, and only 2 different values "
        "are possible.",
        "shop.Flag.on",
    ),
    (
        ("shop.User=2", "shop.Role=3", "shop.Holds=7"),
        "shop.Holds cannot have 7 rows: shop.Holds.role, shop.Holds.user must be unique together, "
        "and only 6 different values are possible.",
        "shop.Holds.role, shop.Holds.user",
    ),
    (
        ("shop.User=2", "shop.Role=3", "shop.Holds=4/user"),
        "shop.Holds cannot have 8 rows: shop.Holds.user, shop.Holds.role must be unique together, "
        "and only 6 different values are possible.",
        "shop.Holds.user, shop.Holds.role",
    ),
    (
        ("shop.Hen=3",),
        "No first row can be made: required foreign keys lead in a circle, shop.Egg.hen -> "
        "shop.Hen.egg -> shop.Egg.",
        "shop.Egg.hen, shop.Hen.egg",
    ),
    (
        ("shop.Strange=3",),
        "Nothing is known to make for shop.Strange.value (IntegerField) that its validators "
        "accept.",
        "shop.models.Strange",
    ),
    (
        ("shop.Impossible=3",),
        "No values were found that keep the constraint never_so of shop.Impossible.",
        "shop.Impossible.a",
    ),
    (
        ("shop.Holds=3", "shop.User=0"),
        "shop.Holds.user needs a row of shop.User, and there is none.",
        "shop.Holds.user",
    ),
    (("shop.Nobody=3",), "There is no model shop.Nobody with a table in this database.", "--rows"),
    (("shop.User=many",), "--rows shop.User=many is not understood.", ""),
    (("shop.User=3/boss",), "shop.User has no foreign key 'boss'.", "--rows shop.User=3/boss"),
    (("shop.User=3", "shop.user=4"), "--rows names shop.user twice.", ""),
]


@pytest.mark.parametrize(("rows", "what", "where"), CASES, ids=[what for _, what, _ in CASES])
def test_a_plan_that_cannot_be_satisfied(
    zoo: Project, rows: tuple[str, ...], what: str, where: str
) -> None:
    refused = zoo.run("db_seed", *(word for one in rows for word in ("--rows", one)))

    assert refused.code == 2, str(refused)
    lines = refused.stderr.splitlines()
    assert lines[0] == what
    if where:
        assert lines[1].startswith(f"  Where: {where}")
    assert "  Now:   no row was written" in lines
    assert lines[-1].startswith("  Next:  ")
    assert "nestflux_seed" not in zoo.tables()


def test_what_only_the_server_knows_stops_at_the_row(shop: Shop) -> None:
    zoo = shop(MODELS)
    stopped = zoo.run("db_seed", "--rows", "shop.Unread=3")

    assert stopped.code == 1
    assert "only_this" in stopped.stderr
    assert "Where: shop.Unread, rows 0 to 2" in stopped.stderr
    assert zoo.sql("SELECT COUNT(*) FROM shop_unread") == [(0,)]


PLANS = [
    ("rows = 3", "'rows' is 3."),
    ("rwos = {}", "The plan has an unknown key 'rwos'."),
    ("seed = -1", "The seed is -1."),
    ("generator = 2", "The plan is for generator 2, and this NestFlux has generator 1"),
    ("[rows", "The plan is no TOML"),
    ('[rows]\n"shop.User" = "x"', "The rows of shop.User are 'x'."),
    ('[fields."shop.User"]\nname = 3', "shop.User.name is 3."),
    ('[fields."shop.User"]\nname = {}', "shop.User.name is {}."),
    ('[fields."shop.User"]\nname = { txt = "a" }', "Shop.User.name has an unknown key 'txt'."),
    (
        '[fields."shop.User"]\nname = { values = [1], zipf = 1.0 }',
        "shop.User.name is made in two ways: values and zipf.",
    ),
    ('[fields."shop.User"]\nname = { values = [] }', "shop.User.name: values is []"),
    ('[fields."shop.User"]\nname = { nulls = 2 }', "shop.User.name: 2 is not a share"),
    ('[fields."shop.User"]\nname = { zipf = 0 }', "shop.User.name: zipf is 0"),
    ('[fields."shop.User"]\nname = { shares = { a = -1 } }', "shop.User.name: each weight"),
    ('[fields."shop.User"]\nnam = { value = 1 }', "The plan names a field 'nam' that shop.User"),
    ('[fields."shop.User"]\nname = { text = "poem" }', "There is no kind of text 'poem'."),
    ('[fields."shop.User"]\nname = { mimesis = "a.b" }', "Mimesis has no provider 'a.b'."),
    ('[fields."shop.Usr"]\nname = { value = 1 }', "The plan says how shop.Usr is made, and no"),
    ('[factories]\n"shop.User" = "shop.nothing.F"', "The factory 'shop.nothing.F' of shop.User"),
    (
        '[rows]\n"shop.Holds" = 2\n[fields."shop.Holds"]\nuser = { values = [1] }',
        "shop.Holds.user is a foreign key: its values are the keys of rows",
    ),
]


@pytest.mark.parametrize(("text", "what"), PLANS, ids=[what for _, what in PLANS])
def test_a_plan_file_that_is_wrong(zoo: Project, text: str, what: str) -> None:
    rows = () if "[rows" in text or text.startswith("rows") else ("--rows", "shop.User=2")
    zoo.write("plan.toml", text)

    refused = zoo.run("db_seed", "--plan", "plan.toml", *rows)

    assert refused.code == 2, str(refused)
    assert refused.stderr.startswith(what), refused.stderr
    assert "Traceback" not in refused.stderr
    assert "Where: plan.toml" in refused.stderr or "Mimesis" in what


def test_options_that_are_wrong(zoo: Project) -> None:
    for given, said in (
        (("--seed", "x"), "'x' is not a whole number"),
        (("--jobs", "0"), "'0' is not a number from 1 to 16"),
        (("--plan", "none.toml"), "The plan cannot be read"),
        (("--reset", "--append"), "--reset removes rows, and --append is for making some."),
        (("--locale", "xx", "--rows", "shop.User=1"), "Mimesis has no language 'xx'."),
    ):
        refused = zoo.run("db_seed", *given)
        assert (refused.code, said in refused.stderr) == (2, True), str(refused)


def test_a_table_that_is_not_there(shop: Shop) -> None:
    zoo = shop(MODELS)
    zoo.sql("DROP TABLE shop_flag")

    refused = zoo.run("db_seed", "--rows", "shop.Flag=1")

    assert refused.code == 2
    assert "shop_flag" in refused.stderr
    assert "db_migrate" in refused.stderr


def test_without_mimesis_only_what_needs_it_is_refused(shop: Shop) -> None:
    zoo = shop(MODELS)
    zoo.settings('MIGRATION_MODULES = {"shop": None}\nimport sys; sys.modules["mimesis"] = None')

    refused = zoo.run("db_seed", "--locale", "de", "--rows", "shop.User=1")

    assert refused.code == 2
    assert 'pip install "nestflux[seed]"' in refused.stderr
    zoo.succeeds("db_seed", "--rows", "shop.User=1")
