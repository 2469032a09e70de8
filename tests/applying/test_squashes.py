"""A squash and the files that it replaces: which of them the ledger is to know."""

from __future__ import annotations

from dataclasses import replace

import pytest

from nestflux.applying.plan.squashes import Exchange, exchanged, find, refuse_problems
from nestflux.exceptions import LedgerConflict
from nestflux.history.journal import Entry, Journal
from nestflux.history.sqlfile import Replaced
from nestflux.ledger.rows import LedgerFile, LedgerState
from tests.applying.ledgers import entry, row


def as_replaced(one: Entry) -> Replaced:
    return Replaced(one.name, one.id, one.up, one.replaces)


ONE, TWO, THREE, FOUR = map(entry, (1, 2, 3, 4))
SQUASH = entry(5, (as_replaced(ONE), as_replaced(TWO)))
SECOND = entry(6, (as_replaced(SQUASH), as_replaced(THREE)))
BEFORE, AFTER = Journal("mariadb", (ONE, TWO, THREE)), Journal("mariadb", (SQUASH, THREE))


def at(one: Entry, second: int) -> LedgerFile:
    """A row of a file that was applied at this second of a day."""
    return replace(row(one), finished_at=f"2026-03-01 12:00:{second:02d}.000000")


def forwards(*rows: LedgerFile, journal: Journal = AFTER) -> tuple[Exchange, ...]:
    """What a database with these rows exchanges where the history holds the squash."""
    return find(journal, LedgerState(files=rows), {})


def backwards(
    *rows: LedgerFile, journal: Journal = BEFORE, squash: Entry = SQUASH
) -> tuple[Exchange, ...]:
    """The same in a checkout of before the squash, which the ledger holds."""
    return find(journal, LedgerState(files=rows), {squash.id: squash.replaces})


def the_problem(exchanges: tuple[Exchange, ...]) -> Exchange:
    """The only one, which is a problem that is refused."""
    (exchange,) = exchanges
    with pytest.raises(LedgerConflict) as caught:
        refuse_problems(exchanges)
    assert str(caught.value) == (
        f"{exchange.problem}\n  Now:   nothing was run\n  Next:  {exchange.then}"
    )
    return exchange


# ---- the squash for its files --------------------------------------------------------------


def test_a_squash_takes_the_place_of_its_files_since_the_last_of_them() -> None:
    one, two = at(ONE, 1), at(TWO, 2)

    found = forwards(two, one)

    assert found == (Exchange((one, two), (SQUASH,), moment=two.finished_at),)
    refuse_problems(found)


@pytest.mark.parametrize("rows", [(), (row(THREE),), (row(ONE, "rolled_back", "down"),)])
def test_a_squash_runs_like_any_file_where_none_of_its_files_did(
    rows: tuple[LedgerFile, ...],
) -> None:
    assert forwards(*rows) == ()


@pytest.mark.parametrize("state", ["applied", "running", "failed", "rolling_back"])
def test_a_squash_that_is_there_or_was_begun_is_exchanged_for_nothing(state: str) -> None:
    assert forwards(row(ONE), row(TWO), row(SQUASH, state)) == ()


def test_a_squash_that_was_rolled_back_is_exchanged_again() -> None:
    assert len(forwards(row(ONE), row(TWO), row(SQUASH, "rolled_back", "down"))) == 1


def test_files_that_replace_nothing_are_exchanged_for_nothing() -> None:
    assert forwards(row(ONE), journal=BEFORE) == ()


def test_a_squash_stands_before_what_was_applied_on_its_files_in_between() -> None:
    """Whatever stands on it is undone first: rollbacks go by the order in the ledger."""
    (exchange,) = forwards(at(ONE, 1), at(THREE, 2), at(TWO, 3))

    assert exchange.moment == "2026-03-01 12:00:01.999999"


def test_a_squash_keeps_the_moment_of_its_last_file_where_others_came_after_it() -> None:
    (exchange,) = forwards(at(ONE, 1), at(TWO, 2), at(THREE, 3))

    assert exchange.moment == at(TWO, 2).finished_at


