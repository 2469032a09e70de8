"""A change to a large schema is recorded on the part of it that it can touch, and gives what the
whole would have given, to the letter."""

from __future__ import annotations

from collections.abc import Iterator
from textwrap import dedent

import pytest
from django.db.migrations import AddField, Migration, RunSQL
from django.db.migrations.operations.base import Operation
from django.db.models import IntegerField

from nestflux.exceptions import NotReproduced
from nestflux.history.records import StepRecord
from nestflux.history.sqlfile import Item, PythonStep, Section, Statement
from nestflux.recording.capture import Recorded
from nestflux.recording.partial_load import PartialSnapshot
from nestflux.schema.diff import Delta
from nestflux.schema.objects import ObjectKey
from tests.conftest import ProjectFactory
from tests.scenario import Project, TestServer, new_project

MODELS = """
    from django.db import models
    from django.db.models.functions import Lower


    class Brand(models.Model):
        name = models.CharField(max_length=40)
        owner = models.ForeignKey("self", models.CASCADE, null=True)
        # one more of Brand


    class Item(models.Model):
        code = models.CharField(max_length=20, unique=True)
        brand = models.ForeignKey(Brand, models.CASCADE)
        price = models.IntegerField(default=0)
        # one more of Item

        class Meta:
            indexes = [models.Index(fields=["price"], name="by_price")]
            # one more rule of Item


    class Line(models.Model):
        item = models.ForeignKey(Item, models.CASCADE)
        # one more of Line


    class Kind(models.Model):
        name = models.CharField(max_length=40)
        made = models.DateTimeField(null=True)
        # one more of Kind


    class Colour(models.Model):
        name = models.CharField(max_length=40)
        lines = models.ManyToManyField(Line)
        # one more of Colour


    class Far(models.Model):
        colour = models.ForeignKey(Colour, models.CASCADE)

        class Meta:
            db_table = "a place far away"


    # one more model
"""
# The rows of kinds are of the snapshot; those of colours are gone, and their counter went on.
ROWS = """
    from django.db import migrations


    def make(apps, schema_editor):
        for name in ("one", "two", "it's"):
            apps.get_model("shop", "Kind").objects.create(name=name)
        for _ in range(3):
            apps.get_model("shop", "Colour").objects.create(name="gone").delete()


    class Migration(migrations.Migration):
        dependencies = [("shop", "0001_initial")]
        operations = [migrations.RunPython(make, migrations.RunPython.noop)]
"""
BOTH_WAYS = """
    import nestflux.recording.recorded_file as recording
    from nestflux.recording.changes import DetectOptions
    from nestflux.recording.generate import generate

    record, ways = recording._record, []

    def seen(*given):
        ways.append("part" if given[-1] else "whole")
        return record(*given)

    def texts():
        options = DetectOptions(no_rename=True)
        (file,) = generate("default", options, name="change", write=False).files
        return {name: text.replace(file.up.id, "id") for name, text in file.texts.items()}

    recording._record = seen
    by_part = texts()
    print(*ways)
    recording.partial_snapshot_for = lambda *given: None
    whole = texts()
    for name in whole:
        assert by_part[name] == whole[name], f"{by_part[name]}\\n----\\n{whole[name]}"
    assert len(whole) == 4
"""
ADDITIONS = {
    "a column": [("of Brand", "size = models.IntegerField(default=0)")],
    "a column that may be null": [("of Item", "note = models.TextField(null=True)")],
    "a column with a default of the server": [
        ("of Item", 'state = models.CharField(max_length=9, db_default="new")')
    ],
    "a unique column": [("of Line", "number = models.IntegerField(null=True, unique=True)")],
    "a column of a table that holds rows": [("of Kind", 'text = models.TextField(default="")')],
    "a key to a table that holds rows": [
        ("of Line", 'kind = models.ForeignKey("Kind", models.CASCADE, null=True)')
    ],
    "a key to a table that nothing else leads to": [
        ("of Brand", 'colour = models.ForeignKey("Colour", models.CASCADE, null=True)')
    ],
    "a key to a table whose own key leads to one that is not loaded": [
        ("of Kind", 'far = models.ForeignKey("Far", models.CASCADE, null=True)')
    ],
    "a column of a table, a table that refers to it refers to one that is not loaded": [
        ("of Colour", "size = models.IntegerField(default=0)")
    ],
    "a key that nothing enforces": [
        (
            "of Brand",
            'kind = models.ForeignKey("Kind", models.CASCADE, null=True, db_constraint=False)',
        )
    ],
    "a key that is unique, of its own table": [
        ("of Item", 'next = models.OneToOneField("self", models.CASCADE, null=True)')
    ],
    "many to many": [("of Brand", 'kinds = models.ManyToManyField("Kind")')],
    "many to many of one table": [("of Item", 'like = models.ManyToManyField("self")')],
    "a computed column": [
        (
            "of Item",
            "twice = models.GeneratedField(expression=models.F('price') * 2, "
            "output_field=models.IntegerField(), db_persist=True)",
        )
    ],
    "a check": [
        (
            "rule of Item",
            "constraints = [models.CheckConstraint("
            "condition=models.Q(price__gte=0), name='not_negative')]",
        )
    ],
    "a rule of two columns": [
        (
            "rule of Item",
            "constraints = [models.UniqueConstraint(fields=['brand', 'price'], name='together')]",
        )
    ],
    "a model": [
        (
            "model",
            "class Box(models.Model):\n"
            "    item = models.ForeignKey(Item, models.CASCADE)\n"
            "    lines = models.ManyToManyField(Line)",
        )
    ],
    "models that inherit": [
        (
            "model",
            "class Big(Item):\n"
            "    size = models.IntegerField()\n\n\n"
            "class Same(Item):\n"
            "    class Meta:\n"
            "        proxy = True\n\n\n"
            "class NotOurs(models.Model):\n"
            "    class Meta:\n"
            "        managed = False",
        )
    ],
    "several at once": [
        ("model", "class Box(models.Model):\n    kind = models.ForeignKey(Kind, models.CASCADE)"),
        ("of Line", 'box = models.ForeignKey("Box", models.CASCADE, null=True)'),
        ("of Kind", "size = models.FloatField(default=1.5)"),
    ],
}
OTHERS = {
    "a column is gone": ("    made = models.DateTimeField(null=True)\n", ""),
    "a column is another": ("price = models.IntegerField", "price = models.BigIntegerField"),
    "an index is gone": ('models.Index(fields=["price"], name="by_price")', ""),
    "another name of a table": ("a place far away", "a place nearby"),
    "a key is gone": ("    brand = models.ForeignKey(Brand, models.CASCADE)\n", ""),
}


