"""The decisions behind ``migrate APP TARGET``, without a server."""

from __future__ import annotations

import pytest

from nestflux.exceptions import Refused
from nestflux.history.journal import Entry, Journal
from nestflux.ledger.ledger import LedgerFile
from nestflux.stock.answers import Backward, Forward, Nothing, Request, answer, find


def entry(name: str, *migrations: str, books: tuple[str, ...] = ()) -> Entry:
    return Entry(name, f"id of {name}", "up", "down", "record", migrations, books or migrations)


def ran(name: str, *books: str) -> LedgerFile:
    return LedgerFile(
        id=f"id of {name}", name=name, state="applied", direction="up", attempt=1, up_sha256="up",
        down_sha256="down", record_sha256="record", family="mysql", books=books,
    )  # fmt: skip


JOURNAL = Journal(
    "mysql",
    (
        entry("0001_a", "shop.0001", "depot.0001"),
        entry("0002_b", "shop.0002"),
        entry("0003_c", "depot.0002"),
    ),
)
ALL = (ran("0001_a"), ran("0002_b"), ran("0003_c"))


def nothing_follows(app: str, name: str | None) -> frozenset[str]:
    return frozenset()


def test_no_app_is_everything() -> None:
    assert answer(Request(), JOURNAL, (), nothing_follows) == Forward()


def test_an_app_is_up_to_the_last_file_that_holds_it() -> None:
    found = answer(Request("shop"), JOURNAL, (), nothing_follows)

    assert found == Forward(JOURNAL.entries[1], ("depot.0001",))


def test_a_target_at_the_end_of_its_file() -> None:
    found = answer(Request("depot", "0001"), JOURNAL, (), nothing_follows)

    assert found == Forward(JOURNAL.entries[0], ("shop.0001",))


def test_a_target_before_the_end_of_its_file() -> None:
    with pytest.raises(Refused) as caught:
        answer(Request("shop", "0001"), JOURNAL, (), nothing_follows)

    assert "goes on with depot.0001" in caught.value.what
    assert "--to 0001_a" in caught.value.then


def test_the_last_file_alone_goes_back() -> None:
    found = answer(Request("depot", "0001"), JOURNAL, ALL, lambda *_: frozenset({"depot.0002"}))

    assert found == Backward((ALL[2],))


def test_a_file_that_is_not_the_last_takes_no_other_along() -> None:
    with pytest.raises(Refused) as caught:
        answer(Request("shop", "0001"), JOURNAL, ALL, lambda *_: frozenset({"shop.0002"}))

    assert "keep depot.0002" in caught.value.what
    assert "db_rollback --to 0001_a" in caught.value.then


def test_files_that_are_all_undone_go_newest_first() -> None:
    everything = frozenset(JOURNAL.migrations)

    found = answer(Request("shop", "zero"), JOURNAL, ALL, lambda *_: everything)

    assert found == Backward(tuple(reversed(ALL)))


def test_a_file_of_another_branch_is_never_taken_along() -> None:
    theirs = (*ALL, ran("0004_theirs", "blog.0001"))

    with pytest.raises(Refused) as caught:
        answer(Request("depot", "0001"), JOURNAL, theirs, lambda *_: frozenset({"depot.0002"}))

    assert "keep blog.0001" in caught.value.what


def test_nothing_that_follows_is_nothing_to_do() -> None:
    assert answer(Request("depot", "0002"), JOURNAL, ALL, nothing_follows) == Nothing()


def test_the_exact_name_wins_over_the_beginning_of_another() -> None:
    journal = Journal("mysql", (entry("0001_a", "shop.0001"), entry("0002_b", "shop.0001_more")))

    assert find("shop", "0001", journal) == "shop.0001"


def test_what_a_squash_replaced_leads_to_the_squash() -> None:
    squash = entry("0001_a", "shop.0001_squashed", books=("shop.0001", "shop.0001_squashed"))

    assert find("shop", "0001", Journal("mysql", (squash,))) == "shop.0001_squashed"
