"""A way back is exact: the schema is the one before, to the last name, any number of times.

Random histories go back in ``tests/soak/test_ways_back.py``.
"""

from __future__ import annotations

from dataclasses import dataclass

import pytest
from django.db.backends.base.base import BaseDatabaseWrapper

from nestflux.history.sqlfile import Section
from nestflux.recording import exact_way_back
from nestflux.recording.capture import Recorded
from nestflux.schema.introspection import Schema
from nestflux.schema.objects import ObjectKey
from nestflux.schema.transform.changes import Change, ChangeKey, Phase
from tests.applying.dying import die_at
from tests.conftest import ProjectFactory
from tests.scenario import Project
from tests.scenarios.looking import schema_of

AUTHOR = """
    class Author(models.Model):
        name = models.CharField(max_length=40)
"""
POST = """
    class Post(models.Model):
        author = models.ForeignKey(Author, models.CASCADE)
        title = models.CharField(max_length=40)
"""
ROWS = (
    "INSERT INTO shop_author (id, name) VALUES (1, 'Ann'), (2, 'Ben')",
    "INSERT INTO shop_post (id, author_id, title) VALUES (1, 1, 'a'), (2, 2, 'b')",
)
ORG = """
    class Org(models.Model):
        name = models.CharField(max_length=40)


    class Plan(models.Model):
        org = models.ForeignKey(Org, models.CASCADE)
        title = models.CharField(max_length=40)
"""
SMALL = "id = models.AutoField(primary_key=True)"
UNIQUE = """
        class Meta:
            constraints = [models.UniqueConstraint(fields=["org", "title"], name="once")]
"""


@dataclass(frozen=True)
class Case:
    """The models of each file, the first of them with rows. ``by_hand``: statements of a migration
    behind the first, a file of its own, each with what undoes it."""

    models: tuple[str, ...]
    rows: tuple[str, ...] = ()
    by_hand: tuple[tuple[str, str], ...] = ()


KINDS = """
    class Kind(models.Model):
        name = models.CharField(max_length=20{0})
        text = models.TextField(null=True{0})
        size = models.BigIntegerField(null=True{0})
        price = models.DecimalField(max_digits=9, decimal_places=4, null=True{0})
        at = models.DateTimeField(null=True{0})
"""
BOX = """
    class Box(models.Model):
        name = models.CharField(max_length=20, null=True)
        size = models.IntegerField(null=True)
        authors = models.ManyToManyField(Author)


    class Crate(models.Model):
        size = models.IntegerField(null=True)
"""


def column(definition: str, django: str) -> tuple[str, str]:
    """A column of Kind that is made another one by hand, and back."""
    alter = "ALTER TABLE shop_kind MODIFY"
    return f"{alter} {definition}", f"{alter} {django}"


