"""Databases that have all, some or none of the files that a squash replaces."""

from __future__ import annotations

import json

import pytest

from tests.scenario import Outcome, Project
from tests.squashing.histories import OLD, SQUASH
from tests.squashing.shelf import AFTER, BEFORE, applied, check_out, states

UP_TO_DATE = "Database is up to date!"
MARKED_BACK = f"✓ Marked as applied: 4 files, in place of {SQUASH}.sql; nothing had to run"
MARKED = f"✓ Marked as applied: {SQUASH}.sql, in place of 4 files; nothing had to run"
MIGRATIONS = [
    "depot.0001_initial",
    "depot.0002_longer",
    "depot.0001_squashed_0002",
    "shop.0001_initial",
    "shop.0002_item_color",
    "shop.0003_stamp",
    "shop.0004_rows",
    "shop.0005_stamp_note",
]


def data(shop: Project) -> list[tuple[object, ...]]:
    return [*shop.sql("SELECT * FROM shop_item"), *shop.sql("SELECT * FROM shop_stamp")]


def texts(shop: Project) -> list[tuple[object, ...]]:
    """What the ledger keeps of the files that ran."""
    return shop.sql(
        "SELECT id, up_text, down_text FROM nestflux_sql_migration WHERE name <> %s ORDER BY id",
        [SQUASH],
    )


def own_tables(shop: Project) -> list[str]:
    return [name for name in shop.tables() if not name.startswith(("nestflux_", "django_"))]


def refused(outcome: Outcome, *words: str) -> None:
    assert outcome.code == 2, str(outcome)
    for word in words:
        assert word in outcome.stderr, str(outcome)


# ---- all of them ---------------------------------------------------------------------------


def test_all(squashed: Project) -> None:
    """It is booked, and nothing runs."""
    rows, kept = data(squashed), texts(squashed)
    check = squashed.succeeds("db_check", "--no-shadow")
    status = squashed.succeeds("db_status")
    plan = squashed.succeeds("db_migrate", "--plan")
    by_hand = squashed.run("db_mark_applied", "0005_note", "--yes")

    done = squashed.succeeds("db_migrate")

    assert "remark applied-files-squashed" in check.stdout
    assert "applied-file-gone" not in check.stdout
    assert any(line.split()[:2] == [SQUASH, "unmarked"] for line in status.lines)
    assert status.lines[-1].startswith("Next: python manage.py db_migrate   (marks it")
    assert plan.lines == [
        f"Marks as applied {SQUASH}.sql for 0001_initial.sql … 0004_rows.sql (4 files): "
        "nothing runs"
    ]
    refused(by_hand, "A squash comes first")
    assert done.lines == [MARKED, UP_TO_DATE]
    replaced = dict.fromkeys(OLD, "replaced")
    assert states(squashed) == {**replaced, SQUASH: "applied", "0005_note": "applied"}
    assert (data(squashed), texts(squashed)) == (rows, kept)
    assert squashed.applied() == MIGRATIONS
    assert squashed.succeeds("db_migrate").lines == [UP_TO_DATE]
    assert squashed.succeeds("db_status", "--json").json["up_to_date"]
    assert "Found" not in squashed.succeeds("db_check", "--no-shadow").stdout


def test_all_and_more_to_come(squashed: Project) -> None:
    """In one run: the squash is booked, and the next file runs."""
    check_out(squashed, BEFORE)
    squashed.succeeds("db_rollback", "--yes")
    check_out(squashed, AFTER)

    plan = squashed.succeeds("db_migrate", "--plan", "--json").json
    done = squashed.succeeds("db_migrate", "--json").json

    assert plan["exchanges"] == [{"applied": [SQUASH], "replaced": list(OLD)}]
    assert [file["name"] for file in plan["files"]] == ["0005_note"]
    assert done["exchanged"] == [SQUASH]
    assert [file["name"] for file in done["applied"]] == ["0005_note"]
    assert applied(squashed) == [SQUASH, "0005_note"]


# ---- none of them --------------------------------------------------------------------------


