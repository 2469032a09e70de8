"""``db_status --drift``: what differs is named, and what does not is not."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import ProjectFactory
from tests.scenario import Outcome, Project, TestServer, kept_project

MODELS = """
    from django.db import models


    class Brand(models.Model):
        name = models.CharField(max_length=40, unique=True)


    class Product(models.Model):
        name = models.CharField(max_length=40, db_index=True)
        brand = models.ForeignKey(Brand, models.PROTECT)
        price = models.DecimalField(max_digits=8, decimal_places=2, db_default=0)
        weight = models.PositiveIntegerField(null=True, db_comment="in grams")
        code = models.CharField(max_length=20, db_collation="utf8mb4_bin")
        full = models.GeneratedField(
            expression=models.F("price") * 2,
            output_field=models.DecimalField(max_digits=9, decimal_places=2),
            db_persist=True,
        )

        class Meta:
            constraints = [
                models.CheckConstraint(condition=models.Q(price__gte=0), name="price_not_negative"),
                models.UniqueConstraint(fields=["brand", "name"], name="one_name_a_brand"),
            ]
            indexes = [models.Index(fields=["price", "weight"], name="price_weight")]
"""
VIEW = """
    from django.db import migrations


    class Migration(migrations.Migration):
        dependencies = [("shop", "0001_initial")]
        operations = [
            migrations.RunSQL(
                "CREATE VIEW shop_cheap AS SELECT id, name FROM shop_product WHERE price < 10",
                "DROP VIEW shop_cheap",
            ),
            migrations.RunSQL(
                "CREATE TRIGGER shop_trim BEFORE INSERT ON shop_brand FOR EACH ROW "
                "SET NEW.name = TRIM(NEW.name)",
                "DROP TRIGGER shop_trim",
            ),
        ]