CASES = {
    "the type of a key": Case(
        (
            AUTHOR.replace("name", "id = models.AutoField(primary_key=True)\n        name", 1)
            + POST,
            AUTHOR + POST,
        ),
        ROWS,
    ),
    "a unique constraint that serves a foreign key": Case((ORG, ORG + UNIQUE)),
    "the same, removed later": Case((ORG, ORG + UNIQUE, ORG)),
    "unique_together over foreign keys": Case(
        (
            AUTHOR + POST + "        other = models.ForeignKey(Author, models.CASCADE, "
            'related_name="+")\n',
            AUTHOR + POST + "        other = models.ForeignKey(Author, models.CASCADE, "
            'related_name="+")\n\n        class Meta:\n'
            '            unique_together = [("author", "other"), ("other", "title")]\n',
        )
    ),
    "one-to-one to foreign key": Case(
        (AUTHOR + POST.replace("ForeignKey", "OneToOneField"), AUTHOR + POST), ROWS
    ),
    "foreign key to one-to-one": Case(
        (AUTHOR + POST, AUTHOR + POST.replace("ForeignKey", "OneToOneField")), ROWS
    ),
    "the collation of a key that others refer to": Case(
        (
            AUTHOR.replace(
                "name =",
                "code = models.CharField(max_length=9, primary_key=True, "
                'db_collation="utf8mb4_bin")\n        name =',
            )
            + POST,
            AUTHOR.replace(
                "name =",
                "code = models.CharField(max_length=9, primary_key=True, "
                'db_collation="utf8mb4_general_ci")\n        name =',
            )
            + POST,
        )
    ),
    "removed columns": Case(
        (
            AUTHOR + "        a = models.IntegerField(default=1)\n"
            "        b = models.CharField(max_length=9, default='x')\n"
            "        c = models.JSONField(default=dict)\n"
            "        d = models.PositiveIntegerField(null=True)\n"
            "        last = models.IntegerField(default=2)\n",
            AUTHOR + "        last = models.IntegerField(default=2)\n",
        ),
        ("INSERT INTO shop_author (id, name, a, b, c, last) VALUES (1, 'Ann', 1, 'x', '{}', 2)",),
    ),
    "a removed foreign key": Case(
        (
            AUTHOR + POST,
            AUTHOR
            + POST.replace("author = models.ForeignKey(Author, models.CASCADE)\n        ", ""),
        )
    ),
    "to_field that becomes longer": Case(
        (
            AUTHOR.replace("max_length=40", "max_length=20, unique=True")
            + POST.replace("models.CASCADE", 'models.CASCADE, to_field="name"'),
            AUTHOR.replace("max_length=40", "max_length=60, unique=True")
            + POST.replace("models.CASCADE", 'models.CASCADE, to_field="name"'),
        )
    ),
    "a foreign key that becomes a number": Case(
        (
            AUTHOR + POST,
            AUTHOR
            + POST.replace(
                "author = models.ForeignKey(Author, models.CASCADE)",
                "number = models.BigIntegerField(default=0)",
            ),
        )
    ),
    "a check and a positive number": Case(
        (
            AUTHOR + "        age = models.PositiveIntegerField(default=1)\n",
            AUTHOR + "        age = models.IntegerField(default=1)\n",
        )
    ),
    "indexes": Case(
        (
            AUTHOR + "        age = models.IntegerField(db_index=True)\n",
            AUTHOR + "        age = models.IntegerField()\n\n        class Meta:\n"
            '            indexes = [models.Index(fields=["age", "name"], name="by_age")]\n',
        )
    ),
    "comments, defaults and NULL": Case(
        (
            AUTHOR + "        age = models.IntegerField(null=True, db_comment='in years')\n",
            AUTHOR + "        age = models.IntegerField(default=3, db_default=3)\n",
        ),
        ("INSERT INTO shop_author (id, name, age) VALUES (1, 'Ann', NULL)",),
    ),
    "columns that a person made narrower": Case(
        (KINDS.format(""), KINDS.format(', db_comment="x"')),
        ("INSERT INTO shop_kind (name, price) VALUES ('Ann', 1.5)",),
        (
            column("name varchar(12) CHARACTER SET latin1 NOT NULL", "name varchar(20) NOT NULL"),
            column("text varchar(30) NULL", "text longtext NULL"),
            column("size int unsigned NULL", "size bigint NULL"),
            column("price decimal(9, 2) NULL", "price decimal(9, 4) NULL"),
            column("at datetime NULL", "at datetime(6) NULL"),
        ),
    ),
    "what a person made of tables that are removed": Case(
        (AUTHOR + BOX, AUTHOR),
        (),
        (
            (
                "ALTER TABLE shop_box RENAME COLUMN size TO width",
                "ALTER TABLE shop_box RENAME COLUMN width TO size",
            ),
            ("ALTER TABLE shop_box ADD INDEX wide (width)", "ALTER TABLE shop_box DROP INDEX wide"),
            (
                "ALTER TABLE shop_box_authors DROP COLUMN id, ADD PRIMARY KEY (box_id, author_id)",
                "ALTER TABLE shop_box_authors DROP PRIMARY KEY, "
                "ADD COLUMN id bigint AUTO_INCREMENT PRIMARY KEY FIRST",
            ),
            (
                "ALTER TABLE shop_crate PARTITION BY HASH (id) PARTITIONS 3",
                "ALTER TABLE shop_crate REMOVE PARTITIONING",
            ),
            (
                "CREATE TRIGGER shout BEFORE INSERT ON shop_box FOR EACH ROW SET NEW.width = 1",
                "DROP TRIGGER shout",
            ),
        ),
    ),
}
BY_HAND = """
    from django.db import migrations


    class Migration(migrations.Migration):
        dependencies = [("shop", "0001_initial")]
        operations = [migrations.RunSQL(*both) for both in {}]
"""


def record(project: ProjectFactory, case: Case) -> Project:
    shop = project({"shop": {}})
    for number, models in enumerate(case.models, start=1):
        shop.write("shop/models.py", f"from django.db import models\n\n{_dedented(models)}")
        shop.succeeds("db_generate", "--name", f"step{number}", "--noinput")
        if number == 1 and case.by_hand:
            shop.write("shop/migrations/0002_by_hand.py", BY_HAND.format(case.by_hand))
            shop.succeeds("db_generate", "--name", "by_hand")
    return shop


