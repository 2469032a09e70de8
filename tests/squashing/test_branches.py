"""A squash on main, and a branch that was begun before it."""

from __future__ import annotations

import pytest

from tests.recording.test_rebase import commit, git
from tests.scenario import Project
from tests.squashing.histories import LAST, NOTE, SQUASH
from tests.squashing.shelf import applied


@pytest.mark.parametrize("conflict", [False, True], ids=["merged", "rebased"])
def test_a_branch_comes_on_top_of_it(shop: Project, conflict: bool) -> None:
    """Git merges the journals by itself, unless main got another file. The branch's database books
    the squash, and knows its own file again."""
    git(shop, "init", "-q", "-b", "main")
    git(shop, "config", "user.email", "ann@example.com")
    git(shop, "config", "user.name", "Ann")
    commit(shop)
    git(shop, "switch", "-qc", "more")
    shop.write("shop/models.py", shop.read("shop/models.py") + NOTE.replace("note", "more"))
    shop.succeeds("db_generate", "--name", "more")
    shop.succeeds("db_migrate", "--replay")
    commit(shop)
    git(shop, "switch", "-q", "main")
    shop.succeeds("db_squash", "--to", LAST, "--yes")
    if conflict:
        shop.edit("depot/models.py", "max_length=20", "max_length=30")
        shop.succeeds("db_generate", "--name", "longer")
    commit(shop)
    git(shop, "merge", "-q", "more", code=int(conflict))
    if conflict:
        rebased = shop.succeeds("db_generate", "--rebase", "0006_more")
        assert "✓ Recorded again: 0007_more.sql (was 0006_more.sql)" in rebased.lines

    done = shop.succeeds("db_migrate")

    assert f"✓ Booked {SQUASH}.sql in the place of 4 files: nothing had to run" in done.lines
    assert "0005_note.sql" not in done.stdout
    assert "more.sql" not in done.stdout
    assert ("✓ Applied migration: 0006_longer.sql" in done.stdout) == conflict
    more = ["0007_more", "0006_longer"] if conflict else ["0006_more"]
    assert applied(shop) == [SQUASH, "0005_note", *more]
    assert {path.name[:4] for path in shop.history.glob("0*")} == {
        "0004",
        "0005",
        "0006",
        *(["0007"] if conflict else []),
    }
    assert shop.succeeds("db_check").code == 0
