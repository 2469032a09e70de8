"""A squash on main, and a branch that was begun before it."""

from __future__ import annotations

from tests.recording.test_rebase import commit, git
from tests.scenario import Project
from tests.squashing.histories import LAST, NOTE, OLD, SQUASH
from tests.squashing.shelf import applied


def test_a_branch_is_rebased_on_it(shop: Project) -> None:
    """And the branch's database books the squash and knows its own file again."""
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
    commit(shop)
    git(shop, "merge", "-q", "more", code=1)

    rebased = shop.succeeds("db_generate", "--rebase", "0006_more")
    done = shop.succeeds("db_migrate")

    assert "✓ Recorded again: 0006_more.sql (was 0006_more.sql)" in rebased.lines
    assert f"✓ Booked {SQUASH}.sql in the place of 4 files: nothing had to run" in done.lines
    assert "0006_more: its row is renewed, the statements are the same" in done.lines
    assert applied(shop) == [SQUASH, "0005_note", "0006_more"]
    assert not list(shop.history.glob(f"{OLD[0]}*"))
    assert shop.succeeds("db_check").code == 0
