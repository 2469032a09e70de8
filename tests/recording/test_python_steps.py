"""Python steps: shown in the file at their place, run by Django, named where a crash in the
middle of one could not be decided; and what cannot be recorded at all."""

from __future__ import annotations

import pytest

from tests.conftest import ProjectFactory
from tests.recording.django_truth import (
    down_file,
    require_fidelity,
    statements,
    up_file,
    verdicts,
)
from tests.scenario import Project

MODELS = """
    from django.db import models

    class Product(models.Model):
        name = models.CharField(max_length=40)
"""
WITH_SLUG = MODELS + "        slug = models.CharField(max_length=40, null=True)\n"


def migration(operations: str, *, atomic: bool = True, after: str = "0001_initial") -> str:
    return f'''
from django.db import connection, connections, migrations, models

def product(apps):
    return apps.get_model("shop", "Product")

def fill(apps, schema_editor):
    product(apps).objects.create(name="one")

def unfill(apps, schema_editor):
    product(apps).objects.all().delete()

def truncate(apps, schema_editor):
    with schema_editor.connection.cursor() as cursor:
        cursor.execute("TRUNCATE TABLE shop_product")

def fail(apps, schema_editor):
    raise ValueError("no such product")

def raw(apps, schema_editor):
    with connection.cursor() as cursor:
        cursor.callproc("fill_products")

class Migration(migrations.Migration):
    atomic = {atomic}
    dependencies = [("shop", "{after}")]
    operations = [{operations}]
'''


@pytest.fixture
def shop(project: ProjectFactory) -> Project:
    made = project({"shop": {"models.py": MODELS}})
    made.succeeds("db_generate")
    return made


def test_steps_keep_their_order_among_statements_nested_ones_too(shop: Project) -> None:
    """Case 8: ``sqlmigrate`` prints nothing of them, or runs them on the live database."""
    shop.write(
        "shop/migrations/0002_fill.py",
        migration(
            """
            migrations.RunPython(fill, unfill),
            migrations.AddField("product", "slug", models.CharField(max_length=40, null=True)),
            migrations.SeparateDatabaseAndState([
                migrations.RunSQL("UPDATE shop_product SET slug = 'x'", ""),
                migrations.RunPython(fill, migrations.RunPython.noop, atomic=True),
            ], []),
            migrations.RunPython(fill, unfill, atomic=False),
            """
        ),
    )
    shop.write("shop/models.py", WITH_SLUG)

    shop.succeeds("db_generate", "--name", "fill")

    up, down = up_file(shop, "0002_fill"), down_file(shop, "0002_fill")
    assert [sql.split("`")[0].strip() for sql in statements(up)] == [
        "python step shop.0002_fill/0",
        "ALTER TABLE",
        "UPDATE shop_product SET slug = 'x'",
        "python step shop.0002_fill/2.1",
        "python step shop.0002_fill/3",
    ]
    assert [verdict for verdict in verdicts(up) if verdict.startswith("RunPython")] == [
        "RunPython(fill), atomic",
        "RunPython(fill), atomic",
        "RunPython(fill), not atomic; undecidable after a crash: a Python step that is not atomic",
    ]
    assert [sql.split("`")[0].strip() for sql in statements(down)] == [
        "python step shop.0002_fill/3",
        "python step shop.0002_fill/2.1",
        "ALTER TABLE",
        "python step shop.0002_fill/0",
    ]
    require_fidelity(shop)


def test_steps_that_a_crash_would_leave_undecided_are_named(shop: Project) -> None:
    shop.write(
        "shop/migrations/0002_fill.py",
        migration("migrations.RunPython(fill, unfill)", atomic=False),
    )
    shop.write(
        "shop/migrations/0003_truncate.py",
        migration("migrations.RunPython(truncate, unfill)", after="0002_fill"),
    )
    outcome = shop.succeeds("db_generate", "--name", "fill")

    not_atomic = "a Python step that is not atomic"
    assert [line.strip() for line in outcome.lines if "db_resolve" in line] == [
        f"0002_fill.sql, statement 1: a crash in it needs db_resolve: {not_atomic}",
        "0002_fill.sql, statement 2: a crash in it needs db_resolve: its code runs TRUNCATE TABLE "
        "shop_product, which commits implicitly",
        f"0002_fill.down.sql, statement 2: a crash in it needs db_resolve: {not_atomic}",
    ]
    assert verdicts(up_file(shop, "0002_fill")) == [
        "RunPython(fill), not atomic; undecidable after a crash: a Python step that is not atomic",
        "RunPython(truncate), atomic; undecidable after a crash: its code runs TRUNCATE TABLE "
        "shop_product, which commits implicitly",
    ]