def test_a_squash_of_squashes_takes_the_place_of_either() -> None:
    journal = Journal("mariadb", (SECOND,))
    of_the_squash = (at(SQUASH, 2), at(THREE, 3))
    of_its_files = (at(ONE, 1), at(TWO, 2), at(THREE, 3))

    for rows in (of_the_squash, of_its_files):
        assert forwards(*rows, journal=journal) == (
            Exchange(rows, (SECOND,), moment=at(THREE, 3).finished_at),
        )


BEFORE_IT = (
    "git checkout $(git log -1 --format=%h --diff-filter=A -- '*/0005_file.sql')^ && python "
    "manage.py db_migrate && git checkout -   (in the commit before the squash), then db_migrate "
    "again"
)


@pytest.mark.parametrize(
    ("rows", "held", "has"),
    [
        ((row(ONE),), (row(ONE),), "applied: 0001_file; missing: 0002_file"),
        (
            (row(ONE), replace(row(TWO), up_sha256="other")),
            (row(ONE),),
            "applied: 0001_file; applied with another text: 0002_file",
        ),
        (
            (row(ONE), row(TWO, "failed")),
            (row(ONE),),
            "applied: 0001_file; half applied: 0002_file",
        ),
        (
            (row(ONE), row(TWO, "rolling_back", "down")),
            (row(ONE),),
            "applied: 0001_file; half rolled back: 0002_file",
        ),
        (
            (row(ONE, "running"),),
            (),
            "applied: none; half applied: 0001_file; missing: 0002_file",
        ),
    ],
)
def test_a_squash_cannot_stand_for_files_of_which_some_are_not_whole(
    rows: tuple[LedgerFile, ...], held: tuple[LedgerFile, ...], has: str
) -> None:
    problem = f"0005_file replaces files of which this database does not have all: {has}."

    assert the_problem(forwards(*rows)) == Exchange(
        held, (SQUASH,), problem=problem, then=BEFORE_IT
    )


def test_a_squash_of_squashes_tells_all_that_it_has_and_misses() -> None:
    found = forwards(row(ONE), row(THREE), journal=Journal("mariadb", (SECOND,)))

    assert the_problem(found).problem.endswith("applied: 0001_file, 0003_file; missing: 0002_file.")


# ---- files for their squash ----------------------------------------------------------------


def test_in_a_checkout_of_before_the_squash_its_files_stand_for_it() -> None:
    squash = at(SQUASH, 7)

    assert backwards(squash) == (Exchange((squash,), (ONE, TWO), moment=squash.finished_at),)


def test_files_that_were_replaced_in_the_ledger_come_back_as_they_were() -> None:
    squash, one = at(SQUASH, 7), row(ONE, "replaced")

    assert backwards(one, squash) == (
        Exchange((squash,), (TWO,), (one,), moment=squash.finished_at),
    )


def test_a_file_of_another_state_than_replaced_is_put_anew() -> None:
    squash = at(SQUASH, 7)

    (exchange,) = backwards(row(ONE, "rolled_back", "down"), squash)

    assert (exchange.put, exchange.back) == ((ONE, TWO), ())


def test_a_squash_of_another_branch_is_left_alone() -> None:
    assert backwards(row(SQUASH), journal=Journal("mariadb", (THREE,))) == ()


def test_an_applied_file_of_another_branch_that_is_no_squash_is_left_alone() -> None:
    state = LedgerState(files=(row(FOUR), row(SQUASH)))

    assert find(BEFORE, state, {}) == ()
    assert find(BEFORE, state, {FOUR.id: (), SQUASH.id: ()}) == ()


def test_a_squash_that_the_history_holds_stays() -> None:
    assert backwards(row(SQUASH), journal=AFTER) == ()


@pytest.mark.parametrize(
    "journal",
    [Journal("mariadb", (ONE,)), Journal("mariadb", (ONE, replace(TWO, up="other")))],
)
def test_files_cannot_stand_for_a_squash_of_more_than_them(journal: Journal) -> None:
    squash = at(SQUASH, 7)

    assert the_problem(backwards(squash, journal=journal)) == Exchange(
        (squash,),
        (ONE,),
        problem="This database has 0005_file, which stands for files of this history and for "
        "others: 0002_file.",
        then="check out a commit that holds 0005_file.sql, or all of the files that it replaced",
    )


