"""``journal.json``: what it holds, and what a bad merge makes of it."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from nestflux.exceptions import HistoryError
from nestflux.history.journal import AfterSnapshot, Entry, Filled, Journal, dumps, loads
from nestflux.history.records import FileRecord
from nestflux.history.sqlfile import Direction, Replaced, Section, SqlFile, render
from nestflux.sql.statements import sha256


def entry(name: str, **given: Any) -> Entry:
    migrations = (f"blog.{name}",)
    values: dict[str, Any] = {
        "id": f"id-of-{name}",
        "up": "1",
        "down": "2",
        "record": "3",
        "migrations": migrations,
        "recorded_migrations": migrations,
    }
    return Entry(name=name, **{**values, **given})


JOURNAL = Journal(
    family="mysql",
    entries=(
        entry("0001_initial"),
        entry(
            "0002_amazing_spiderman",
            recorded_migrations=("blog.old", "blog.0002_amazing_spiderman"),
        ),
    ),
    features={"supports_comments": True},
    snapshot="abc",
    replay_because=("shop_key.value varies from run to run",),
    rows_assume={"SITE_ID": 1},
)


def test_a_journal_reads_back_as_it_was_written() -> None:
    assert loads(dumps(JOURNAL)) == JOURNAL


SQUASHED = Journal(
    family="mariadb",
    entries=(
        entry(
            "0007_squash",
            replaces=(Replaced("0006_s", "six", "u6", (Replaced("0001_a", "one", "u1"),)),),
        ),
    ),
    after_snapshot=AfterSnapshot(("shop.0001/0",), {"shop_key": Filled(3, "value varies")}),
)


def test_a_squash_and_what_runs_after_the_snapshot_read_back_too() -> None:
    assert loads(dumps(SQUASHED)) == SQUASHED


def test_the_text_of_a_journal() -> None:
    """Others read it, too: its words are part of the format."""
    assert json.loads(dumps(SQUASHED)) == {
        "format": 1,
        "family": "mariadb",
        "features": {},
        "rows_assume": {},
        "replay_because": [],
        "after_snapshot": {
            "steps": ["shop.0001/0"],
            "tables": {"shop_key": {"rows": 3, "because": "value varies"}},
        },
        "files": [
            {
                "name": "0007_squash",
                "id": "id-of-0007_squash",
                "up": "1",
                "down": "2",
                "record": "3",
                "migrations": ["blog.0007_squash"],
                "replaces": [
                    {
                        "name": "0006_s",
                        "id": "six",
                        "up": "u6",
                        "replaces": [{"name": "0001_a", "id": "one", "up": "u1"}],
                    }
                ],
            }
        ],
        "snapshot": "",
    }


def test_an_entry_is_made_of_the_texts_of_its_files() -> None:
    sections = (Section("shop.0002", ("shop.0001",)), Section("shop.0003"))
    replaced = (Replaced("0001_a", "one", "u1"),)
    up = SqlFile("0002_b", Direction.UP, "two", "MySQL", (), sections, (), replaced)
    down = SqlFile("0002_b", Direction.DOWN, "two", "MySQL", (), sections[::-1])
    record = FileRecord((), ())

    assert Entry.of(up, down, record) == Entry(
        name="0002_b",
        id="two",
        up=sha256(render(up)),
        down=sha256(render(down)),
        record=sha256(record.dumps()),
        migrations=("shop.0002", "shop.0003"),
        recorded_migrations=("shop.0001", "shop.0002", "shop.0003"),
        replaces=replaced,
    )


def test_a_squash_stands_for_all_files_within_it() -> None:
    (squash,) = SQUASHED.entries

    assert squash.replaced_names == ("0006_s", "0001_a")
    assert squash.replaced_ids == ("six", "one")
    with pytest.raises(HistoryError) as caught:
        SQUASHED.entry("0001_a.sql")
    assert str(caught.value) == (
        "0001_a was replaced by 0007_squash, which is one whole.\n"
        "  Now:   nothing was changed\n"
        "  Next:  name 0007_squash"
    )


def test_the_next_number_follows_the_last() -> None:
    assert JOURNAL.next_number == 3
    assert Journal("mysql").next_number == 1


def test_an_entry_is_renewed_and_the_others_stay() -> None:
    renewed = entry("0001_initial", up="new")

    assert JOURNAL.replaced(renewed).entries == (renewed, JOURNAL.entries[1])


def test_the_frozen_order_and_recorded_migrations() -> None:
    assert JOURNAL.names == ("0001_initial", "0002_amazing_spiderman")
    assert JOURNAL.migrations == ("blog.0001_initial", "blog.0002_amazing_spiderman")
    assert JOURNAL.recorded_migrations[1] == "blog.old"
    assert JOURNAL.next_number == 3
    assert Journal("mysql").next_number == 1


@pytest.mark.parametrize(
    "name",
    [
        "2",
        "0002",
        "0002_am",
        *(f"0002_amazing_spiderman{end}" for end in ("", ".sql", ".down.sql")),
    ],
)
def test_an_entry_is_found_by_name_number_or_beginning(name: str) -> None:
    assert JOURNAL.entry(name) == JOURNAL.entries[1]


@pytest.mark.parametrize(
    ("name", "said"), [("0003", "No SQL migration '0003'"), ("000", "the beginning of several")]
)
def test_a_name_that_fits_none_or_several_is_refused(name: str, said: str) -> None:
    with pytest.raises(HistoryError, match=said):
        JOURNAL.entry(name)


def mangled(change: Callable[[dict[str, Any]], Any]) -> str:
    data = json.loads(dumps(JOURNAL))
    change(data)
    return json.dumps(data)


def _second(**values: Any) -> Callable[[dict[str, Any]], Any]:
    return lambda data: data["files"][1].update(values)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "journal.json is not JSON (line 1"),
        ('{\n "format": 1,\n oops}', "journal.json is not JSON (line 3"),
        ("[]", "lacks or mistypes an entry"),
        ("null", "lacks or mistypes an entry"),
        (
            dumps(JOURNAL).replace('  "files"', '<<<<<<< HEAD\n  "files"'),
            "journal.json holds conflict markers: two branches each added a SQL migration.\n"
            "  Now:   nothing was changed\n"
            "  Next:  python manage.py db_generate --rebase FILE   (FILE: your branch's, which is "
            "recorded again behind the others)",
        ),
        (mangled(lambda data: data.update(format=2)), "has format 2; this version reads 1"),
        (mangled(lambda data: data.pop("format")), "lacks or mistypes an entry: 'format'"),
        (mangled(lambda data: data.pop("snapshot")), "lacks or mistypes an entry: 'snapshot'"),
        (mangled(lambda data: data["files"][0].pop("up")), "lacks or mistypes an entry"),
        (mangled(lambda data: data["files"][0].pop("migrations")), "'migrations'"),
        (mangled(_second(colour="red")), "lacks or mistypes an entry"),
        (mangled(_second(name="spiderman")), "a name without a number"),
        (mangled(_second(name=2)), "a name without a number"),
        (
            mangled(_second(name="0001_other")),
            "0001_other follows 0001_initial: a number used twice, or two branches merged without "
            "renumbering.\n"
            "  Now:   nothing was changed\n"
            "  Next:  python manage.py db_generate --rebase 0001_other   (records it again behind "
            "the others)",
        ),
        (mangled(lambda data: data["files"].reverse()), "0001_initial follows 0002_amazing"),
        (mangled(_second(id="id-of-0001_initial")), "the id id-of-0001_initial stands in two"),
        (
            mangled(_second(migrations=["blog.0001_initial"])),
            "the migration blog.0001_initial stands in two files",
        ),
    ],
)
def test_a_journal_that_was_spoiled_is_refused_in_words(text: str, said: str) -> None:
    with pytest.raises(HistoryError) as caught:
        loads(text)

    assert said in str(caught.value)