@pytest.mark.parametrize("how", [(), ("--replay",)])
def test_none(shop: Project, how: tuple[str, ...]) -> None:
    """A fresh database loads schema.sql, or runs it as any file."""
    check_out(shop, AFTER)
    # The code of what was squashed does not count any more.
    shop.edit("shop/migrations/0002_item_color.py", "max_length=9", "max_length=8")
    shop.edit("shop/migrations/0004_rows.py", "älteste", "jüngste")

    done = shop.succeeds("db_migrate", *how)

    assert ("Loaded schema.sql" in done.stdout) == (not how)
    assert applied(shop) == [SQUASH, "0005_note"]
    assert shop.applied() == MIGRATIONS
    assert len(shop.sql("SELECT * FROM shop_stamp")) == 1
    assert "PARTITION BY HASH" in shop.sql("SHOW CREATE TABLE shop_event")[0][1]
    assert "Found" not in shop.succeeds("db_check", "--no-shadow").stdout


# ---- some of them --------------------------------------------------------------------------


def test_some(shop: Project) -> None:
    """Refused, with the way out; which works."""
    shop.succeeds("db_migrate", "--to", "0002")
    check_out(shop, AFTER)
    before = states(shop)

    answers = [shop.run(*c.split()) for c in ("db_migrate", "db_migrate --plan", "migrate")]
    status, check = shop.run("db_status"), shop.run("db_check", "--no-shadow")

    for answer in answers:
        refused(
            answer,
            "applied: 0001_initial, 0002_color; missing: 0003_stamp; missing: 0004_rows.",
            f"$(git log -1 --format=%h --diff-filter=A -- '*/{SQUASH}.sql')^ && python",
        )
    assert (status.code, check.code) == (1, 1)
    assert f"{SQUASH} replaces files of which" in status.stdout
    assert "another branch" not in status.stdout.lower()
    assert status.lines[-1] == "Next: python manage.py db_migrate   (says how to come there)"
    assert "error ledger-contradiction" in check.stdout
    assert "applied-file-gone" not in check.stdout
    assert states(shop) == before
    check_out(shop, BEFORE)
    shop.succeeds("db_migrate")
    check_out(shop, AFTER)
    assert shop.succeeds("db_migrate").lines == [MARKED, UP_TO_DATE]


def test_one_in_flight(shop: Project) -> None:
    """A file that failed is not one that is there; nor is one whose rollback failed."""
    shop.sql("CREATE TABLE shop_stamp (id int)")
    assert shop.run("db_migrate", "--to", "0002").code == 2  # it was no fresh database
    shop.sql("DROP TABLE shop_stamp")
    shop.succeeds("db_migrate", "--to", "0002")
    shop.sql("CREATE TABLE shop_stamp (id int)")
    assert shop.run("db_migrate").code == 1
    check_out(shop, AFTER)

    refused(shop.run("db_migrate"), "half applied: 0003_stamp", "missing: 0004_rows")

    shop.sql("DROP TABLE shop_stamp")
    check_out(shop, BEFORE)
    shop.succeeds("db_migrate")
    shop.sql(
        "UPDATE nestflux_sql_migration SET state = 'rolling_back', direction = 'down' "
        "WHERE name = '0004_rows'"
    )
    check_out(shop, AFTER)
    refused(shop.run("db_migrate"), "half rolled back: 0004_rows")


def test_one_with_another_text(squashed: Project) -> None:
    squashed.sql("UPDATE nestflux_sql_migration SET up_sha256 = 'x' WHERE name = '0003_stamp'")

    refused(squashed.run("db_migrate"), "applied with another text: 0003_stamp")


# ---- back ----------------------------------------------------------------------------------


def test_rolled_back(squashed: Project) -> None:
    """Whole, after what stands on it, whether it was booked before or not."""
    squashed.succeeds("db_migrate")
    last = squashed.succeeds("db_rollback", "--plan", "--json").json["files"]
    part = squashed.run("db_rollback", "0002_color", "--yes")
    squashed.succeeds("db_rollback", "--to", SQUASH, "--yes")
    assert applied(squashed) == [SQUASH]

    squashed.succeeds("db_rollback", SQUASH, "--yes")

    assert [file["name"] for file in last] == ["0005_note"]
    refused(part, "0002_color was replaced by a squash, which is undone as a whole")
    assert own_tables(squashed) == []
    assert squashed.applied() == []
    assert states(squashed)[SQUASH] == "rolled_back"
    assert "Loaded schema.sql" in squashed.succeeds("db_migrate").stdout
    squashed.succeeds("db_rollback", "--to", "zero", "--yes")
    check_out(squashed, BEFORE)
    squashed.succeeds("db_migrate", "--replay")
    check_out(squashed, AFTER)

    done = squashed.succeeds("db_rollback", "--to", "zero", "--yes")

    assert MARKED in done.lines
    assert own_tables(squashed) == []
    check_out(squashed, BEFORE)
    assert squashed.succeeds("db_migrate", "--replay").code == 0
    assert applied(squashed) == [*OLD, "0005_note"]