def test_a_squash_of_squashes_gives_way_to_the_squash_that_the_history_holds() -> None:
    second = at(SECOND, 7)

    assert backwards(second, journal=AFTER, squash=SECOND) == (
        Exchange((second,), (SQUASH, THREE), moment=second.finished_at),
    )


@pytest.mark.parametrize("rows", [(), (row(SQUASH, "replaced"),)])
def test_a_squash_of_squashes_gives_way_to_the_first_files(rows: tuple[LedgerFile, ...]) -> None:
    second = at(SECOND, 7)

    assert backwards(*rows, second, journal=BEFORE, squash=SECOND) == (
        Exchange((second,), (ONE, TWO, THREE), moment=second.finished_at),
    )


def test_a_replaced_squash_comes_back_where_the_history_knows_none_of_its_files() -> None:
    squash, second = row(SQUASH, "replaced"), at(SECOND, 7)

    found = backwards(squash, second, journal=Journal("mariadb", (THREE,)), squash=SECOND)

    assert found == (Exchange((second,), (THREE,), (squash,), moment=second.finished_at),)


# ---- the ledger as it will be --------------------------------------------------------------


def test_the_ledger_knows_the_squash_as_applied_and_its_files_as_replaced() -> None:
    one, two, three = at(ONE, 1), at(TWO, 2), at(THREE, 3)
    state = LedgerState(version=1, files=(one, two, three), signals_hash="same")

    now = exchanged(state, [Exchange((one, two), (SQUASH,), moment="then")])

    assert now.files == (
        replace(one, state="replaced"),
        replace(two, state="replaced"),
        three,
        replace(row(SQUASH), finished_at="then"),
    )
    assert replace(now, files=state.files) == state


def test_a_file_that_was_there_before_keeps_the_count_of_its_attempts() -> None:
    again = replace(row(SQUASH, "rolled_back", "down"), attempt=3)
    state = LedgerState(files=(again, row(ONE)))

    now = exchanged(state, [Exchange((row(ONE),), (SQUASH,), moment="then")])

    assert now.file(SQUASH.id) == replace(row(SQUASH), attempt=3, finished_at="then")


def test_the_family_of_what_is_put_is_that_of_what_goes() -> None:
    gone = replace(row(ONE), family="mysql")

    now = exchanged(LedgerState(files=(gone,)), [Exchange((gone,), (SQUASH,))])

    assert {file.family for file in now.files} == {"mysql"}


def test_files_that_come_back_are_applied_and_the_squash_is_replaced() -> None:
    one, squash = row(ONE, "replaced"), row(SQUASH)

    now = exchanged(LedgerState(files=(one, squash)), [Exchange((squash,), (), (one,))])

    assert now.files == (row(ONE), replace(squash, state="replaced"))


def test_what_cannot_be_exchanged_is_left_and_the_next_is_exchanged() -> None:
    state = LedgerState(files=(row(ONE), row(TWO)))

    now = exchanged(state, [Exchange((row(ONE),), problem="missing"), Exchange((row(TWO),))])

    assert now.files == (row(ONE), row(TWO, "replaced"))


# ---- how it is told ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("exchange", "told"),
    [
        (
            Exchange((row(TWO), row(ONE)), (SQUASH,)),
            "0005_file.sql for 0001_file.sql and 0002_file.sql",
        ),
        (
            Exchange((row(SQUASH),), (TWO, THREE), (row(ONE),)),
            "0001_file.sql … 0003_file.sql (3 files) for 0005_file.sql",
        ),
    ],
)
def test_an_exchange_is_reported_by_names_and_a_long_one_by_its_ends(
    exchange: Exchange, told: str
) -> None:
    assert str(exchange) == told


def test_an_exchange_names_what_will_be_applied() -> None:
    exchange = Exchange((row(SQUASH),), (TWO,), (row(ONE),))

    assert exchange.names == ("0001_file", "0002_file")
    assert exchange.ids == {"id1", "id2"}