@pytest.fixture(scope="module")
def recorded(tmp_path_factory: pytest.TempPathFactory, server: TestServer) -> Iterator[Project]:
    """A project with a history of two files."""
    name = "nf_part_of_a_schema"
    server.drop_all(name)
    path = tmp_path_factory.mktemp("recorded")
    shop = new_project(path, server, name, {"shop": {"models.py": MODELS}})
    shop.succeeds("db_generate")
    shop.write("shop/migrations/0002_rows.py", ROWS)
    shop.succeeds("db_generate", "--name", "rows")
    yield shop
    server.drop_all(name)


@pytest.fixture
def shop(project: ProjectFactory, recorded: Project) -> Project:
    copy = project({"shop": {}})
    copy.take_over(recorded.path, "shop", "migrations_sql")
    return copy


@pytest.mark.parametrize("added", ADDITIONS.values(), ids=ADDITIONS)
def test_what_is_added_is_recorded_on_a_part_as_on_the_whole(
    shop: Project, added: list[tuple[str, str]]
) -> None:
    for where, what in added:
        indent = " " * {"of": 4, "rule": 8, "model": 0}[where.split()[0]]
        lines = what.replace("\n", f"\n{indent}")
        shop.edit("shop/models.py", f"# one more {where}\n", f"{lines}\n")

    outcome = shop.python(BOTH_WAYS)

    assert outcome.code == 0, str(outcome)
    assert outcome.stdout == "part\n"


def test_tables_that_are_further_away_are_not_loaded(shop: Project) -> None:
    key = "    colour = models.ForeignKey"
    shop.edit("shop/models.py", key, f"    size = models.FloatField(null=True)\n{key}")
    code = """
        import nestflux.recording.recorded_file as recording
        from nestflux.recording.changes import DetectOptions
        from nestflux.recording.generate import generate

        find = recording.partial_snapshot_for

        def found(*given):
            part = find(*given)
            print(*sorted(part.left_out), sep=", ")
            return part

        recording.partial_snapshot_for = found
        generate("default", DetectOptions(no_rename=True), write=False)
    """

    outcome = shop.python(code)

    assert outcome.code == 0, str(outcome)  # kinds have rows, and the colour is next to it
    assert outcome.stdout == "shop_brand, shop_colour_lines, shop_item, shop_line\n"


