"""Operations that are changed in place, by Django's states or by themselves, recorded and checked
in one process."""

from __future__ import annotations

import pytest
from django.db import models
from django.db.migrations import AddField, RunPython, SeparateDatabaseAndState

from nestflux.graph.in_place import own_operations
from tests.conftest import ProjectFactory
from tests.recording.test_families import BOTH, other_server
from tests.reviewing.shop import clean
from tests.scenario import Project

MODELS = """
    from django.db import models


    class Order(models.Model):
        code = models.CharField(max_length=9, unique=True)


    class Line(models.Model):
        pk = models.CompositePrimaryKey("store", "no")
        store = models.IntegerField()
        no = models.IntegerField()
        order = models.ForeignKey(Order, models.CASCADE, to_field="code")

        class Meta:
            unique_together = [("no", "order")]
"""
RENAMED = (
    MODELS.replace('"no"', '"number"').replace(" no =", " number =").replace("code", "reference")
)
RENAMES = """
    from django.db import migrations
    from django.db.migrations import RenameField


    class Renaming(RenameField):
        pass


    class Migration(migrations.Migration):
        dependencies = [("shop", "0001_initial")]
        operations = [{operations}]
"""
OPERATIONS = {
    "plain": """
            RenameField("line", "no", "number"),
            RenameField("order", "code", "reference"),
    """,
    "in the state apart": """
            migrations.SeparateDatabaseAndState(
                [migrations.RunSQL("ALTER TABLE shop_line RENAME COLUMN no TO number",
                                   "ALTER TABLE shop_line RENAME COLUMN number TO no")],
                [RenameField("line", "no", "number")],
            ),
            migrations.SeparateDatabaseAndState(
                [RenameField("order", "code", "reference")],
                [RenameField("order", "code", "reference")],
            ),
    """,
    "of the project's own kind": """
            Renaming("line", "no", "number"),
            Renaming("order", "code", "reference"),
    """,
}


def renamed(shop: Project, operations: str) -> None:
    shop.write("shop/migrations/0002_names.py", RENAMES.format(operations=OPERATIONS[operations]))
    shop.write("shop/models.py", RENAMED)


@pytest.mark.parametrize("operations", OPERATIONS)
def test_a_rename_in_a_file_of_its_own(project: ProjectFactory, operations: str) -> None:
    shop = project({"shop": {"models.py": MODELS}})
    shop.succeeds("db_generate", "--name", "lines")
    renamed(shop, operations)
    shop.succeeds("db_generate", "--name", "names")

    clean(shop)
    shop.succeeds("db_generate", "--check")


@pytest.mark.parametrize("operations", OPERATIONS)
def test_what_is_made_and_renamed_in_one_file(project: ProjectFactory, operations: str) -> None:
    shop = project({"shop": {"models.py": MODELS}})
    shop.succeeds("makemigrations", "shop", "-v", "0")
    renamed(shop, operations)
    shop.succeeds("db_generate", "--name", "lines")

    clean(shop)
    shop.succeeds("db_migrate", "--replay")
    assert shop.columns("shop_line") == ["store", "number", "order_id"]
    shop.succeeds("db_rollback", "--to", "zero", "--yes")
    assert "shop_line" not in shop.tables()


def test_a_rename_that_is_stated(project: ProjectFactory) -> None:
    shop = project({"shop": {"models.py": MODELS}})
    shop.succeeds("makemigrations", "shop", "-v", "0")
    shop.write("shop/models.py", RENAMED)

    shop.succeeds(
        *("db_generate", "--name", "lines"),
        *("--rename", "shop.Line.no=number", "--rename", "shop.Order.code=reference"),
    )

    clean(shop)
    shop.succeeds("db_generate", "--check")


BACKENDS = """
    from django.db import models


    class Backend(models.Model):
        name = models.CharField(max_length=9)


    class Copy(models.Model):
        note = models.CharField(max_length=9)
"""
FINDS_ITS_DEFAULT = """
    from django.db import migrations, models


    class AddFieldWithFoundDefault(migrations.AddField):
        def database_forwards(self, app_label, schema_editor, from_state, to_state):
            Backend = from_state.apps.get_model(app_label, "Backend")
            rows = Backend.objects.using(schema_editor.connection.alias)
            self.field.default = rows.first().pk
            super().database_forwards(app_label, schema_editor, from_state, to_state)


    def make(apps, editor):
        rows = apps.get_model("shop", "Backend").objects.using(editor.connection.alias)
        rows.create(name="first")


    class Migration(migrations.Migration):
        dependencies = [("shop", "0001_initial")]
        operations = [
            migrations.RunPython(make, migrations.RunPython.noop),
            AddFieldWithFoundDefault(
                "copy",
                "backend",
                models.ForeignKey("shop.Backend", models.CASCADE, default=None),
                preserve_default=False,
            ),
        ]
"""


def test_an_operation_that_changed_itself_is_the_same_on_the_next_server(
    project: ProjectFactory, family: str
) -> None:
    """As Mayan EDMS's duplicates.0006: its step had other code in the second family's file."""
    other, url = other_server(family)
    shop = project({"shop": {"models.py": BACKENDS}}, settings=BOTH.format(other=other, url=url))
    shop.succeeds("db_generate")
    shop.write("shop/migrations/0002_backend.py", FINDS_ITS_DEFAULT)
    backend = "        backend = models.ForeignKey(Backend, models.CASCADE)\n"
    shop.write("shop/models.py", BACKENDS + backend)
    shop.succeeds("db_generate", "--name", "backend")

    clean(shop)
    shop.succeeds("db_migrate", "--replay")


class Own(AddField):
    """A kind of a project's own."""


def test_operations_of_ones_own_kind_have_fields_of_their_own() -> None:
    own = Own("copy", "backend", models.IntegerField())
    nested = SeparateDatabaseAndState([own], [own])
    of_django = RunPython(RunPython.noop)

    copies = own_operations([own, nested, of_django])
    copies[0].field.default = 3  # type: ignore[attr-defined]
    copies[1].database_operations[0].field.default = 3  # type: ignore[attr-defined]

    assert own.field.has_default() is False
    assert copies[2] is of_django
    assert copies[0].deconstruct()[2]["field"].default == 3
