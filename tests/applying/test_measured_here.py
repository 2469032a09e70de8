"""``db_migrate --plan`` measures on empty clones of the live tables."""

from __future__ import annotations

from typing import Any

import pytest

from tests.conftest import ProjectFactory
from tests.scenario import Project, TestServer

MODELS = """
    from django.db import models


    class Brand(models.Model):
        name = models.CharField(max_length=40)


    class Product(models.Model):
        brand = models.ForeignKey(Brand, models.PROTECT)
        text = models.TextField()
{fields}
"""
PLACE = "        place = models.IntegerField(db_default=0)\n"


@pytest.fixture
def shop(project: ProjectFactory) -> Project:
    """A table with rows; a column is pending, which was instant where it was recorded."""
    made = project({"shop": {"models.py": MODELS.format(fields="")}})
    made.succeeds("db_generate", "--name", "products")
    made.succeeds("db_migrate")
    made.write("shop/models.py", MODELS.format(fields=PLACE))
    made.succeeds("db_generate", "--name", "places")
    return made


def step(shop: Project) -> dict[str, Any]:
    (file,) = shop.succeeds("db_migrate", "--plan", "--json").json["files"]
    (only,) = file["steps"]
    return dict(only)


def test_where_the_server_does_the_same_nothing_is_said(shop: Project) -> None:
    outcome = shop.succeeds("db_migrate", "--plan")

    assert "  [1] instant; touches shop_product" in outcome.lines
    assert "easured here" not in outcome.stdout


def test_a_table_of_another_kind_is_seen(shop: Project) -> None:
    """A compressed table takes no column instantly."""
    shop.sql("ALTER TABLE shop_product ROW_FORMAT=COMPRESSED")

    outcome = shop.succeeds("db_migrate", "--plan")

    assert "      Measured here; where it was recorded: instant" in outcome.lines
    assert "[1] instant" not in outcome.stdout
    assert step(shop)["recorded_verdict"] == "instant"
    assert shop.columns("shop_product") == ["id", "text", "brand_id"]


def test_the_live_table_and_its_rows_are_left_alone(shop: Project) -> None:
    shop.sql("INSERT INTO shop_brand (id, name) VALUES (1, 'a')")
    shop.sql("INSERT INTO shop_product (id, brand_id, text) VALUES (1, 1, 'x')")
    before = shop.sql("SHOW CREATE TABLE shop_product")

    shop.succeeds("db_migrate", "--plan")

    assert shop.sql("SHOW CREATE TABLE shop_product") == before
    assert shop.sql("SELECT COUNT(*) FROM shop_product") == [(1,)]
    schemas = [row[0] for row in shop.sql("SHOW DATABASES")]
    assert [name for name in schemas if name.startswith(f"{shop.database}_shadow")] == []


def test_without_the_right_the_recorded_verdicts_are_shown_and_it_is_said(shop: Project) -> None:
    with shop.a_user("nf_plan", "secret", f"ALL ON `{shop.database}`.*") as url:
        outcome = shop.run("db_migrate", "--plan", env={"DATABASE_URL": url})

    assert outcome.code == 0, str(outcome)
    assert "  [1] instant; touches shop_product" in outcome.lines
    assert "The verdicts are those of the recording; not measured here: " in outcome.stdout


def test_a_pinned_statement_that_would_be_refused_is_named(shop: Project) -> None:
    fields = PLACE + PLACE.replace("place", "floor")
    shop.write("shop/models.py", MODELS.format(fields=fields))
    shop.succeeds("db_generate", "--name", "floors", "--pin")
    shop.succeeds("db_migrate", "--to", "0002_places")
    shop.sql("ALTER TABLE shop_product ROW_FORMAT=COMPRESSED")

    outcome = shop.succeeds("db_migrate", "--plan")

    assert "not measured here: 0003_floors.sql, statement 1: " in outcome.stdout


def test_a_step_of_python_in_between_is_passed_over(shop: Project) -> None:
    shop.write(
        "shop/migrations/0003_fill.py",
        """
        from django.db import migrations


        def fill(apps, schema_editor):
            apps.get_model("shop", "Product").objects.update(place=1)


        class Migration(migrations.Migration):
            dependencies = [("shop", "0002_product_place")]
            operations = [
                migrations.RunPython(fill, migrations.RunPython.noop),
                migrations.RunSQL("ALTER TABLE shop_product ADD INDEX by_place (place)",
                                  "ALTER TABLE shop_product DROP INDEX by_place"),
            ]
        """,
    )
    shop.succeeds("db_generate", "--name", "fill")

    outcome = shop.succeeds("db_migrate", "--plan")

    assert "easured here" not in outcome.stdout