@pytest.mark.parametrize(("old", "new"), OTHERS.values(), ids=OTHERS)
def test_any_other_change_is_recorded_on_the_whole(shop: Project, old: str, new: str) -> None:
    shop.edit("shop/models.py", old, new)

    outcome = shop.python(BOTH_WAYS)

    assert outcome.code == 0, str(outcome)
    assert outcome.stdout == "whole\n"


def test_an_operation_of_a_package_is_recorded_on_the_whole(shop: Project) -> None:
    shop.write(
        "shop/migrations/0003_own.py",
        """
        from django.db import migrations, models


        class Own(migrations.AddField):
            pass


        class Migration(migrations.Migration):
            dependencies = [("shop", "0002_rows")]
            operations = [Own("Brand", "size", models.IntegerField(default=0))]
        """,
    )
    shop.edit("shop/models.py", "# one more of Brand", "size = models.IntegerField(default=0)")

    outcome = shop.python(BOTH_WAYS)

    assert outcome.code == 0, str(outcome)
    assert outcome.stdout == "whole\n"


def test_a_view_asks_for_the_whole(shop: Project) -> None:
    operation = (
        'migrations.RunSQL("CREATE VIEW seen AS SELECT id FROM shop_brand", "DROP VIEW seen")'
    )
    shop.write(
        "shop/migrations/0003_view.py",
        f"""
        from django.db import migrations


        class Migration(migrations.Migration):
            dependencies = [("shop", "0002_rows")]
            operations = [{operation}]
        """,
    )
    shop.succeeds("db_generate", "--name", "view")
    shop.edit("shop/models.py", "# one more of Brand", "size = models.IntegerField(default=0)")

    outcome = shop.python(BOTH_WAYS)

    assert outcome.code == 0, str(outcome)
    assert outcome.stdout == "whole\n"


# ---- what was recorded on a part is looked at again ------------------------------------------

ONE = "CREATE TABLE `one` (`id` int)"
ELSEWHERE = "CREATE TABLE `Else` (`id` int, CONSTRAINT `positive` CHECK (`id` > 0))"
PART = PartialSnapshot(
    (ONE, "CREATE TABLE `two` (`id` int)"), {"Else": ELSEWHERE}, frozenset({"one"})
)


def recorded_as(item: Item, changed: str = "table one / column more") -> list[Recorded]:
    delta = Delta({ObjectKey.parse(changed): (None, "int")})
    record = StepRecord("sha", "ddl", "instant", delta=delta)
    return [Recorded(Section("shop.0002_more", items=(item,)), [record])]


def migration_of(operation: Operation) -> Migration:
    migration = Migration("0002_more", "shop")
    vars(migration)["operations"] = [operation]
    return migration


PLAIN = migration_of(AddField("One", "more", IntegerField(null=True)))


@pytest.mark.parametrize("name", ["more", "three"])
def test_what_was_foreseen_is_held(name: str) -> None:
    sql = f"ALTER TABLE `one` ADD COLUMN `{name}` int"

    PART.require_held([PLAIN], recorded_as(Statement(sql)))
    PART.require_held([PLAIN], recorded_as(Statement(sql), "table new"))


@pytest.mark.parametrize(
    ("migration", "recorded"),
    [
        (PLAIN, recorded_as(Statement("ALTER TABLE `else` ADD COLUMN `more` int"))),
        (PLAIN, recorded_as(Statement("ALTER TABLE `one` ADD CONSTRAINT `Positive` CHECK (1)"))),
        (PLAIN, recorded_as(Statement("ALTER TABLE `two` DROP `id`"), "table two / column id")),
        (PLAIN, recorded_as(PythonStep("shop.0002_more/0", "a Python step"))),
        (migration_of(RunSQL("SELECT 1")), recorded_as(Statement("SELECT 1"))),
    ],
    ids=["another table", "a rule of another", "a change elsewhere", "a Python step", "own SQL"],
)
def test_what_was_not_is_refused(migration: Migration, recorded: list[Recorded]) -> None:
    with pytest.raises(NotReproduced):
        PART.require_held([migration], recorded)


def test_what_a_part_cannot_show_is_recorded_on_the_whole(shop: Project) -> None:
    shop.edit("shop/models.py", "# one more of Brand", "size = models.IntegerField(default=0)")
    refusing = """
        from nestflux.exceptions import NotReproduced
        from nestflux.recording.partial_load import PartialSnapshot

        def refuse(*given):
            raise NotReproduced("no")

        PartialSnapshot.require_held = refuse
    """

    outcome = shop.python(dedent(refusing) + dedent(BOTH_WAYS))

    assert outcome.code == 0, str(outcome)
    assert outcome.stdout == "part whole\n"
