"""A change of a large table, judged on machines that never see production."""

from __future__ import annotations

import re
import secrets

import pytest

from tests.conftest import ProjectFactory
from tests.scenario import Project

MODELS = """
    from django.db import models

    class Order(models.Model):
        note = models.CharField(max_length=40)
        total = models.IntegerField()
"""
# A slow server, so that some thousand rows are many.
SLOW = 'NESTFLUX["SIZES"] = {"COPY_MB_A_SECOND": 0.1, "BLOCKED_SECONDS": 5}'
ROWS = 8_192


@pytest.fixture
def shop(project: ProjectFactory) -> Project:
    """A project whose database is production, with many rows in one table."""
    made = project({"shop": {"models.py": MODELS}}, settings=SLOW)
    made.succeeds("db_generate", "--name", "orders")
    made.succeeds("db_migrate")
    made.sql(f"INSERT INTO shop_order (note, total) VALUES ('{'x' * 40}', 1)")
    while made.sql("SELECT COUNT(*) FROM shop_order") != [(ROWS,)]:
        made.sql("INSERT INTO shop_order (note, total) SELECT note, total FROM shop_order")
    made.sql("ANALYZE TABLE shop_order")
    return made


@pytest.fixture
def at_home(shop: Project) -> dict[str, str]:
    """The environment of a developer, whose database is an empty one."""
    name = f"{shop.database}_{secrets.token_hex(3)}"
    shop.server.sql(f"CREATE DATABASE `{name}` CHARACTER SET utf8mb4")
    return {"DATABASE_URL": shop.server.database_url(name)}


NOBODY = {"DATABASE_URL": "mysql://nobody@127.0.0.1:9/nothing"}


def profiled(shop: Project) -> None:
    """Somebody who may read production, and no more, keeps what it is."""
    with shop.a_user("nf_reader", "secret", f"SELECT ON `{shop.database}`.*") as production:
        written = shop.succeeds(
            "db_profile", "--write", "--seconds", "0", env={"DATABASE_URL": production}
        )
    assert "✓ Wrote migrations_sql/profile.json" in written.lines


def test_a_copy_is_judged_on_a_developers_empty_database_and_in_ci_without_any(
    shop: Project, at_home: dict[str, str]
) -> None:
    profiled(shop)
    shop.succeeds("db_migrate", env=at_home)
    shop.edit("shop/models.py", "models.IntegerField", "models.BigIntegerField")

    generated = shop.succeeds("db_generate", "--name", "large_totals", env=at_home)
    planned = shop.succeeds("db_migrate", "--plan", env=at_home)
    checked = shop.run("db_check", "--no-server", env=NOBODY)

    for outcome in (generated, planned):
        # InnoDB's own estimate, which is not exact.
        assert re.search(r"shop_order: about \d,\d00 rows, .* \(profile.json\)", outcome.stdout)
    assert checked.code == 1
    assert "error blocking-copy: 0002_large_totals.sql, statement 1, copies" in checked.stdout


def test_an_index_needs_neither_a_copy_nor_a_rebuild(
    shop: Project, at_home: dict[str, str]
) -> None:
    profiled(shop)
    shop.succeeds("db_migrate", env=at_home)
    shop.edit("shop/models.py", "models.IntegerField()", "models.IntegerField(db_index=True)")

    generated = shop.succeeds("db_generate", "--name", "by_total", env=at_home)
    checked = shop.succeeds("db_check", "--no-server", env=NOBODY)

    assert "shop_order" not in generated.stdout
    assert checked.lines[-1] == "✓ Nothing was found."
