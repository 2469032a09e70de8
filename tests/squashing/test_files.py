"""``db_squash``: what it writes, and what it leaves when it is killed."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from nestflux.exceptions import HistoryError
from nestflux.history import journal as journal_file
from nestflux.history.journal import Entry, Journal
from nestflux.history.sqlfile import Direction, Replaced, SqlFile, parse, render, replaces_of
from nestflux.recording.squash import choose_replaced
from nestflux.sql.ordering import parents_first
from tests.scenario import Project
from tests.squashing.histories import LAST, OLD, SQUASH
from tests.squashing.shelf import AFTER, BEFORE, applied, check_out, keep

# Those of the migration whose rows may not be frozen.
TOKENS = """
    import secrets
    from django.db import migrations

    def fill(apps, schema_editor):
        apps.get_model("shop", "Event").objects.create(what=secrets.token_hex(8))

    class Migration(migrations.Migration):
        dependencies = [("shop", "0005_stamp_note")]
        operations = [migrations.RunPython(fill, migrations.RunPython.noop)]
"""


def listed(shop: Project) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted(shop.history.iterdir())}


def names(shop: Project) -> list[str]:
    return sorted({path.name.split(".")[0] for path in shop.history.glob("[0-9]*")})


# ---- what is written -----------------------------------------------------------------------


def test_a_squash_gives_what_its_files_gave(shop: Project) -> None:
    """Edits, keys in a circle, rows, and rows of their own in each database; proved again by
    ``db_check``."""
    snapshot = shop.read(f"migrations_sql/{shop.server.family}/schema.sql")
    old = [entry(shop, name) for name in OLD]
    check_out(shop, AFTER)

    text = (shop.history / f"{SQUASH}.sql").read_text(encoding="utf-8")
    checked = shop.succeeds("db_check")

    assert names(shop) == [SQUASH, "0005_note"]
    assert shop.read(f"migrations_sql/{shop.server.family}/schema.sql") == snapshot
    file = parse(text)
    assert [(r.name, r.id, r.up) for r in file.replaces] == [(e.name, e.id, e.up) for e in old]
    assert entry(shop, SQUASH).replaces == file.replaces
    assert entry(shop, SQUASH).migrations == tuple(m for e in old for m in e.migrations)
    assert entry(shop, SQUASH).recorded_migrations == tuple(
        row for e in old for row in e.recorded_migrations
    )
    assert "PARTITION BY HASH" in text
    assert "CURRENT_TIMESTAMP(6)" in text
    assert text.index("CREATE TABLE `shop_item`") < text.index("CREATE TABLE `shop_stamp`")
    assert "✓ Nothing was found." in checked.stdout
    assert f"recorded again, of {SQUASH}.sql: a squash is of the schema" in checked.stdout
    assert shop.succeeds("db_generate", "--check").code == 0


def entry(shop: Project, name: str) -> Entry:
    text = (shop.history / "journal.json").read_text(encoding="utf-8")
    return journal_file.loads(text).entry(name)


def test_a_squash_of_a_squash(squashed: Project) -> None:
    """A database that books it need not have booked the first one, and goes back to any of the
    three checkouts."""
    squashed.succeeds("db_squash", "--name", "again", "--yes")
    keep(squashed, "twice")
    wanted = entry(squashed, "0005_again").replaces

    squashed.succeeds("db_migrate")

    assert [each.name for each in wanted] == [SQUASH, "0005_note"]
    assert [each.name for each in wanted[0].replaces] == list(OLD)
    assert applied(squashed) == ["0005_again"]
    for name, there in (
        (AFTER, [SQUASH, "0005_note"]),
        (BEFORE, [*OLD, "0005_note"]),
        ("twice", ["0005_again"]),
        (BEFORE, [*OLD, "0005_note"]),
        (AFTER, [SQUASH, "0005_note"]),
    ):
        check_out(squashed, name)
        squashed.succeeds("db_migrate")
        assert applied(squashed) == there


def test_accepting_an_edit_of_it(shop: Project) -> None:
    """What it makes stays; how may change."""
    check_out(shop, AFTER)
    name = f"migrations_sql/{shop.server.family}/{SQUASH}.sql"
    known = entry(shop, SQUASH)
    shop.edit(name, "CREATE TABLE `shop_item`", "-- What is sold.\nCREATE TABLE `shop_item`")
    shop.succeeds("db_generate", "--accept", f"{SQUASH}.sql")
    accepted = entry(shop, SQUASH)
    shop.edit(name, "'it''s'", "'its'")

    refused = shop.run("db_generate", "--accept", f"{SQUASH}.sql")

    assert accepted.up != known.up
    assert accepted.replaces == known.replaces
    assert refused.code == 2
    assert "A squash gives what the files gave that it replaces" in refused.stderr
    assert entry(shop, SQUASH) == accepted


# ---- asked, told, refused ------------------------------------------------------------------


def test_it_is_reported_and_agreed_to(shop: Project) -> None:
    before = listed(shop)

    plan = shop.succeeds("db_squash", "--to", f"{LAST}.sql", "--plan")
    unasked = shop.run("db_squash")
    declined = shop.on_a_terminal("db_squash", answers="n\n")

    where = f"migrations_sql/{shop.server.family}/{SQUASH}.sql"
    assert plan.lines[0].endswith(f": {where} takes the place of 4 files:")
    assert plan.lines[1:] == [f"  {name}.sql" for name in OLD]
    assert (unasked.code, declined.code) == (2, 2)
    assert "Not confirmed." in unasked.stderr
    assert "Replace them? [y/N]" in declined.stdout
    assert listed(shop) == before


def test_it_is_refused(shop: Project) -> None:
    shop.write("shop/migrations/0006_tokens.py", TOKENS)
    shop.succeeds("db_generate", "--name", "tokens")
    before = listed(shop)
    for args, words in (
        (["--yes"], "shop_event: what varies"),
        (["--to", "0009_none"], "No SQL migration '0009_none'"),
        (["--to", LAST, "--name", "rows"], "0004_rows is one of the files that would be squashed"),
        (["--name", "No Name"], "cannot be a file name"),
    ):
        outcome = shop.run("db_squash", *args)
        assert outcome.code == 2, str(outcome)
        assert words in outcome.stderr
    assert shop.succeeds("db_squash", "--to", OLD[0]).lines[0].startswith("Nothing to squash")
    assert listed(shop) == before
    check_out(shop, AFTER)
    assert shop.succeeds("db_squash", "--to", LAST).lines[0].startswith("Nothing to squash")
    check_out(shop, BEFORE)
    text = (shop.history / "0002_color.down.sql").read_text(encoding="utf-8")
    (shop.history / "0002_color.down.sql").write_text(f"{text}-- edited\n", encoding="utf-8")
    assert "it was edited" in shop.run("db_squash", "--to", LAST).stderr


_WRONG = """
    from django.core.management import call_command
    from nestflux.recording import squash

    real = squash._in_order
    squash._in_order = lambda text: [sql for sql in real(text) if {left_out!r} not in sql]
    call_command("db_squash", to="0004_rows", yes=True)
