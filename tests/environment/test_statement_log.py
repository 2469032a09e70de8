"""A server whose binary log holds the text of statements (``binlog_format=STATEMENT``): what a
replica would not get as it is here does not run."""

from __future__ import annotations

from collections.abc import Iterator
from textwrap import dedent

import pytest

from tests.environment.conftest import PrivateServer, another_server
from tests.environment.histories import replace_in
from tests.scenario import Project, TestServer, new_project

MODELS = """
    from django.db import models

    class Product(models.Model):
        key = models.CharField(max_length=40)
"""
MAKES = """
    from django.db import migrations

    class Migration(migrations.Migration):
        dependencies = [("shop", "0001_initial")]
        operations = [
            migrations.RunSQL(
                "INSERT INTO shop_product (`key`) VALUES ('lamp')", "DELETE FROM shop_product"
            )
        ]
"""
ASKS = """
    from django.db import migrations

    class Migration(migrations.Migration):
        dependencies = [("shop", "0002_makes")]
        operations = [
            migrations.RunSQL(
                "INSERT INTO shop_product (`key`) VALUES (UUID())", "DELETE FROM shop_product"
            )
        ]
"""
REPEATABLE = """
    DATABASES["default"]["OPTIONS"] = {
        **DATABASES["default"].get("OPTIONS", {}), "isolation_level": "repeatable read"
    }
"""


@pytest.fixture(scope="module")
def logging(tmp_path_factory: pytest.TempPathFactory, server: TestServer) -> Iterator[TestServer]:
    options = ["--log-bin=log", "--binlog-format=STATEMENT", "--server-id=1"]
    if server.family == "mysql":
        options += ["--gtid-mode=ON", "--enforce-gtid-consistency=ON"]
    with another_server(server, tmp_path_factory.mktemp("logging"), *options) as made:
        yield made


@pytest.fixture
def shop(logging: PrivateServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Project]:
    """Two files, of which the second makes a row."""
    path = tmp_path_factory.mktemp("shop")
    project = new_project(
        path, logging, "nf_log", {"shop": {"models.py": MODELS}}, settings=REPEATABLE
    )
    project.succeeds("db_generate", "--name", "first", "--noinput")
    project.write("shop/migrations/0002_makes.py", MAKES)
    project.succeeds("db_generate", "--name", "second", "--noinput")
    yield project
    logging.drop_all(project.database)


def test_a_snapshot_that_asks_for_a_uuid_is_replayed(shop: Project) -> None:
    """As one of an earlier version may do for a row that a Python step made."""
    replace_in(shop, "schema.sql", {"'lamp'": "UUID()"})

    planned = shop.succeeds("db_migrate", "--plan")
    ran = shop.succeeds("db_migrate")

    why = "its rows come from UUID(), which a replica would ask anew (binlog_format=STATEMENT)"
    assert why in planned.stdout
    assert "0002_second.sql" in ran.stdout
    assert "Loaded schema.sql" not in ran.stdout
    assert shop.sql("SELECT `key` FROM shop_product") == [("lamp",)]


def test_a_statement_that_asks_for_a_uuid_is_refused_before_anything_runs(shop: Project) -> None:
    shop.succeeds("db_migrate")
    shop.write("shop/migrations/0003_asks.py", ASKS)
    shop.succeeds("db_generate", "--name", "third", "--noinput")

    refused = shop.run("db_migrate")
    planned = shop.succeeds("db_migrate", "--plan")

    why = "0003_third.sql, statement 1 of 1, asks UUID(), and"
    assert refused.code == 2, str(refused)
    assert why in refused.stderr
    assert "SET GLOBAL binlog_format = 'ROW';" in refused.stderr
    assert f"A run is refused here: {why}" in planned.stdout


def test_the_isolation_under_which_innodb_takes_no_write_is_refused(shop: Project) -> None:
    """Django's own default, READ COMMITTED (1665)."""
    shop.settings("")

    refused = shop.run("db_migrate")
    shown = shop.succeeds("db_status")

    why = "would refuse every write to InnoDB (1665)"
    assert refused.code == 2, str(refused)
    assert why in refused.stderr
    assert 'OPTIONS["isolation_level"] = "repeatable read"' in refused.stderr
    assert why in shown.stdout
    assert shop.tables() == []


def test_a_backup_is_taken_without_gtids_and_brought_back(shop: Project) -> None:
    shop.succeeds("db_migrate")
    shop.edit("shop/models.py", "max_length=40", "max_length=30")
    shop.succeeds("db_generate", "--name", "third", "--noinput")

    shop.succeeds("db_migrate", "--backup", str(shop.path / "backups"))
    (dump,) = (shop.path / "backups").rglob("*.sql")
    restored = shop.succeeds("db_restore", "0003_third", "--yes")

    assert "GTID" not in dump.read_text()
    assert "brought back" in restored.stdout
    assert shop.sql("SELECT `key` FROM shop_product") == [("lamp",)]


@pytest.mark.parametrize("several", [True, False])
def test_a_replica_never_gets_the_condition_of_the_lock(shop: Project, several: bool) -> None:
    """Nobody holds the lock there: its ledger would stand still."""
    single = f'DATABASES["default"]["OPTIONS"]["multi_statements"] = {several}'
    shop.settings(f"{dedent(REPEATABLE)}\n{single}")
    shop.recreate_database()
    shop.server.sql("FLUSH LOGS")

    shop.succeeds("db_migrate", "--replay")

    (*_, (log, *_)) = shop.server.sql("SHOW BINARY LOGS")
    events = [str(event[-1]) for event in shop.server.sql(f"SHOW BINLOG EVENTS IN '{log}'")]
    assert any("UPDATE nestflux_statement" in text for text in events)
    assert [text for text in events if "IS_USED_LOCK" in text] == []
