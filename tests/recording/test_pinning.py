"""``db_generate --pin``: the verdict is in the SQL, and holds."""

from __future__ import annotations

import pytest

from nestflux.database.verdicts import pinned
from tests.conftest import ProjectFactory
from tests.scenario import Project

MODELS = """
    from django.db import models


    class Order(models.Model):
        note = models.CharField(max_length=40)
{fields}
"""
INDEXED = "        place = models.CharField(max_length=40, db_default='', db_index=True)\n"


@pytest.fixture
def shop(project: ProjectFactory) -> Project:
    made = project({"shop": {"models.py": MODELS.format(fields="")}})
    made.succeeds("db_generate", "--name", "orders", "--pin")
    return made


def added(shop: Project, *options: str) -> str:
    shop.write("shop/models.py", MODELS.format(fields=INDEXED))
    shop.succeeds("db_generate", "--name", "places", *options)
    return (shop.history / "0002_places.sql").read_text(encoding="utf-8")


def test_a_new_table_is_not_pinned(shop: Project) -> None:
    assert "ALGORITHM" not in (shop.history / "0001_orders.sql").read_text(encoding="utf-8")


def test_a_statement_on_a_table_that_is_there_has_its_way_both_ways(shop: Project) -> None:
    text = added(shop, "--pin")
    down = (shop.history / "0002_places.down.sql").read_text(encoding="utf-8")

    way = "NOCOPY" if shop.server.family == "mariadb" else "INPLACE"
    assert ", ALGORITHM=INSTANT;" in text
    assert f"ALGORITHM={way} LOCK=NONE;" in text
    assert "ALGORITHM=" in down


def test_the_setting_pins_every_run(shop: Project) -> None:
    shop.settings('NESTFLUX["PIN_VERDICTS"] = True')

    assert "ALGORITHM=INSTANT" in added(shop)


def test_without_either_nothing_is_pinned(shop: Project) -> None:
    assert "ALGORITHM" not in added(shop)


def test_a_pinned_file_goes_up_and_down_and_is_no_edit(shop: Project) -> None:
    added(shop, "--pin")

    shop.succeeds("db_migrate", "--replay")
    assert shop.run("db_check").code == 0
    assert "edited" not in shop.run("db_check").stdout
    shop.succeeds("db_rollback", "--yes", "--no-backup")
    shop.succeeds("db_migrate")


def test_a_server_that_would_go_another_way_refuses(shop: Project) -> None:
    """A table of another row format cannot take a column instantly."""
    added(shop, "--pin")
    shop.succeeds("db_migrate", "--to", "0001_orders", "--replay")
    if shop.server.family == "mysql":
        shop.sql("ALTER TABLE shop_order ROW_FORMAT=COMPRESSED")
    else:
        shop.sql("ALTER TABLE shop_order ENGINE=Aria")

    outcome = shop.run("db_migrate")

    assert outcome.code == 1
    assert "ALGORITHM" in outcome.stderr
    assert "place" not in shop.columns("shop_order")


def test_a_wrong_setting_is_refused(shop: Project) -> None:
    shop.settings('NESTFLUX["PIN_VERDICTS"] = "yes"')

    outcome = shop.run("db_generate")

    assert outcome.code != 0
    assert "is 'yes', and is to be True or False." in outcome.stdout + outcome.stderr


@pytest.mark.parametrize(
    ("family", "sql", "verdict", "expected"),
    [
        (
            "mysql",
            "ALTER TABLE t ADD x int",
            "instant",
            "ALTER TABLE t ADD x int, ALGORITHM=INSTANT",
        ),
        (
            "mysql",
            "ALTER TABLE t MODIFY x int NOT NULL",
            "rebuilds the table in place, no lock",
            "ALTER TABLE t MODIFY x int NOT NULL, ALGORITHM=INPLACE, LOCK=NONE",
        ),
        (
            "mariadb",
            "DROP INDEX `i` ON `t`",
            "no copy, no lock",
            "ALTER TABLE `t` DROP INDEX `i`, ALGORITHM=NOCOPY, LOCK=NONE",
        ),
        ("mysql", "ALTER TABLE t ADD x int", "instant (a new table)", None),
        ("mysql", "ALTER TABLE t MODIFY x char(9)", "copies the table, blocks writes", None),
        ("mysql", "CREATE TABLE t (x int)", "creates a table", None),
        ("mysql", "ALTER TABLE t ADD x int", "not measured", None),
        ("mysql", "ALTER TABLE t ADD x int, ALGORITHM=INSTANT", "instant", None),
        ("mysql", "ALTER TABLE t ADD x int, ALGORITHM=COPY", "as it asks: ALGORITHM=COPY", None),
    ],
)
def test_what_is_pinned(family: str, sql: str, verdict: str, expected: str | None) -> None:
    assert pinned(sql, family, verdict) == (expected or sql)
