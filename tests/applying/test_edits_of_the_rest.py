"""What stands behind the statement that stopped a deploy is edited, accepted and gone on with."""

from __future__ import annotations

import re

from tests.applying.dying import die_at
from tests.scenario import Project

LAST = r"-- \[8\][^\n]*\nCREATE INDEX[^;]*;\n"


def _edit(shop: Project, name: str, pattern: str, new: str) -> None:
    path = shop.history / name
    text, times = re.subn(pattern, new, path.read_text(encoding="utf-8"))
    assert times == 1, text
    path.write_text(text, encoding="utf-8")


def _attempt(shop: Project) -> list[tuple[object, ...]]:
    return shop.sql(
        "SELECT s.ordinal, s.state, LEFT(s.`sql`, 12) FROM nestflux_statement s "
        "JOIN nestflux_sql_migration m ON m.id = s.sql_migration_id AND m.attempt = s.attempt "
        "WHERE m.name = '0002_second' AND s.ordinal > 7 ORDER BY s.ordinal"
    )


def test_the_failing_last_statement_is_taken_out_and_nothing_is_left(shop: Project) -> None:
    index = re.search(r"CREATE INDEX `(\w+)`", (shop.history / "0002_second.sql").read_text())
    assert index is not None
    shop.succeeds("db_migrate", "--to", "0001")
    shop.sql(f"CREATE INDEX `{index[1]}` ON shop_product (id)")
    failed = shop.run("db_migrate")
    _edit(shop, "0002_second.sql", LAST, "")
    _edit(shop, "0002_second.down.sql", r"-- \[1\][^\n]*\nDROP INDEX[^;]*;\n", "")

    accepted = shop.succeeds("db_generate", "--accept", "0002_second.sql")
    shop.succeeds("db_migrate")

    assert "statement 8 of 8 failed" in failed.stderr
    assert "db_rollback   (undoes what ran)" in failed.stderr
    assert "Accepted: 0002_second.sql" in accepted.stdout
    assert _attempt(shop) == []
    assert shop.applied() == ["shop.0001_initial", "shop.0002_prices", "shop.0003_titles"]
    assert shop.run("db_status").code == 0


def test_statements_are_added_and_the_ledger_counts_them(shop: Project) -> None:
    shop.succeeds("db_migrate", "--to", "0001")
    die_at(shop, 7)
    more = "ALTER TABLE shop_product COMMENT 'a';\n\nUPDATE shop_product SET price = price + 10;\n"
    _edit(shop, "0002_second.sql", LAST, more)
    _edit(shop, "0002_second.down.sql", r"-- \[1\][^\n]*\nDROP INDEX[^;]*;\n", "")

    shop.succeeds("db_generate", "--accept", "0002_second.sql")
    shop.succeeds("db_migrate")

    assert _attempt(shop) == [(8, "done", "ALTER TABLE "), (9, "done", "UPDATE shop_")]
    assert shop.sql("SELECT price FROM shop_product ORDER BY id") == [(21,), (21,)]
    assert shop.applied()[-1] == "shop.0003_titles"


def test_an_edit_of_what_ran_is_refused(shop: Project) -> None:
    shop.succeeds("db_migrate", "--to", "0001")
    die_at(shop, 6)
    _edit(shop, "0002_second.sql", r"price \+ 1;", "price + 2;")
    shop.succeeds("db_generate", "--accept", "0002_second.sql")

    refused = shop.run("db_migrate")
    undone = shop.succeeds("db_rollback", "--yes")  # by the text that ran, which the ledger keeps

    assert refused.code == 2
    assert "statement 4 ran and is not what the file says any more" in refused.stderr
    assert "✓ Rolled back migration: 0002_second.sql" in undone.stdout
    assert shop.columns("shop_product") == ["id", "name", "category_id"]