def test_statements_that_no_reading_can_decide_are_named_and_no_others(
    shop: Project, family: str
) -> None:
    """By what each does on a server: a procedure is asked whether it commits."""
    replaced = ["CREATE OR REPLACE TABLE one (id int)"] if family == "mariadb" else []
    decided = [
        "CREATE TABLE one (id int)",
        "CREATE TABLE two (id int)",
        "CREATE TABLE parts (id int) PARTITION BY RANGE (id) (PARTITION p VALUES LESS THAN (9))",
        "CREATE TABLE plain (id int)",
        "CREATE PROCEDURE fills() INSERT INTO one VALUES (1)",
        "CREATE PROCEDURE commits() BEGIN INSERT INTO one VALUES (1); COMMIT; END",
        "CREATE OR REPLACE VIEW seen AS SELECT id FROM one",
        "CREATE OR REPLACE VIEW seen AS SELECT id FROM one",
        "CALL fills()",
        "ALTER TABLE one AUTO_INCREMENT = 7",
        "ANALYZE TABLE one",
        "ALTER TABLE one FORCE",
    ]
    no_trace = "leaves no trace in the schema"
    undecided = {
        "CALL commits()": "it runs statements that commit implicitly",
        "TRUNCATE TABLE one": f"TRUNCATE {no_trace}",
        "ALTER TABLE parts TRUNCATE PARTITION p": f"TRUNCATE PARTITION {no_trace}",
        "ALTER TABLE parts EXCHANGE PARTITION p WITH TABLE plain": f"EXCHANGE PARTITION {no_trace}",
        "RENAME TABLE one TO three, two TO one, three TO two": "the tables that are renamed read "
        "the same before and after",
        **dict.fromkeys(
            replaced, "CREATE OR REPLACE TABLE loses the rows of a table that may be its own"
        ),
    }
    strings = [*decided, *undecided]
    shop.write(
        "shop/migrations/0002_many.py",
        migration(", ".join(f"migrations.RunSQL({sql!r}, '')" for sql in strings)),
    )

    outcome = shop.succeeds("db_generate", "--name", "many")

    assert [line.strip() for line in outcome.lines if "db_resolve" in line] == [
        f"0002_many.sql, statement {ordinal}: a crash in it needs db_resolve: {undecided[sql]}"
        for ordinal, sql in enumerate(strings, start=1)
        if sql in undecided
    ]


def test_a_step_that_raises_is_reported_with_its_migration(shop: Project) -> None:
    shop.write("shop/migrations/0002_fail.py", migration("migrations.RunPython(fail, fail)"))

    outcome = shop.run("db_generate")

    assert outcome.code == 1
    assert "ValueError: no such product" in outcome.stderr
    assert "shop.0002_fail" in outcome.stderr
    assert "nothing was written" in outcome.stderr
    assert "Traceback" not in outcome.stderr
    assert not list(shop.history.glob("0002*"))


def test_a_step_that_fails_only_the_second_time_is_reported_in_words(shop: Project) -> None:
    once = """
    import pathlib
    mark = pathlib.Path(__file__).with_name("ran")
    if mark.exists():
        raise ValueError("it ran before")
    mark.touch()
"""
    text = migration("migrations.RunPython(fail, migrations.RunPython.noop)")
    shop.write(
        "shop/migrations/0002_fail.py",
        text.replace('\n    raise ValueError("no such product")', once),
    )

    outcome = shop.run("db_generate")

    assert outcome.code == 1, str(outcome)
    assert "ValueError: it ran before" in outcome.stderr
    assert "Traceback" not in outcome.stderr


def test_a_way_back_that_django_cannot_go_is_irreversible(shop: Project) -> None:
    shop.write("shop/migrations/0002_one_way.py", migration("migrations.RunPython(fill)"))
    shop.succeeds("db_generate", "--name", "one_way")
    shop.write(
        "shop/migrations/0003_fails_back.py",
        migration("migrations.RunPython(fill, fail)", after="0002_one_way"),
    )
    outcome = shop.succeeds("db_generate", "--name", "fails_back")

    one_way, fails_back = down_file(shop, "0002_one_way"), down_file(shop, "0003_fails_back")
    assert one_way.irreversible.startswith("shop.0002_one_way: ")
    assert one_way.irreversible.endswith("has no reverse")
    assert "Django's own way back fails" in fails_back.irreversible
    assert "ValueError: no such product" in fails_back.irreversible
    assert one_way.sections == fails_back.sections == ()
    assert "0003_fails_back.sql" in outcome.stdout