"""
KEY = "SELECT CONSTRAINT_NAME FROM information_schema.KEY_COLUMN_USAGE WHERE TABLE_SCHEMA = DATABASE() AND REFERENCED_TABLE_NAME = 'shop_brand'"  # noqa: E501
PRODUCT, BRAND = "table shop_product", "table shop_brand"

# What a person did to the database, and the object of which it is said. {key} is the foreign key,
# {index} the index of name.
SEEDED = {
    "a table is gone": ("DROP TABLE shop_product", PRODUCT),
    "a column is gone": ("ALTER TABLE shop_product DROP weight", f"{PRODUCT} / column weight"),
    "a column is there besides": (
        "ALTER TABLE shop_product ADD extra int",
        f"{PRODUCT} / column extra",
    ),
    "a longer type": (
        "ALTER TABLE shop_product MODIFY name varchar(80) NOT NULL",
        f"{PRODUCT} / column name",
    ),
    "a shorter type": (
        "ALTER TABLE shop_product MODIFY name varchar(30) NOT NULL",
        f"{PRODUCT} / column name",
    ),
    "another type": (
        "ALTER TABLE shop_brand MODIFY name text NOT NULL, DROP INDEX name",
        f"{BRAND} / column name",
    ),
    "nullable": ("ALTER TABLE shop_product MODIFY name varchar(40)", f"{PRODUCT} / column name"),
    "no sign": (
        "ALTER TABLE shop_product MODIFY weight int COMMENT 'in grams'",
        f"{PRODUCT} / column weight",
    ),
    "no comment": (
        "ALTER TABLE shop_product MODIFY weight int unsigned CHECK (weight >= 0)",
        f"{PRODUCT} / column weight",
    ),
    "another default": (
        "ALTER TABLE shop_product ALTER price SET DEFAULT 5",
        f"{PRODUCT} / column price",
    ),
    "no default": (
        "ALTER TABLE shop_product ALTER price DROP DEFAULT",
        f"{PRODUCT} / column price",
    ),
    "a default besides": (
        "ALTER TABLE shop_product ALTER name SET DEFAULT 'x'",
        f"{PRODUCT} / column name",
    ),
    "another collation": (
        "ALTER TABLE shop_product MODIFY code varchar(20) COLLATE utf8mb4_unicode_ci NOT NULL",
        f"{PRODUCT} / column code",
    ),
    "another character set": (
        "ALTER TABLE shop_product MODIFY code varchar(20) CHARACTER SET latin1 NOT NULL",
        f"{PRODUCT} / column code",
    ),
    "a generated column that is none": (
        "ALTER TABLE shop_product MODIFY full decimal(9,2)",
        f"{PRODUCT} / column full",
    ),
    "another expression": (
        "ALTER TABLE shop_product DROP full, "
        "ADD full decimal(9,2) GENERATED ALWAYS AS (price * 3) STORED",
        f"{PRODUCT} / column full",
    ),
    "no counter": ("ALTER TABLE shop_product MODIFY id bigint NOT NULL", f"{PRODUCT} / column id"),
    "an index is gone": (
        "ALTER TABLE shop_product DROP INDEX price_weight",
        f"{PRODUCT} / index price_weight",
    ),
    "an index is there besides": (
        "CREATE INDEX by_weight ON shop_product (weight)",
        f"{PRODUCT} / index by_weight",
    ),
    "an index over other columns": (
        "ALTER TABLE shop_product DROP INDEX price_weight, ADD INDEX price_weight (weight, price)",
        f"{PRODUCT} / index price_weight",
    ),
    "an index with another name": (
        "ALTER TABLE shop_product RENAME INDEX price_weight TO pw",
        f"{PRODUCT} / index pw",
    ),
    "a prefix": (
        "ALTER TABLE shop_brand DROP INDEX name, ADD UNIQUE INDEX name (name(10))",
        f"{BRAND} / index name",
    ),
    "a unique that is none": (
        "ALTER TABLE shop_brand DROP INDEX name, ADD INDEX name (name)",
        f"{BRAND} / index name",
    ),
    "a foreign key is gone": (
        "ALTER TABLE shop_product DROP FOREIGN KEY {key}",
        f"{PRODUCT} / constraint {{key}}",
    ),
    "a foreign key that cascades": (
        "ALTER TABLE shop_product DROP FOREIGN KEY {key}, ADD CONSTRAINT other "
        "FOREIGN KEY (brand_id) REFERENCES shop_brand (id) ON DELETE CASCADE",
        f"{PRODUCT} / constraint other",
    ),
    "a check is gone": (
        "ALTER TABLE shop_product DROP CONSTRAINT price_not_negative",
        f"{PRODUCT} / constraint price_not_negative",
    ),
    "a check is there besides": (
        "ALTER TABLE shop_product ADD CONSTRAINT not_dear CHECK (price < 1000)",
        f"{PRODUCT} / constraint not_dear",
    ),
    "a view is gone": ("DROP VIEW shop_cheap", "view shop_cheap"),
    "a view says something else": (
        "CREATE OR REPLACE VIEW shop_cheap AS SELECT id FROM shop_product",
        "view shop_cheap",
    ),
    "a trigger is gone": ("DROP TRIGGER shop_trim", "trigger shop_trim"),
    "a trigger does something else": (
        "DROP TRIGGER shop_trim; CREATE TRIGGER shop_trim BEFORE INSERT ON shop_brand "
        "FOR EACH ROW SET NEW.name = UPPER(NEW.name)",
        "trigger shop_trim",
    ),
    "other options": ("ALTER TABLE shop_brand COMMENT 'brands'", BRAND),
}


@pytest.fixture(scope="session")
def recorded_shop(tmp_path_factory: pytest.TempPathFactory, server: TestServer) -> Iterator[Path]:
    path = tmp_path_factory.mktemp("drift")
    with kept_project(path, server, {"shop": {"models.py": MODELS}}) as project:
        project.succeeds("db_generate", "--name", "products")
        project.write("shop/migrations/0002_cheap.py", VIEW)
        project.succeeds("db_generate", "--name", "cheap")
        yield path


@pytest.fixture
def shop(project: ProjectFactory, recorded_shop: Path) -> Project:
    made = project({"shop": {"models.py": MODELS}})
    made.take_over(recorded_shop, "shop", "migrations_sql")
    return made


def drift(project: Project, *options: str) -> tuple[Outcome, dict[str, Any]]:
    outcome = project.run("db_status", "--drift", "--json", *options)
    assert "drift" in outcome.json, str(outcome)
    return outcome, outcome.json["drift"]


# With a scratch schema, and offline.
WAYS = ((), ("--no-shadow",))


def test_each_seeded_drift_is_named(shop: Project) -> None:
    """One after the other on one database, which is made anew for each."""
    missed = {}
    for name, (sql, key) in SEEDED.items():
        shop.recreate_database()
        shop.succeeds("db_migrate")
        foreign_key = str(shop.sql(KEY)[0][0])
        for statement in sql.format(key=foreign_key).split("; "):
            shop.sql(statement)
        for options in WAYS:
            outcome, found = drift(shop, *options)
            named = [each["key"] for each in found["differences"]]
            if key.format(key=foreign_key) not in named or outcome.code != 1:
                missed[name, options] = named

    assert missed == {}


@pytest.mark.parametrize("collation", ["utf8mb4_bin", "utf8mb4_unicode_ci", "latin1_swedish_ci"])
@pytest.mark.parametrize("how", [(), ("--replay",)], ids=["loaded", "replayed"])
def test_no_drift_right_after_a_migration(
    shop: Project, collation: str, how: tuple[str, ...]
) -> None:
    charset = collation.partition("_")[0]
    shop.sql(f"ALTER DATABASE CHARACTER SET {charset} COLLATE {collation}")
    shop.succeeds("db_migrate", *how)

    for options in WAYS:
        outcome, found = drift(shop, *options)
        assert (outcome.code, found["differences"]) == (0, [])


def test_no_drift_in_a_session_of_another_mode(shop: Project) -> None:
    """What a server prints depends on it (ANSI_QUOTES, NO_BACKSLASH_ESCAPES)."""
    shop.settings(
        "DATABASES['default'].setdefault('OPTIONS', {})['init_command'] = "
        "\"SET sql_mode = 'ANSI,NO_BACKSLASH_ESCAPES'\""
    )
    shop.succeeds("db_migrate")

    for options in WAYS:
        assert drift(shop, *options)[1]["differences"] == []


def test_a_difference_says_since_when_and_how_either_side_is_changed(shop: Project) -> None:
    shop.succeeds("db_migrate")
    shop.sql("ALTER TABLE shop_product DROP INDEX price_weight")

    outcome = shop.run("db_status", "--drift")

    assert outcome.code == 1
    said = outcome.stdout[outcome.stdout.index("The schema is not") :].splitlines()
    assert said[0] == "The schema is not what the files up to 0002_cheap.sql make:"
    assert said[1].startswith(f"  missing: {PRODUCT} / index price_weight: KEY `price_weight`")
    assert said[2] == "    Should be so since: 0001_products.sql"
    assert said[3].startswith("    The table was last rebuilt: 20")
    assert said[4] == "    To change the database:"
    assert said[5].startswith("      ALTER TABLE `shop_product` ADD KEY `price_weight`")
    assert said[6] == "    To change the history instead, in a new file:"
    assert said[7] == "      ALTER TABLE `shop_product` DROP INDEX `price_weight`;"
    assert said[-1].startswith("Next: python manage.py db_baseline --reconcile")


def test_the_statements_for_the_database_end_the_drift(shop: Project) -> None:
    shop.succeeds("db_migrate")
    shop.sql("ALTER TABLE shop_product MODIFY name varchar(80) NOT NULL")
    _, found = drift(shop)

    for difference in found["differences"]:
        for sql in difference["to_files"]:
            shop.sql(sql)

    assert drift(shop)[1]["differences"] == []


def test_it_is_compared_with_the_last_applied_file(shop: Project) -> None:
    shop.succeeds("db_migrate", "--to", "0001_products", "--replay")

    outcome, found = drift(shop)

    assert (outcome.code, found["head"], found["differences"]) == (0, "0001_products", [])
    assert found["offline"].startswith("files are pending, and those before them are run on a ")


def test_with_a_development_server_the_first_files_are_run_there(shop: Project) -> None:
    shop.settings(
        f"""
        entry = {{k: v for k, v in DATABASES["default"].items() if k != "NAME"}}
        NESTFLUX["SHADOWS"] = {{"{shop.server.family}": entry}}
        """
    )
    shop.succeeds("db_migrate", "--to", "0001_products", "--replay")

    outcome, found = drift(shop)

    assert (outcome.code, found["offline"], found["differences"]) == (0, "", [])


def test_a_table_of_somebody_else_is_a_remark(shop: Project) -> None:
    shop.succeeds("db_migrate")
    shop.sql("CREATE TABLE reports (id int PRIMARY KEY)")

    outcome, found = drift(shop)

    assert outcome.code == 0
    assert found["remarks"] == ["table reports is in no file of the history; it is left alone"]


def test_without_the_right_to_make_a_schema_it_is_compared_offline_and_said(shop: Project) -> None:
    shop.succeeds("db_migrate")
    shop.sql("ALTER TABLE shop_product DROP INDEX price_weight")
    with shop.a_user("nf_drift", "secret", f"ALL ON `{shop.database}`.*") as url:
        outcome = shop.run("db_status", "--drift", env={"DATABASE_URL": url})

    assert outcome.code == 1, str(outcome)
    assert "Compared with what the files changed when recorded: " in outcome.stdout
    assert "missing: table shop_product / index price_weight" in outcome.stdout


def test_where_nothing_is_applied_there_is_nothing_to_compare(shop: Project) -> None:
    outcome = shop.run("db_status", "--drift")

    assert outcome.code != 0
    assert outcome.stderr.splitlines()[0] == (
        "Nothing is applied: there is no schema to compare with."
    )


def test_a_file_that_is_half_applied_is_finished_first(shop: Project) -> None:
    shop.sql("CREATE TABLE shop_product (id int)")
    failed = shop.run("db_migrate", "--replay")
    assert failed.code != 0

    outcome = shop.run("db_status", "--drift")

    assert outcome.code != 0
    assert "Traceback" not in outcome.stderr
