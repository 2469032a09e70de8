"""``journal.json``: what it holds, and what a bad merge makes of it."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from nestflux.exceptions import HistoryError
from nestflux.history.journal import Entry, Journal, dumps, loads


def entry(name: str, **given: Any) -> Entry:
    migrations = (f"blog.{name}",)
    values: dict[str, Any] = {
        "id": f"id-of-{name}",
        "up": "1",
        "down": "2",
        "record": "3",
        "migrations": migrations,
        "books": migrations,
    }
    return Entry(name=name, **{**values, **given})


JOURNAL = Journal(
    family="mysql",
    entries=(
        entry("0001_initial"),
        entry("0002_amazing_spiderman", books=("blog.old", "blog.0002_amazing_spiderman")),
    ),
    features={"supports_comments": True},
    snapshot="abc",
    replay_because=("shop_key.value varies from run to run",),
    rows_assume={"SITE_ID": 1},
)


def test_a_journal_reads_back_as_it_was_written() -> None:
    assert loads(dumps(JOURNAL)) == JOURNAL


def test_the_frozen_order_and_the_books() -> None:
    assert JOURNAL.names == ("0001_initial", "0002_amazing_spiderman")
    assert JOURNAL.migrations == ("blog.0001_initial", "blog.0002_amazing_spiderman")
    assert JOURNAL.books[1] == "blog.old"
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
            "journal.json holds conflict markers: two branches each added",
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
            "0001_other follows 0001_initial: a number used twice",
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
