"""Rows that no file may hold, because each database is to have its own: their steps run behind the
snapshot on a fresh database."""

from __future__ import annotations

from tests.scenario import Project
from tests.scenarios.databases import twin
from tests.scenarios.shop import add_field

TOKENS = """
    import secrets

    from django.db import migrations

    def add(apps, editor):
        Product = apps.get_model("shop", "Product")
        Product.objects.using(editor.connection.alias).create(name=secrets.token_hex(8))

    class Migration(migrations.Migration):
        dependencies = [("shop", "0001_initial")]
        operations = [migrations.RunPython(add, migrations.RunPython.noop)]
"""
ENGLISH = """
    from django.conf import settings
    from django.db import migrations

    def add(apps, editor):
        Product = apps.get_model("shop", "Product")
        name = {"de": "Stuhl"}.get(settings.LANGUAGE_CODE, "chair")
        Product.objects.using(editor.connection.alias).create(name=name)

    class Migration(migrations.Migration):
        dependencies = [("shop", "0001_initial")]
        operations = [migrations.RunPython(add, migrations.RunPython.noop)]
"""


def with_a_step(shop: Project, step: str) -> Project:
    """The shop with one more file, of a step beside its second migration."""
    shop.write("shop/migrations/0003_rows.py", step.replace("0001_initial", last(shop)))
    return shop


def last(shop: Project) -> str:
    return sorted(p.stem for p in (shop.path / "shop" / "migrations").glob("0*.py"))[-1]


def test_a_generated_secret_is_written_to_no_file(shop: Project) -> None:
    with_a_step(shop, TOKENS)
    generated = shop.succeeds("db_generate", "--name", "secret")
    assert (
        "  Fresh databases load schema.sql and then run 1 Python step (rows of shop_product vary)."
        in generated.lines
    )

    one, other = twin(shop, "one"), twin(shop, "other")
    for each in (one, other):
        assert "Then runs the Python step " in each.succeeds("db_migrate", "--plan").stdout
        assert each.succeeds("db_migrate").lines[0].startswith("✓ Loaded schema.sql")

    names = [each.sql("SELECT name FROM shop_product")[0][0] for each in (one, other)]
    assert names[0] != names[1]
    files = [path.read_text(encoding="utf-8") for path in shop.history.iterdir()]
    assert not any(name in text for name in names for text in files)
    # A column that the step's table gets later is one that the step does not know.
    add_field(shop, "colour = models.CharField(max_length=9, default='')")
    assert "Fresh databases replay the files" in shop.succeeds("db_generate").stdout


def test_rows_that_depend_on_a_setting(shop: Project) -> None:
    with_a_step(shop, ENGLISH)
    shop.succeeds("db_generate", "--name", "chairs")
    same, german = twin(shop, "same"), twin(shop, "german")

    assert same.succeeds("db_migrate").lines[0].startswith("✓ Loaded schema.sql")
    shop.settings('LANGUAGE_CODE = "de"')
    planned = german.succeeds("db_migrate", "--plan").lines[0]
    german.succeeds("db_migrate")

    assert planned == (
        "schema.sql is not loaded: its rows assume LANGUAGE_CODE = 'en-us', and here it is 'de'"
    )
    assert same.sql("SELECT name FROM shop_product") == [("chair",)]
    assert german.sql("SELECT name FROM shop_product") == [("Stuhl",)]
