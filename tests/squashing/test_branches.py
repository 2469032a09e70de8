"""A squash on main, and a branch that was begun before it."""

from __future__ import annotations

import pytest

from nestflux.exceptions import Refused
from nestflux.history.journal import Entry, Journal, dumps
from nestflux.history.merging import rebase
from nestflux.history.sqlfile import Replaced
from tests.recording.test_rebase import commit, git
from tests.scenario import Project
from tests.squashing.histories import LAST, NOTE, SQUASH
from tests.squashing.shelf import applied

MARKED = f"✓ Marked as applied: {SQUASH}.sql, in place of 4 files; nothing had to run"


def test_a_branch_comes_on_top_of_it(shop: Project) -> None:
    """Git merges the journals by itself, unless main got another file, too. The branch's database
    books the squash, and knows its own file again."""
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
    git(shop, "switch", "-qc", "merged")
    git(shop, "merge", "-qm", "…", "more")
    merged = shop.succeeds("db_migrate", "--plan", "--json").json
    checked = shop.succeeds("db_check", "--no-ledger")
    git(shop, "switch", "-q", "main")
    shop.edit("depot/models.py", "max_length=20", "max_length=30")
    shop.succeeds("db_generate", "--name", "longer")
    commit(shop)
    git(shop, "merge", "-q", "more", code=1)
    rebased = shop.succeeds("db_generate", "--rebase", "0006_more")

    done = shop.succeeds("db_migrate")

    assert (len(merged["exchanges"]), merged["files"], merged["relinks"]) == (1, [], {})
    assert "✓ Nothing was found." in checked.lines
    assert "✓ Recorded again: 0007_more.sql (was 0006_more.sql)" in rebased.lines
    assert MARKED in done.lines
    assert "0006_more ran already as 0007_more: the same statements" in done.lines
    assert "✓ Applied migration: 0006_longer.sql" in done.stdout
    assert applied(shop) == [SQUASH, "0005_note", "0007_more", "0006_longer"]
    assert {path.name[:4] for path in shop.history.glob("0*")} == {"0004", "0005", "0006", "0007"}


def _entry(name: str, *replaces: str) -> Entry:
    replaced = tuple(Replaced(old, f"id-{old}", "u") for old in replaces)
    return Entry(name, f"id-{name}", "u", "d", "r", (f"shop.{name}",), (f"shop.{name}",), replaced)


def test_a_conflict_in_which_the_squash_stands() -> None:
    """What it replaces is not left on the other side; and it is no file to be recorded again."""
    ours = Journal("mysql", (_entry("0002_squashed", "0001_a", "0002_b"), _entry("0003_ours")))
    theirs = Journal("mysql", (_entry("0001_a"), _entry("0002_b"), _entry("0003_theirs")))
    text = f"<<<<<<< HEAD\n{dumps(ours)}=======\n{dumps(theirs)}>>>>>>> theirs\n"

    found = rebase(text, ["0003_theirs"])

    assert found.kept == ours
    assert [entry.name for entry in found.moved] == ["0003_theirs"]
    with pytest.raises(Refused, match="0002_squashed is a squash"):
        rebase(text, ["0002_squashed", "0003_ours"])