"""


@pytest.mark.parametrize(
    ("left_out", "what", "told"),
    [
        (
            "INSERT INTO `shop_item`",
            "The up file does not give the rows that the files give which it replaces:",
            "shop_item: another number of rows",
        ),
        (
            "CREATE TRIGGER",
            "The up file does not give what the files give that it replaces:",
            "- trigger shop_stamped",
        ),
    ],
)
def test_a_text_that_gives_something_else_is_not_written(
    shop: Project, left_out: str, what: str, told: str
) -> None:
    before = listed(shop)

    outcome = shop.python(_WRONG.format(left_out=left_out))

    assert what in outcome.stderr
    assert told in outcome.stderr
    assert listed(shop) == before


# ---- killed --------------------------------------------------------------------------------

_KILLED = """
    import os, pathlib, signal
    from django.core.management import call_command

    done, real = [], pathlib.Path.{method}

    def dies(path, *args, **given):
        done.append(path)
        if len(done) > {times}:
            os.kill(os.getpid(), signal.SIGKILL)
        return real(path, *args, **given)

    pathlib.Path.{method} = dies
    call_command("db_squash", to="0004_rows", yes=True)
"""


@pytest.mark.parametrize(("method", "times"), [("replace", 2), ("unlink", 5)])
def test_killed_while_it_writes(shop: Project, method: str, times: int) -> None:
    """Between its files, and while the old ones go: named, and finished by the next run."""
    killed = shop.python(_KILLED.format(method=method, times=times), forked=False)
    assert killed.code == -9, str(killed)

    check = shop.run("db_check", "--no-shadow")
    done = shop.succeeds("db_squash", "--to", LAST, "--yes")

    assert check.code == 1
    assert f"db_squash was killed while it put {SQUASH}.sql in" in check.stdout
    assert ("removes what a killed db_squash left" in done.stdout) == (method == "unlink")
    assert names(shop) == [SQUASH, "0005_note"]
    assert set(listed(shop)) >= {f"{SQUASH}.sql", f"{SQUASH}.down.sql", f"{SQUASH}.deltas.json"}


# ---- values --------------------------------------------------------------------------------


def _entry(name: str, replaces: tuple[Replaced, ...] = ()) -> Entry:
    return Entry(name, f"id-{name}", "u", "d", "r", (f"shop.{name}",), (f"shop.{name}",), replaces)


def test_which_files() -> None:
    journal = Journal("mysql", tuple(map(_entry, ("0001_a", "0002_b", "0003_c"))))
    again = Journal("mysql", (_entry("0002_s", (Replaced("0001_a", "1", "u"),)), _entry("0003_c")))

    assert [e.name for e in choose_replaced(journal, None)] == ["0001_a", "0002_b", "0003_c"]
    assert [e.name for e in choose_replaced(journal, "2")] == ["0001_a", "0002_b"]
    assert choose_replaced(journal, "0001_a") == ()
    assert choose_replaced(again, "0001_a.sql") == ()
    with pytest.raises(HistoryError, match="0001_a was replaced by 0002_s"):
        again.entry("0001_a")


def test_parents_come_first() -> None:
    circle = parents_first({"a": {"b"}, "b": {"c"}, "c": {"b"}, "d": set()})

    assert parents_first({"a": {"b"}, "b": set()}).order == ("b", "a")
    assert set(circle.order) == set("abcd")
    assert not circle.whole


def test_replaced_files_stand_in_the_header_and_in_the_journal(tmp_path: Path) -> None:
    inner = (Replaced("0001_a", "1", "u1"), Replaced("0002_b", "2", "u2"))
    replaces = (Replaced("0002_s", "3", "u3", inner), Replaced("0003_c", "4", "u4"))
    file = SqlFile("0003_t", Direction.UP, "5", "MySQL 9.7.4", replaces=replaces, notes=("Why",))
    journal = Journal("mysql", (_entry("0003_t", replaces), _entry("0004_d")))

    assert parse(render(file)) == file
    assert replaces_of(render(file)) == replaces
    text = journal_file.dumps(journal)
    assert journal_file.loads(text) == journal
    assert "replaces" not in json.loads(text)["files"][1]