STEP = """
    from django.db import migrations


    class Migration(migrations.Migration):
        dependencies = [("shop", "0002_product_place")]
        operations = [migrations.RunSQL({sql!r}, migrations.RunSQL.noop)]
"""


def pending(shop: Project, sql: str) -> str:
    """A step of SQL behind the pending column; gives what ``--plan`` says."""
    shop.write("shop/migrations/0003_step.py", STEP.format(sql=sql))
    shop.succeeds("db_generate", "--name", "step")
    return shop.succeeds("db_migrate", "--plan").stdout


def test_a_table_of_another_schema_is_not_touched(shop: Project, server: TestServer) -> None:
    """The clones stand on the live server, where a name with a schema is the live table."""
    other = f"{shop.database}_archive"
    server.sql(f"CREATE DATABASE `{other}`")
    server.sql(f"CREATE TABLE `{other}`.old (id int PRIMARY KEY)")

    said = pending(shop, f"DROP TABLE IF EXISTS `{other}`.old")
    server.sql(f"CREATE TABLE IF NOT EXISTS `{other}`.old (id int PRIMARY KEY)")
    said = shop.succeeds("db_migrate", "--plan").stdout

    assert "not measured here: 0003_step.sql, statement 1: it names a schema" in said
    assert server.sql("SHOW TABLES", database=other) == [("old",)]


def test_a_global_variable_and_a_user_are_left_alone(shop: Project, server: TestServer) -> None:
    [(before,)] = server.sql("SELECT @@GLOBAL.net_retry_count")
    pending(shop, f"SET GLOBAL net_retry_count = {before}; DROP USER IF EXISTS nobody_here")
    server.sql(f"SET GLOBAL net_retry_count = {before + 1}")
    server.sql("CREATE USER nobody_here")
    try:
        said = shop.succeeds("db_migrate", "--plan").stdout

        assert server.sql("SELECT @@GLOBAL.net_retry_count") == [(before + 1,)]
        assert server.sql("SELECT COUNT(*) FROM mysql.user WHERE User = 'nobody_here'") == [(1,)]
        assert "easured here" not in said
    finally:
        server.sql("DROP USER IF EXISTS nobody_here")
        server.sql(f"SET GLOBAL net_retry_count = {before}")


def test_a_key_to_another_schema_does_not_stop_it(shop: Project, server: TestServer) -> None:
    other = f"{shop.database}_archive"
    server.sql(f"CREATE DATABASE `{other}`")
    server.sql(f"CREATE TABLE `{other}`.old (id int PRIMARY KEY)")
    shop.sql(
        "ALTER TABLE shop_product ADD old int NULL, "
        f"ADD CONSTRAINT to_old FOREIGN KEY (old) REFERENCES `{other}`.old (id)"
    )
    try:
        assert "  [1] instant; touches shop_product" in shop.succeeds("db_migrate", "--plan").lines
    finally:
        shop.sql("ALTER TABLE shop_product DROP FOREIGN KEY to_old")


def test_a_key_whose_table_is_gone_does_not_stop_it(shop: Project) -> None:
    shop.sql("SET foreign_key_checks = 0; DROP TABLE shop_brand")

    assert "  [1] " in shop.succeeds("db_migrate", "--plan").stdout


def test_a_name_with_a_backtick_is_quoted_everywhere(project: ProjectFactory) -> None:
    head = "from django.db import models\n\n\nclass Brand(models.Model):\n"
    named = "    class Meta:\n        db_table = 'we``ird'\n"
    made = project(
        {"shop": {"models.py": f"{head}    name = models.CharField(max_length=40)\n{named}"}}
    )
    made.succeeds("db_generate", "--name", "brands")
    made.succeeds("db_migrate")
    made.write("shop/models.py", f"{head}    name = models.CharField(max_length=20)\n{named}")
    made.succeeds("db_generate", "--name", "shorter")

    assert "copies the table" in made.succeeds("db_migrate", "--plan").stdout
