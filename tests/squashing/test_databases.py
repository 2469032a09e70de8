"""Databases that have all, some or none of what a squash replaces."""

from __future__ import annotations

import pytest

from tests.scenario import Project
from tests.squashing.histories import LAST, OLD, SQUASH
from tests.squashing.shelf import AFTER, BEFORE, applied, check_out, states

MIGRATIONS = [
    "depot.0001_initial",
    "depot.0002_longer",
    "depot.0001_squashed_0002",
    "shop.0001_initial",
    "shop.0002_color",
    "shop.0003_stamp",
    "shop.0004_rows",
    "shop.0005_note",
]


def marks(shop: Project) -> list[tuple[object, ...]]:
    return shop.sql("SELECT mark, made FROM shop_stamp")


def test_all(squashed: Project) -> None:
    """It is booked, and nothing runs."""
    rows, texts = (
        marks(squashed),
        squashed.sql("SELECT id, up_text, down_text FROM nestflux_sql_migration ORDER BY id"),
    )
    check = squashed.succeeds("db_check", "--no-shadow")
    status = squashed.succeeds("db_status")
    plan = squashed.succeeds("db_migrate", "--plan")

    done = squashed.succeeds("db_migrate")

    assert "remark applied-files-squashed" in check.stdout
    assert "applied-file-gone" not in check.stdout
    assert f"{SQUASH}  unbooked" in status.stdout
    assert status.lines[-1].startswith("Next: python manage.py db_migrate   (books what is")
    assert plan.lines == [
        f"Books {SQUASH}.sql for 0001_initial.sql … 0004_rows.sql (4 files): nothing runs"
    ]
    assert done.lines == [
        f"✓ Booked {SQUASH}.sql in the place of 4 files: nothing had to run",
        "Database is up to date!",
    ]
    assert states(squashed) == {
        **dict.fromkeys(OLD, "replaced"),
        SQUASH: "applied",
        "0005_note": "applied",
    }
    assert (
        squashed.sql(
            "SELECT id, up_text, down_text FROM nestflux_sql_migration WHERE name <> %s ORDER BY id",
            [SQUASH],
        )
        == texts
    )
    assert marks(squashed) == rows
    assert squashed.applied() == MIGRATIONS
    assert squashed.succeeds("db_migrate").lines == ["Database is up to date!"]
    assert squashed.succeeds("db_status", "--json").json["up_to_date"]
    assert "Found" not in squashed.succeeds("db_check", "--no-shadow").stdout


@pytest.mark.parametrize("how", [(), ("--replay",)])
def test_none(shop: Project, how: tuple[str, ...]) -> None:
    """A fresh database loads schema.sql, or runs it as any file."""
    check_out(shop, AFTER)

    done = shop.succeeds("db_migrate", *how)

    assert ("Loaded schema.sql" in done.stdout) == (not how)
    assert applied(shop) == [SQUASH, "0005_note"]
    assert shop.applied() == MIGRATIONS
    assert len(marks(shop)) == 1
    assert "PARTITION BY HASH" in shop.sql("SHOW CREATE TABLE shop_event")[0][1]
    assert shop.succeeds("db_check", "--no-shadow").code == 0
