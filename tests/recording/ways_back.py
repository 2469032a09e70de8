"""Typical changes of models, by which ways back are tested."""

from __future__ import annotations

from dataclasses import dataclass

from tests.conftest import ProjectFactory
from tests.scenario import Project

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
    """The models of each file, the first of them with rows. ``migration`` is what the second one
    holds, where Django would not write it by itself. ``by_hand``: statements of a file of its own
    behind the first, each with what undoes it."""

    models: tuple[str, ...]
    rows: tuple[str, ...] = ()
    migration: str = ""
    by_hand: tuple[tuple[str, str], ...] = ()


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
}


_HEAD = """
    import django.db.models.deletion
    from django.db import migrations, models


    def fill(apps, schema_editor):
        apps.get_model("shop", "Post").objects.update(slug="filled")


    def clear(apps, schema_editor):
        apps.get_model("shop", "Post").objects.update(slug="")


    class Migration(migrations.Migration):
        dependencies = [("shop", "0001_initial")]
        operations = [
"""
_TAIL = "        ]\n"
TAGGED = """
    class Tag(models.Model):
        parent = models.ForeignKey("self", models.CASCADE, null=True)
        related = models.ManyToManyField("self")


    class Item(models.Model):
        tags = models.ManyToManyField(Tag)
"""
SLUGGED = """
    class Post(models.Model):
        title = models.CharField(max_length=40)
        slug = models.CharField(max_length=40, default="")
"""
CODED = """
    class Author(models.Model):
        code = models.CharField(max_length=20, unique=True)


    class Post(models.Model):
        author = models.ForeignKey(Author, models.CASCADE, to_field="code")
"""
LINKED = """
    class Tag(models.Model):
        name = models.CharField(max_length=40)


    class Item(models.Model):
        tags = models.ManyToManyField(Tag)
"""
TAGGING = """

    class Tagging(models.Model):
        item = models.ForeignKey(Item, models.CASCADE)
        tag = models.ForeignKey(Tag, models.CASCADE)
        at = models.DateField(null=True)

        class Meta:
            constraints = [models.UniqueConstraint(fields=["item", "tag"], name="once")]
"""
THROUGH = LINKED.replace("(Tag)", '(Tag, through="Tagging")') + TAGGING
LINKS = (
    "INSERT INTO shop_tag (id, name) VALUES (1, 'a'), (2, 'b')",
    "INSERT INTO shop_item (id) VALUES (1)",
    "INSERT INTO shop_item_tags (id, item_id, tag_id) VALUES (1, 1, 2)",
)
# Those that Django's autodetector does not write without asking.
BY_HAND = {
    "a model with keys to itself and many-to-many under another name": Case(
        (TAGGED, TAGGED.replace("Tag", "Label")),
        (
            "INSERT INTO shop_tag (id, parent_id) VALUES (1, NULL), (2, 1)",
            "INSERT INTO shop_tag_related (id, from_tag_id, to_tag_id) VALUES (1, 1, 2)",
            "INSERT INTO shop_item (id) VALUES (1)",
            "INSERT INTO shop_item_tags (id, item_id, tag_id) VALUES (1, 1, 2)",
        ),
        f"{_HEAD}            migrations.RenameModel('Tag', 'Label'),\n{_TAIL}",
    ),
    # As Django's documentation has it: the table stays, under another name.
    "many-to-many gets a model of its own, with its rows": Case(
        (LINKED, THROUGH),
        LINKS,
        f"{_HEAD}"
        "            migrations.SeparateDatabaseAndState([migrations.RunSQL(\n"
        "                'ALTER TABLE shop_item_tags RENAME TO shop_tagging',\n"
        "                'ALTER TABLE shop_tagging RENAME TO shop_item_tags',\n"
        "            )], [\n"
        "                migrations.CreateModel('Tagging', [\n"
        "                    ('id', models.BigAutoField(primary_key=True)),\n"
        "                    ('item', models.ForeignKey('shop.Item', models.CASCADE)),\n"
        "                    ('tag', models.ForeignKey('shop.Tag', models.CASCADE)),\n"
        "                ]),\n"
        "                migrations.AlterField('item', 'tags', models.ManyToManyField("
        "'shop.Tag', through='shop.Tagging')),\n"
        "            ]),\n"
        "            migrations.AddField('tagging', 'at', models.DateField(null=True)),\n"
        "            migrations.AddConstraint('tagging', models.UniqueConstraint("
        "fields=['item', 'tag'], name='once')),\n"
        f"{_TAIL}",
    ),
    "many-to-many is made anew, through a model": Case(
        (LINKED, THROUGH),
        LINKS,
        f"{_HEAD}"
        "            migrations.RemoveField('item', 'tags'),\n"
        "            migrations.CreateModel('Tagging', [\n"
        "                ('id', models.BigAutoField(primary_key=True)),\n"
        "                ('item', models.ForeignKey('shop.Item', models.CASCADE)),\n"
        "                ('tag', models.ForeignKey('shop.Tag', models.CASCADE)),\n"
        "                ('at', models.DateField(null=True)),\n"
        "            ]),\n"
        "            migrations.AddConstraint('tagging', models.UniqueConstraint("
        "fields=['item', 'tag'], name='once')),\n"
        "            migrations.AddField('item', 'tags', models.ManyToManyField("
        "'shop.Tag', through='shop.Tagging')),\n"
        f"{_TAIL}",
    ),
    "a column removed beside one that gets another name": Case(
        (
            "    class Item(models.Model):\n"
            + "".join(f"        {name} = models.IntegerField(default=1)\n" for name in "abcd"),
            "    class Item(models.Model):\n"
            + "".join(f"        {name} = models.IntegerField(default=1)\n" for name in "zy"),
        ),
        ("INSERT INTO shop_item (id, a, b, c, d) VALUES (1, 1, 2, 3, 4)",),
        f"{_HEAD}"
        "            migrations.RemoveField('item', 'b'),\n"
        "            migrations.RemoveField('item', 'd'),\n"
        "            migrations.RenameField('item', 'a', 'z'),\n"
        "            migrations.RenameField('item', 'c', 'y'),\n"
        f"{_TAIL}",
    ),
    "rows that are filled, then a removed foreign key": Case(
        (AUTHOR + POST, AUTHOR + SLUGGED),
        ROWS,
        f"{_HEAD}"
        "            migrations.AddField('post', 'slug', "
        "models.CharField(max_length=40, default='')),\n"
        "            migrations.RunPython(fill, clear),\n"
        "            migrations.RemoveField('post', 'author'),\n"
        f"{_TAIL}",
    ),
    "a column that others refer to, under another name and longer": Case(
        (CODED, CODED.replace("code", "handle").replace("=20", "=30")),
        (
            "INSERT INTO shop_author (id, code) VALUES (1, 'ann'), (2, 'ben')",
            "INSERT INTO shop_post (id, author_id) VALUES (1, 'ann')",
        ),
        f"{_HEAD}"
        "            migrations.RenameField('author', 'code', 'handle'),\n"
        "            migrations.AlterField('author', 'handle', "
        "models.CharField(max_length=30, unique=True)),\n"
        f"{_TAIL}",
    ),
}