def _dedented(text: str) -> str:
    return "\n".join(line.removeprefix("    ") for line in text.splitlines()) + "\n"


@pytest.mark.parametrize("name", CASES)
def test_the_schema_is_the_one_before_any_number_of_times(
    project: ProjectFactory, name: str
) -> None:
    case = CASES[name]
    shop = record(project, case)
    names = [
        path.name.removesuffix(".down.sql") for path in sorted(shop.history.glob("*.down.sql"))
    ]
    downs = [path.read_text() for path in sorted(shop.history.glob("*.down.sql"))]
    assert [line for text in downs for line in text.splitlines() if "INEXACT" in line] == []

    shop.succeeds("db_migrate", "--replay", "--to", names[0])
    for row in case.rows:
        shop.sql(row)
    schemas = [schema_of(shop)]
    for file in names[1:]:
        shop.succeeds("db_migrate", "--to", file, "--no-backup")
        schemas.append(schema_of(shop))
    for _ in range(2):
        for schema in reversed(schemas[:-1]):
            shop.succeeds("db_rollback", "--yes", "--no-backup")
            assert schema_of(shop) == schema
        for file, schema in zip(names[1:], schemas[1:], strict=True):
            shop.succeeds("db_migrate", "--to", file, "--no-backup")
            assert schema_of(shop) == schema
    shop.succeeds("db_rollback", "--to", "zero", "--yes", "--no-backup")
    shop.succeeds("db_migrate", "--no-backup")
    assert schema_of(shop) == schemas[-1]
    shop.succeeds("db_check")


@pytest.mark.parametrize("name", CASES)
def test_a_file_that_died_at_any_step_goes_back_exactly(project: ProjectFactory, name: str) -> None:
    case = CASES[name]
    shop = record(project, case)
    names = sorted(path.name.removesuffix(".down.sql") for path in shop.history.glob("*.down.sql"))
    first, second = names[:2]
    shop.succeeds("db_migrate", "--replay", "--to", first)
    for row in case.rows:
        shop.sql(row)
    before = schema_of(shop)
    steps = (shop.history / f"{second}.sql").read_text().count("\n-- [")
    exact, said = 0, []
    for ordinal in range(1, steps + 1):
        for after in (False, True):
            die_at(shop, ordinal, after=after, file=second, options="backup=NOT_ASKED")
            back = shop.run("db_rollback", "--yes", "--no-backup")
            exact += back.code == 0
            said.append(back.stderr)
            if back.code:  # the operation came half-way, and no step of the file takes it back
                shop.succeeds("db_migrate", "--to", second, "--no-backup")
                shop.succeeds("db_rollback", "--yes", "--no-backup")
            assert schema_of(shop) == before
    assert exact >= steps, said


@pytest.mark.parametrize("works", [True, False])
def test_a_refused_statement_leaves_no_file_with_the_checks_off(
    scratch: BaseDatabaseWrapper, monkeypatch: pytest.MonkeyPatch, works: bool
) -> None:
    """What the server refuses is left out, and the SETs around it are still a pair."""
    key = ObjectKey("table", "made")
    sqls = ["CREATE TABLE made (id int)"] if works else []
    changes = [
        Change(ChangeKey(key, sql), Phase.REMAKE_FOREIGN_KEY, sql, (key,), unchecked=True)
        for sql in (*sqls, "ALTER TABLE nowhere DROP FOREIGN KEY k", "CREATE TABLE late (id int)")
    ]
    monkeypatch.setattr(exact_way_back, "_changes", lambda *given: changes)
    family = "mariadb" if scratch.mysql_is_mariadb else "mysql"  # type: ignore[attr-defined]
    last = Recorded(Section("shop.0001_initial"))

    recorded, _ = exact_way_back.complete(
        scratch, family, [last], Schema({ObjectKey("table", "wanted"): "x"}, {}), Schema({}, {})
    )

    off, on = "SET foreign_key_checks = 0", "SET foreign_key_checks = 1"
    first = [item.sql for item in recorded[0].section.completing][:3]
    assert first == ([off, *sqls, on] if works else [])
    with scratch.cursor() as cursor:
        cursor.execute("SELECT @@foreign_key_checks")
        assert cursor.fetchone() == (1,)
