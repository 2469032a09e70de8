"""Runs that fail, race and die, and the next run that goes on: nothing twice, nothing by hand."""

from __future__ import annotations

import re
import subprocess
import time

import pytest

from tests.scenario import Project, TestServer, kill
from tests.scenarios.looking import rows_of, schema_of
from tests.scenarios.refusing import stops
from tests.scenarios.shop import add_field

ADD_HUNDRED = """
    from django.db import migrations

    class Migration(migrations.Migration):
        dependencies = [("shop", "LAST")]
        operations = [
            migrations.RunSQL("UPDATE shop_product SET stock = stock + 100", migrations.RunSQL.noop)
        ]
"""


def last_migration(shop: Project) -> str:
    return sorted(p.stem for p in (shop.path / "shop" / "migrations").glob("0*.py"))[-1]


class TestAStatementFails:
    """The second of three: a unique index on rows of which two are the same."""

    @pytest.fixture
    def unique(self, migrated: Project) -> Project:
        shop = migrated
        shop.sql("INSERT INTO shop_product (name, price, stock) VALUES ('a', 1, 0), ('a', 2, 0)")
        add_field(shop, "colour = models.CharField(max_length=9, default='')")
        add_field(shop, "size = models.IntegerField(default=1)")
        shop.edit("shop/models.py", "max_length=40", "max_length=40, unique=True")
        shop.succeeds("db_generate", "--name", "unique_names")
        return shop

    def test_it_is_reported_fixed_and_resumed(self, unique: Project) -> None:
        shop = unique
        statements = re.findall(r"^ALTER TABLE.*;$", up(shop, "0003_unique_names"), re.M)
        failing = next(n for n, sql in enumerate(statements, 1) if "UNIQUE" in sql)
        total = len(statements)
        assert failing > 1

        outcome = shop.run("db_migrate")

        stops(
            outcome,
            says=f"0003_unique_names.sql, statement {failing} of {total} failed: ",
            then="fix the cause, then: python manage.py db_migrate",
            code=1,
        )
        assert "'a'" in outcome.stderr
        assert f"and statement {failing} changed nothing" in outcome.stderr
        status = shop.run("db_status")
        assert status.code == 1
        assert f"failed, statement {failing} of {total}" in status.stdout
        assert "Duplicate entry 'a'" in status.stdout
        assert shop.run("db_migrate").code == 1  # the same again, as long as nothing is fixed
        assert "colour" in shop.columns("shop_product")

        shop.sql("UPDATE shop_product SET name = 'b' WHERE price = 2")
        outcome = shop.succeeds("db_migrate")

        assert outcome.lines[-1] == "Database is up to date!"
        assert shop.succeeds("db_status").lines[-1] == "Database is up to date!"
        assert rows_of(shop)["shop_product"] == [
            "(1, 'a', 1, 0, '', 1)",
            "(2, 'b', 2, 0, '', 1)",
        ]
        done = shop.sql(
            "SELECT s.ordinal, s.state, s.tries FROM nestflux_statement s "
            "JOIN nestflux_sql_migration m ON m.id = s.sql_migration_id "
            "WHERE m.name = '0003_unique_names' ORDER BY s.ordinal"
        )
        assert [(n, state) for n, state, _ in done] == [(n + 1, "done") for n in range(total)]
        assert [tries for _, _, tries in done] == [
            3 if n + 1 == failing else 1 for n in range(total)
        ]

    def test_the_rest_may_be_edited_and_accepted_instead(self, unique: Project) -> None:
        shop = unique
        assert shop.run("db_migrate").code == 1
        name = f"migrations_sql/{shop.server.family}/0003_unique_names.sql"
        line = next(one for one in shop.read(name).splitlines() if "UNIQUE" in one)
        shop.edit(name, line, f"UPDATE shop_product SET name = CONCAT(name, id);\n\n{line}")

        shop.succeeds("db_generate", "--accept", "0003_unique_names.sql")
        shop.succeeds("db_migrate")

        assert shop.sql("SELECT name FROM shop_product ORDER BY id") == [("a1",), ("a2",)]


def test_three_deploys_at_once_run_an_update_once(migrated: Project) -> None:
    shop = migrated
    shop.sql("INSERT INTO shop_product (name, price, stock) VALUES ('a', 1, 5)")
    shop.write(
        "shop/migrations/0003_add_hundred.py", ADD_HUNDRED.replace("LAST", last_migration(shop))
    )
    shop.succeeds("db_generate", "--name", "add_hundred")

    deploys = [shop.start("db_migrate") for _ in range(3)]
    ended = [deploy.communicate(timeout=120) for deploy in deploys]

    assert [deploy.returncode for deploy in deploys] == [0, 0, 0], ended
    applied = [out for out, _ in ended if "✓ Applied migration: 0003_add_hundred.sql" in out]
    assert len(applied) == 1
    assert all(out.endswith("Database is up to date!\n") for out, _ in ended)
    assert shop.sql("SELECT stock FROM shop_product") == [(105,)]


def test_a_client_killed_in_the_middle_of_an_alter(migrated: Project) -> None:
    """The server finishes what the dead client asked for; the next run finds that out, or waits
    for it, and runs the rest."""
    shop = migrated
    fill(shop, doublings=18)
    shop.edit("shop/models.py", "price = models.IntegerField", "price = models.BigIntegerField")
    add_field(shop, "colour = models.CharField(max_length=9, default='')")
    shop.succeeds("db_generate", "--name", "big_prices")
    deploy = shop.start("db_migrate")
    wait_for_the_alter(shop.server, shop.database, deploy)

    kill(deploy)

    outcome = shop.succeeds("db_migrate")
    assert outcome.lines[-1] == "Database is up to date!"
    types = dict(
        shop.sql(
            "SELECT COLUMN_NAME, DATA_TYPE FROM information_schema.COLUMNS "
            "WHERE TABLE_SCHEMA = DATABASE() AND TABLE_NAME = 'shop_product'"
        )
    )
    assert (types["price"], types["colour"]) == ("bigint", "varchar")
    assert shop.sql("SELECT COUNT(*), MIN(price), MAX(price) FROM shop_product") == [(2**18, 7, 7)]
    assert shop.succeeds("db_status").lines[-1] == "Database is up to date!"
    replayed = schema_of(shop)
    shop.recreate_database()
    shop.succeeds("db_migrate", "--replay")
    assert schema_of(shop) == replayed


def fill(shop: Project, *, doublings: int) -> None:
    """2**doublings rows, so that a copy of the table takes a while."""
    shop.sql("INSERT INTO shop_product (name, price, stock) VALUES ('a', 7, 0)")
    for _ in range(doublings):
        shop.sql(
            "INSERT INTO shop_product (name, price, stock) SELECT name, price, stock "
            "FROM shop_product"
        )


def wait_for_the_alter(server: TestServer, database: str, deploy: subprocess.Popen[str]) -> None:
    """Until the server is at work on the copy."""
    watcher = server.connect()
    cursor = watcher.cursor()
    until = time.monotonic() + 60
    while time.monotonic() < until and deploy.poll() is None:
        cursor.execute(
            "SELECT INFO FROM information_schema.PROCESSLIST WHERE DB = %s "
            "AND INFO LIKE 'ALTER TABLE%%MODIFY%%'",
            [database],
        )
        if cursor.fetchall():
            watcher.close()
            return
        time.sleep(0.005)
    raise AssertionError("the ALTER was never seen at work")


def up(shop: Project, name: str) -> str:
    return (shop.history / f"{name}.sql").read_text(encoding="utf-8")
