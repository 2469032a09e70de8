"""A load of the snapshot that died: what the next run may drop, and what it may not."""

from __future__ import annotations

import hashlib

from nestflux.history.snapshots import rows_made_by
from tests.scenario import Project


def test_a_dump_that_was_restored_after_the_load_died_is_not_dropped(shop: Project) -> None:
    _let_the_load_die(shop)
    shop.sql("INSERT INTO shop_category (id, title) VALUES (77, 'production')")

    refused = shop.run("db_migrate")
    kept = shop.sql("SELECT title FROM shop_category WHERE id = 77")
    shop.sql("DELETE FROM shop_category WHERE id = 77")
    loaded = shop.succeeds("db_migrate")

    assert refused.code == 2
    assert "the table shop_category holds more than the 2 rows that it makes" in refused.stderr
    assert kept == [("production",)]
    assert "✓ Loaded schema.sql" in loaded.stdout


def test_a_table_that_the_load_does_not_make_keeps_everything(shop: Project) -> None:
    _let_the_load_die(shop)
    shop.sql("CREATE TABLE theirs (id int)")

    refused = shop.run("db_migrate")
    kept = shop.tables()
    shop.sql("DROP TABLE theirs")
    loaded = shop.succeeds("db_migrate")

    assert refused.code == 2
    assert "the table theirs is there" in refused.stderr
    assert "Now:   nothing was dropped" in refused.stderr
    assert {"shop_category", "shop_product"} <= set(kept)
    assert "✓ Loaded schema.sql" in loaded.stdout


def test_a_replay_after_a_load_that_died_is_resumed_and_not_dropped(shop: Project) -> None:
    _let_the_load_die(shop)
    shop.sql("DROP TABLE shop_product")
    shop.sql("CREATE VIEW shop_product AS SELECT 1 AS id")  # in the way of CREATE TABLE

    failed = shop.run("db_migrate", "--replay")
    shop.sql("DROP VIEW shop_product")
    finished = shop.run("db_migrate", "--replay")

    assert "0001_first.sql, statement 3 of" in failed.stderr
    assert finished.code == 0, str(finished)
    assert shop.sql("SELECT title FROM shop_category ORDER BY id") == [("tools",), ("toys",)]


def test_rows_are_counted_by_table_outside_strings_and_calls() -> None:
    statements = [
        "SET NAMES utf8mb4",
        "CREATE TABLE `a` (id int)",
        "INSERT INTO `a` (`id`, `b`) VALUES\n  (1, ', (2)'),\n  (UUID(), CONCAT('x', (1)))",
        "INSERT INTO `a` (`id`, `b`) VALUES\n  (3, 'y')",
        "INSERT INTO `values` (`(`) /* ( */ VALUES ('\\'('), (\"(\"), # (\n (-- (\n 1)",
    ]

    assert rows_made_by(statements) == {"a": 3, "values": 3}


def test_a_load_imports_nothing_that_it_does_not_need(shop: Project) -> None:
    outcome = shop.python(
        """
        import json, sys
        from django.core.management import call_command
        call_command("db_migrate", stdout=sys.stderr)
        print(json.dumps(sorted(sys.modules)))
        """,
        forked=False,
    )

    imported = set(outcome.json)
    assert "✓ Loaded schema.sql" in outcome.stderr
    assert "nestflux.applying.run.fresh" in imported
    assert not imported & {
        "nestflux.applying.run.one_by_one",
        "nestflux.applying.backups.taking",
        "nestflux.applying.recovery.reversing",
        "nestflux.applying.run.rollback",
    }


def _let_the_load_die(shop: Project) -> None:
    """After the last table and row of the snapshot, before anything is booked."""
    schema, path = shop.history / "schema.sql", shop.history / "journal.json"
    text, journal = schema.read_text(), path.read_text()
    broken = text + "\nCREATE TABLE shop_product (id int);\n"
    schema.write_text(broken)
    path.write_text(journal.replace(_digest(text), _digest(broken)))

    failed = shop.run("db_migrate")
    schema.write_text(text)
    path.write_text(journal)

    assert failed.code == 1
    assert "schema.sql, statement" in failed.stderr


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