def test_what_stands_on_it_may_have_run_before_the_last_of_its_files(squashed: Project) -> None:
    """A file that was merged late: the squash is known as older than what stands on it."""
    squashed.sql(
        "UPDATE nestflux_sql_migration SET finished_at = '2020-01-01' WHERE name = '0005_note'"
    )
    squashed.succeeds("db_migrate")

    assert applied(squashed) == [SQUASH, "0005_note"]
    assert "Found" not in squashed.succeeds("db_check", "--no-shadow").stdout


# ---- an older checkout ---------------------------------------------------------------------


def test_a_checkout_of_before_it(squashed: Project) -> None:
    """Its files are applied: nothing runs twice, and each can be undone."""
    squashed.succeeds("db_migrate")
    rows = data(squashed)
    check_out(squashed, BEFORE)
    off_branch = squashed.succeeds("db_rollback", "--off-branch", "--yes")
    check = squashed.succeeds("db_check", "--no-shadow")

    done = squashed.succeeds("db_migrate")

    assert off_branch.lines == ["Nothing to roll back."]
    assert "remark applied-files-squashed" in check.stdout
    assert done.lines == [
        MARKED_BACK,
        UP_TO_DATE,
    ]
    assert applied(squashed) == [*OLD, "0005_note"]
    assert states(squashed)[SQUASH] == "replaced"
    assert data(squashed) == rows
    assert squashed.applied() == MIGRATIONS
    squashed.succeeds("db_rollback", "0004", "--yes")
    assert applied(squashed) == list(OLD[:3])
    squashed.succeeds("db_migrate")
    check_out(squashed, AFTER)
    assert squashed.succeeds("db_migrate").lines == [MARKED, UP_TO_DATE]
    assert applied(squashed) == [SQUASH, "0005_note"]


def test_an_older_checkout_of_a_database_that_never_ran_its_files(shop: Project) -> None:
    check_out(shop, AFTER)
    shop.succeeds("db_migrate")
    check_out(shop, BEFORE)

    rolled = shop.succeeds("db_rollback", "--to", "0003_stamp", "--yes")

    assert (
        f"✓ Marked as applied: 4 files, in place of {SQUASH}.sql; nothing had to run"
        in rolled.lines
    )
    assert applied(shop) == list(OLD[:3])
    assert shop.applied() == MIGRATIONS[:-2]
    assert shop.columns("shop_stamp") == ["id", "mark", "made", "item_id"]


def test_a_checkout_of_still_earlier(squashed: Project) -> None:
    """It has some of the files. Those that it lacks are another branch's where the ledger knows
    them; where it does not, there is no way to tell them from one another."""
    squashed.succeeds("db_migrate")
    check_out(squashed, BEFORE)
    journal = json.loads((squashed.history / "journal.json").read_text())
    journal["files"] = journal["files"][:2]
    (squashed.history / "journal.json").write_text(json.dumps(journal))
    for module in ("0003_stamp", "0004_rows", "0005_stamp_note"):
        squashed.remove(f"shop/migrations/{module}.py")

    status = squashed.succeeds("db_status", "--json").json
    done = squashed.succeeds("db_migrate")

    assert [file["state"] for file in status["files"]][:2] == ["unmarked", "unmarked"]
    assert all(file["off_branch"] for file in status["files"][2:])
    assert (
        f"✓ Marked as applied: 4 files, in place of {SQUASH}.sql; nothing had to run" in done.lines
    )
    squashed.sql("UPDATE nestflux_sql_migration SET state = 'applied' WHERE name = %s", [SQUASH])
    squashed.sql(
        "DELETE FROM nestflux_sql_migration WHERE state <> 'applied' OR number < 5 AND name <> %s",
        [SQUASH],
    )

    refused(
        squashed.run("db_migrate"),
        f"This database has {SQUASH}",
        "and for others: 0003_stamp, 0004_rows.",
    )


# ---- other commands ------------------------------------------------------------------------