# What a person did to the tables in between, in a file of its own.
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


ALTERED = {
    "columns that a person made narrower": Case(
        (KINDS.format(""), KINDS.format(', db_comment="x"')),
        ("INSERT INTO shop_kind (name, price) VALUES ('Ann', 1.5)",),
        by_hand=(
            column("name varchar(12) CHARACTER SET latin1 NOT NULL", "name varchar(20) NOT NULL"),
            column("text varchar(30) NULL", "text longtext NULL"),
            column("size int unsigned NULL", "size bigint NULL"),
            column("price decimal(9, 2) NULL", "price decimal(9, 4) NULL"),
            column("at datetime NULL", "at datetime(6) NULL"),
        ),
    ),
    "what a person made of tables that are removed": Case(
        (AUTHOR + BOX, AUTHOR),
        by_hand=(
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
_ALTERING = """
    from django.db import migrations


    class Migration(migrations.Migration):
        dependencies = [("shop", "0001_initial")]
        operations = [migrations.RunSQL(*both) for both in {}]
"""


def record(project: ProjectFactory, case: Case) -> Project:
    shop = project({"shop": {}})
    for number, models in enumerate(case.models, start=1):
        if number == 2 and case.migration:
            shop.write("shop/migrations/0002_by_hand.py", case.migration)
        shop.write("shop/models.py", f"from django.db import models\n\n{_dedented(models)}")
        shop.succeeds("db_generate", "--name", f"step{number}", "--noinput")
        if number == 1 and case.by_hand:
            shop.write("shop/migrations/0002_by_hand.py", _ALTERING.format(case.by_hand))
            shop.succeeds("db_generate", "--name", "by_hand")
    return shop


def _dedented(text: str) -> str:
    return "\n".join(line.removeprefix("    ") for line in text.splitlines()) + "\n"
