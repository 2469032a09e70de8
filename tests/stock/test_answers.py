"""The decisions behind ``migrate APP TARGET``, without a server."""

from __future__ import annotations

from collections.abc import Collection

import pytest

from nestflux.exceptions import Refused
from nestflux.history.journal import Entry, Journal
from nestflux.ledger.ledger import LedgerFile
from nestflux.stock.answers import Backward, Forward, Nothing, Request, answer, find


def entry(name: str, *migrations: str, recorded_migrations: tuple[str, ...] = ()) -> Entry:
    return Entry(
        name, f"id of {name}", "up", "down", "record", migrations, recorded_migrations or migrations
    )


def ran(name: str, *recorded_migrations: str) -> LedgerFile:
    return LedgerFile(
        id=f"id of {name}", name=name, state="applied", direction="up", attempt=1, up_sha256="up",
        down_sha256="down", record_sha256="record", family="mysql",
        recorded_migrations=recorded_migrations,
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


def refusal(
    request: Request,
    journal: Journal = JOURNAL,
    applied: tuple[LedgerFile, ...] = (),
    undone: Collection[str] = (),
) -> str:
    """All that is said where a request is refused."""
    with pytest.raises(Refused) as caught:
        answer(request, journal, applied, lambda *_: frozenset(undone))
    return str(caught.value)


def test_no_app_is_everything() -> None:
    assert answer(Request(), JOURNAL, (), nothing_follows) == Forward()


def test_an_app_is_up_to_the_last_file_that_holds_it() -> None:
    found = answer(Request("shop"), JOURNAL, (), nothing_follows)

    assert found == Forward(JOURNAL.entries[1], ("depot.0001",))


def test_a_target_at_the_end_of_its_file() -> None:
    found = answer(Request("depot", "0001"), JOURNAL, (), nothing_follows)

    assert found == Forward(JOURNAL.entries[0], ("shop.0001",))


def test_a_target_before_the_end_of_its_file() -> None:
    assert refusal(Request("shop", "0001")) == (
        "shop.0001 stands in 0001_a.sql, which goes on with depot.0001: files are applied whole.\n"
        "  Now:   nothing was changed\n"
        "  Next:  python manage.py db_migrate --to 0001_a"
    )


def test_a_target_inside_a_later_file_may_be_stopped_before() -> None:
    journal = Journal("mysql", (*JOURNAL.entries, entry("0004_d", "shop.0003", "blog.0001")))

    assert refusal(Request("shop", "0003"), journal).endswith(
        "  Next:  python manage.py db_migrate --to 0004_d   (or, to stop before it: --to 0003_c)"
    )


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        (
            Request(fake=True),
            "--fake would write that a migration ran which did not; the ledger says what ran.\n"
            "  Now:   nothing was changed\n"
            "  Next:  python manage.py db_baseline   (takes over a database that has the schema "
            "already)",
        ),
        (
            Request(fake_initial=True),
            "--fake-initial looks only at the names of tables; whether the schema is the "
            "history's would stay unknown.\n"
            "  Now:   nothing was changed\n"
            "  Next:  python manage.py db_baseline   (compares the whole schema, then takes it "
            "over)",
        ),
        (
            Request(prune=True),
            "--prune removes rows of django_migrations, which here is kept in step with the "
            "ledger: a SQL migration that ran keeps its rows.\n"
            "  Now:   nothing was changed\n"
            "  Next:  leave the rows; they cost nothing and tell what ran",
        ),
        (
            Request("blog"),
            "No file of this history holds a migration of blog.\n"
            "  Now:   nothing was changed\n"
            "  Next:  python manage.py db_generate   (if its migrations are new: records their "
            "SQL)",
        ),
        (
            Request("shop", "0009"),
            "No file of this history holds a migration shop.0009.\n"
            "  Now:   nothing was changed\n"
            "  Next:  python manage.py db_generate   (if the migration is new: records its SQL)",
        ),
        (
            Request("shop", "00"),
            "'00' is the beginning of several migrations of shop: shop.0001, shop.0002.\n"
            "  Now:   nothing was changed\n"
            "  Next:  give more of the name",
        ),
    ],
)
def test_what_would_make_the_ledger_wrong_or_means_nothing_is_refused(
    asked: Request, said: str
) -> None:
    assert refusal(asked) == said


def test_the_beginning_of_one_migration_means_it() -> None:
    journal = Journal("mysql", (entry("0001_a", "shop.0001_first", "shop.0002_second"),))

    assert find("shop", "0002", journal) == "shop.0002_second"


def test_the_last_file_alone_goes_back() -> None:
    found = answer(Request("depot", "0001"), JOURNAL, ALL, lambda *_: frozenset({"depot.0002"}))

    assert found == Backward((ALL[2],))


def test_a_file_that_is_not_the_last_takes_no_other_along() -> None:
    assert refusal(Request("shop", "0001"), applied=ALL, undone={"shop.0002"}) == (
        "`migrate shop 0001` would undo shop.0002, and keep depot.0002; files are undone whole, "
        "the last first, and all of that stands in 0002_b.sql, 0003_c.sql.\n"
        "  Now:   nothing was changed\n"
        "  Next:  python manage.py db_rollback --to 0001_a   (undoes all of it)"
    )


def test_of_the_first_file_all_is_undone_or_nothing() -> None:
    said = refusal(Request("shop", "zero"), applied=ALL, undone={"shop.0001", "shop.0002"})

    assert said.startswith("`migrate shop zero` would undo shop.0001, shop.0002, and keep ")
    assert said.endswith("python manage.py db_rollback --to zero   (undoes all of it)")


def test_what_no_applied_file_holds_is_nothing_to_do() -> None:
    found = answer(Request("shop", "zero"), JOURNAL, ALL, lambda *_: frozenset({"blog.0001"}))

    assert found == Nothing()


def test_what_follows_is_asked_by_app_and_name() -> None:
    asked: list[tuple[str, str | None]] = []

    def undone(app: str, name: str | None) -> frozenset[str]:
        asked.append((app, name))
        return frozenset()

    answer(Request("depot", "0002"), JOURNAL, ALL, undone)
    answer(Request("depot", "zero"), JOURNAL, ALL, undone)

    assert asked == [("depot", "0002"), ("depot", None)]


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
    squash = entry(
        "0001_a", "shop.0001_squashed", recorded_migrations=("shop.0001", "shop.0001_squashed")
    )

    assert find("shop", "0001", Journal("mysql", (squash,))) == "shop.0001_squashed"