def test_what_a_way_back_leaves_goes_unless_it_may_hold_rows(shop: Project) -> None:
    shop.write(
        "shop/migrations/0002_index.py",
        migration(
            """
            migrations.RunSQL("CREATE INDEX by_name ON shop_product (name)", ""),
            migrations.RunSQL("CREATE TABLE kept (id int PRIMARY KEY)", ""),
            migrations.RunSQL(
                ["CREATE TRIGGER shout BEFORE INSERT ON shop_product FOR EACH ROW BEGIN\\n"
                 "  SET NEW.name = UPPER(NEW.name);\\nEND"], []),
            """
        ),
    )
    shop.succeeds("db_generate", "--name", "index")

    down = down_file(shop, "0002_index")
    completing = [item.sql for section in down.sections for item in section.completing]
    assert completing == [
        "DROP TRIGGER IF EXISTS `shout`",
        "ALTER TABLE `shop_product` DROP INDEX `by_name`",
    ]
    assert down.notes[0].startswith("INEXACT: + table kept: ")
    assert "run again behind it, fails" in down.notes[-1]
    require_fidelity(shop)


PROCEDURE = """["CREATE PROCEDURE fill_products() INSERT INTO shop_product (name) VALUES ('x')"],
    ["DROP PROCEDURE fill_products"]"""


def test_what_goes_past_the_recorder_is_refused(shop: Project) -> None:
    custom = """
class Callproc(migrations.operations.base.Operation):
    reversible = True

    def state_forwards(self, app_label, state):
        pass

    def database_forwards(self, app_label, schema_editor, from_state, to_state):
        with schema_editor.connection.cursor() as cursor:
            cursor.callproc("fill_products")

    def database_backwards(self, app_label, schema_editor, from_state, to_state):
        pass

class Migration("""
    text = migration(f"migrations.RunSQL({PROCEDURE}), Callproc()")
    shop.write("shop/migrations/0002_call.py", text.replace("class Migration(", custom.lstrip()))

    refused = shop.run("db_generate")

    assert refused.code == 1, str(refused)
    assert "callproc or a cursor of its own" in refused.stderr
    assert "run it in a RunPython operation" in refused.stderr
    assert not list(shop.history.glob("0002*"))

    shop.write(
        "shop/migrations/0002_call.py",
        migration(f"migrations.RunSQL({PROCEDURE}), migrations.RunPython(raw, unfill)"),
    )
    shop.succeeds("db_generate", "--name", "call")

    assert statements(up_file(shop, "0002_call"))[1] == "python step shop.0002_call/1"
    require_fidelity(shop)


@pytest.mark.parametrize(
    ("sql", "said"),
    [
        ("SET @a = 1; UPDATE shop_product SET name = @a", "uses the user variable @a"),
        ("CREATE TEMPORARY TABLE t (a int)", "uses a temporary table"),
        ("LOCK TABLES shop_product WRITE", "LOCK TABLES"),
    ],
)
def test_statements_that_lean_on_their_session_are_refused(
    shop: Project, sql: str, said: str
) -> None:
    shop.write("shop/migrations/0002_sql.py", migration(f'migrations.RunSQL("{sql}", "")'))

    outcome = shop.run("db_generate")

    assert outcome.code == 1
    assert said in outcome.stderr


ON_COMMIT = """
    from django.db import migrations, transaction

    def fill(apps, schema_editor):
        Product = apps.get_model("shop", "Product")
        product = Product.objects.create(name="one")

        def tell():
            # As django-easy-audit does for every row that is saved.
            from django.contrib.contenttypes.models import ContentType
            from shop.models import Product

            kind = ContentType.objects.get_for_model(Product)  # Django remembers it
            there = ContentType.objects.filter(pk=kind.pk).count()
            Product.objects.create(name=f"{product.name} of {there} {kind.model}")

        transaction.on_commit(tell)

    class Migration(migrations.Migration):
        dependencies = [("shop", "0001_initial"), ("contenttypes", "0002_remove_content_type_name")]
        operations = [
            migrations.RunPython(fill, migrations.RunPython.noop),
            migrations.RunSQL("UPDATE shop_product SET name = CONCAT(name, '!')", ""),
        ]
"""


def test_what_a_step_does_on_commit_is_the_step_s(project: ProjectFactory) -> None:
    shop = project({"shop": {"models.py": MODELS}}, contrib=("django.contrib.contenttypes",))
    shop.succeeds("db_generate")
    shop.write("shop/migrations/0002_fill.py", ON_COMMIT)
    shop.succeeds("db_generate", "--name", "fill")

    assert statements(up_file(shop, "0002_fill")) == [
        "python step shop.0002_fill/0",
        "UPDATE shop_product SET name = CONCAT(name, '!')",
    ]
    # Nothing in it varies: what Django remembered of one shadow's rows is not asked in the next.
    assert "one of 1 product!" in (shop.history / "schema.sql").read_text("utf-8")
    shop.succeeds("db_migrate", "--replay")
    assert shop.sql("SELECT name FROM shop_product ORDER BY id") == [
        ("one!",),
        ("one of 1 product!",),
    ]