def test_stock_commands(squashed: Project) -> None:
    assert squashed.run("migrate", "--check").code == 0
    assert squashed.succeeds("migrate").lines == [MARKED, UP_TO_DATE]
    assert squashed.succeeds("migrate", "shop", "0005").lines == ["No migrations to apply."]
    refused(squashed.run("migrate", "shop", "0003"), "files are undone whole", "db_rollback")
    refused(squashed.run("migrate", "shop", "zero"), "keep depot.0001_squashed_0002")
    refused(squashed.run("sqlmigrate", "shop", "0002_item_color"), "has no SQL of its own any more")
    assert "ALTER TABLE" in squashed.succeeds("sqlmigrate", "shop", "0005").stdout
    assert "[ ]" not in squashed.succeeds("showmigrations").stdout
    assert squashed.succeeds("db_generate", "--check").code == 0


def test_a_baseline(shop: Project) -> None:
    """Of a database that stock Django migrated, and that has what a reviewer edited."""
    shop.succeeds("db_migrate", "--replay")
    for table in shop.tables():
        if table.startswith("nestflux_"):
            shop.sql(f"DROP TABLE {table}")
    check_out(shop, AFTER)

    done = shop.succeeds("db_baseline", "--yes")

    assert "✓ Baselined at 0005_note.sql" in done.lines
    assert applied(shop) == [SQUASH, "0005_note"]


# ---- killed --------------------------------------------------------------------------------

_KILLED = """
    import os, signal
    from nestflux.applying.run.migrate import migrate
    from nestflux.applying.target import open_target
    from nestflux.ledger.ledger import Ledger

    def die(*args, **given):
        os.kill(os.getpid(), signal.SIGKILL)

    Ledger.{method} = die
    migrate(open_target("default"))
"""


@pytest.mark.parametrize("method", ["put_applied", "close_run"])
def test_killed_while_it_is_recorded(squashed: Project, method: str) -> None:
    """All of the booking, or nothing."""
    killed = squashed.python(_KILLED.format(method=method), forked=False)
    assert killed.code == -9, str(killed)
    found = set(applied(squashed))
    assert found == ({*OLD, "0005_note"} if method == "put_applied" else {SQUASH, "0005_note"})

    squashed.succeeds("db_migrate")

    assert applied(squashed) == [SQUASH, "0005_note"]
    assert squashed.applied() == MIGRATIONS


_KILLED_AT = """
    import os, signal
    from nestflux.applying.run.migrate import migrate
    from nestflux.applying.target import open_target
    from nestflux.applying.run.rollback import rollback
    from nestflux.applying.run.context import Options
    from nestflux.applying.run.attempt import Attempt

    run = Attempt._execute

    def execute(self, task, operation):
        if task.ordinal == {ordinal} and self.row.name == "0004_squashed":
            os.kill(os.getpid(), signal.SIGKILL)
        return run(self, task, operation)

    Attempt._execute = execute
    {command}
"""


def killed_at(shop: Project, ordinal: int, command: str) -> None:
    outcome = shop.python(_KILLED_AT.format(ordinal=ordinal, command=command), forked=False)
    assert outcome.code == -9, str(outcome)


def test_killed_while_it_runs(shop: Project) -> None:
    """At a table it is reversed, at its last rows gone on with; or either."""
    check_out(shop, AFTER)
    replay = 'migrate(open_target("default"), replay=True)'
    killed_at(shop, 3, replay)
    assert shop.applied() == []
    shop.succeeds("db_rollback", "--yes")
    assert own_tables(shop) == []
    killed_at(shop, 6, replay)

    shop.succeeds("db_migrate")

    assert applied(shop) == [SQUASH, "0005_note"]
    assert shop.applied() == MIGRATIONS
    assert len(shop.sql("SELECT * FROM shop_item")) == 2


def test_killed_while_it_is_undone(squashed: Project) -> None:
    """It is gone on with, or reversed."""
    squashed.succeeds("db_rollback", "--yes")
    undo = 'rollback(open_target("default"), options=Options(command="db_rollback"))'
    killed_at(squashed, 4, undo)
    turned = squashed.succeeds("db_migrate", "--to", SQUASH)
    squashed.succeeds("db_migrate")
    assert applied(squashed) == [SQUASH, "0005_note"]
    assert len(data(squashed)) == 3
    squashed.succeeds("db_rollback", "--yes")
    killed_at(squashed, 4, undo)

    squashed.succeeds("db_rollback", "--yes")

    assert f"{SQUASH}.sql: reversing the rollback" in turned.stdout
    assert own_tables(squashed) == []
    assert squashed.applied() == []
