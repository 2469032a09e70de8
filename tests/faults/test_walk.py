"""Whatever dies, and wherever: the next run finishes it, runs nothing twice and asks nobody.

``make faults`` walks every command of a run; in every run of the tests it is a sample (see
``choosing.py``), and each statement of a file by itself.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest

from tests.faults import figures
from tests.faults.choosing import Extent, faults
from tests.faults.figures import Case
from tests.faults.fingerprint import difference
from tests.faults.journal import word_of
from tests.faults.proxy import Fault, What, When
from tests.faults.rig import (
    FORWARD,
    FRESH,
    ONE_A_PACKET,
    REBASED,
    ROLLBACK,
    SQUASHED,
    Journey,
    Rig,
)
from tests.faults.walk import again_and_again, inject

# In every run of the tests servers are killed where most can be lost.
_SERVER_LIVES = (
    (REBASED, SQUASHED, ONE_A_PACKET) if Extent.wanted() is Extent.SAMPLE else (REBASED,)
)
ONE_BY_ONE = [
    (journey, what)
    for journey in (FORWARD, ROLLBACK, FRESH, REBASED, SQUASHED, ONE_A_PACKET)
    for what in What
    if what is not What.KILL_SERVER or journey not in _SERVER_LIVES
]
AGAIN_AND_AGAIN = [
    (journey, what)
    for journey in (FORWARD, ROLLBACK)
    for what in What
    # Starting MySQL some thirty times takes too long for every run of the tests.
    if (journey, what) != (ROLLBACK, What.KILL_SERVER) or Extent.wanted() is not Extent.SAMPLE
]


@dataclass
class Book:
    """All cases of a run of the tests; its figures are written once every walk was made."""

    begun: float = field(default_factory=time.monotonic)
    cases: list[Case] = field(default_factory=list)
    walked: int = 0

    def take(self, cases: list[Case]) -> None:
        self.cases += cases
        self.walked += 1

    @property
    def is_whole(self) -> bool:
        return self.walked == len(ONE_BY_ONE) + len(AGAIN_AND_AGAIN)


@pytest.fixture(scope="module")
def book(rig: Rig) -> Iterator[Book]:
    kept = Book()
    yield kept
    if kept.is_whole:
        seconds = time.monotonic() - kept.begun
        figures.write(rig.family, rig.version, Extent.wanted(), seconds, kept.cases)


@pytest.fixture
def whole_book(book: Book) -> Book:
    if not book.is_whole:
        pytest.skip("looks back on all walks, and not all were made")
    return book


@pytest.fixture
def rig_for(request: pytest.FixtureRequest, what: What) -> Rig:
    """Only what kills servers needs one of its own."""
    name = "mortal_rig" if what is What.KILL_SERVER else "rig"
    found: Rig = request.getfixturevalue(name)
    return found


def _named(value: Journey | What) -> str:
    name = value.value if isinstance(value, What) else value.name
    return name.replace(",", "").replace(" ", "-")


def bad(cases: list[Case]) -> str:
    """The cases that did not end as they should, with all that was said."""
    return "\n\n".join(str(case) for case in cases if not case.is_good)


@pytest.mark.parametrize(("journey", "what"), ONE_BY_ONE, ids=_named)
def test_the_next_run_finishes_it(rig_for: Rig, journey: Journey, what: What, book: Book) -> None:
    chosen = list(faults(rig_for.survey(journey), journey, what, Extent.wanted()))

    cases = [inject(rig_for, journey, fault) for fault in chosen]
    book.take(cases)

    assert not bad(cases), bad(cases)
    assert len(cases) >= 3


@pytest.mark.parametrize(("journey", "what"), AGAIN_AND_AGAIN, ids=_named)
def test_a_fault_after_each_statement_one_upon_the_other(
    rig_for: Rig, journey: Journey, what: What, book: Book
) -> None:
    statements = rig_for.survey(journey).ran.total()

    cases = again_and_again(rig_for, journey, what)
    book.take(cases)

    assert not bad(cases), bad(cases)
    assert len(cases) >= statements - 5  # some take effect together: those of a Python step


def test_the_next_run_waits_for_what_the_server_still_does(whole_book: Book) -> None:
    """Where the client died while its statement waited for a lock."""
    waited = [case for case in whole_book.cases if case.waited]

    assert {case.what for case in waited} >= {What.KILL_CLIENT.value}


def test_only_steps_that_were_named_undecidable_are_left_to_a_person(whole_book: Book) -> None:
    assert sum(case.hands for case in whole_book.cases) > 0
    assert sum(case.no_hands for case in whole_book.cases) == 0


COPIES = "MODIFY `stock` bigint"
KEY = "shop_product_category_id_14d7eea8_fk_shop_category_id"


def _die_in_the_copy(rig: Rig) -> None:
    """The statement ran, nobody heard of it, and a foreign key of its table is gone."""
    copies = next(
        command
        for command in rig.survey(FORWARD).ddl()
        if any(COPIES in sql and word_of(sql) == "ALTER" for sql in command.statements)
    )
    rig.reset(FORWARD)
    rig.proxy.begin(Fault(What.KILL_CLIENT, When.AFTER, copies.at))
    rig.commands.run(*FORWARD.command)
    rig.proxy.settle()
    rig.sql(f"ALTER TABLE shop_product DROP FOREIGN KEY {KEY}", rig.database)


def test_a_foreign_key_that_a_killed_mariadb_lost_is_made_again(mortal_rig: Rig) -> None:
    """As it leaves a table that it copied (``nestflux/applying/recovery/lost_keys.py``)."""
    if mortal_rig.family != "mariadb":
        pytest.skip("MySQL loses none")
    _die_in_the_copy(mortal_rig)
    time.sleep(1.1)  # the server tells its age in whole seconds

    mortal_rig.backstage.kill()
    mortal_rig.backstage.restart()
    finished = mortal_rig.commands.run(*FORWARD.command)

    assert f"had lost its foreign key {KEY}; it was made again" in finished.stdout
    assert "statement 11 was in flight and is done" in finished.stdout
    assert difference(mortal_rig.survey(FORWARD).left, mortal_rig.fingerprint()) == ""


def test_a_foreign_key_that_somebody_dropped_in_between_is_named_and_left_alone(rig: Rig) -> None:
    _die_in_the_copy(rig)

    finished = rig.commands.run(*FORWARD.command)

    assert "statement 11 was in flight and is done" in finished.stdout
    assert "changed there besides, and not by it: " in finished.stdout
    assert f"constraint {KEY}" in finished.stdout
    assert finished.code == 0


def test_a_rollback_that_died_at_its_end_undoes_no_other_file_when_it_is_repeated(rig: Rig) -> None:
    """``db_rollback`` means the last file: which one that is must not change under the repeat."""
    one = Journey("rollback of the last file", ("db_rollback", "--yes"), ROLLBACK.prepared_by)
    last = next(c for c in reversed(rig.survey(one).commands) if "'rolled_back'" in c.sql)

    case = inject(rig, one, Fault(What.KILL_CLIENT, When.AFTER, last.at))

    assert case.is_good, case
    assert rig.sql(
        "SELECT COUNT(*) FROM nestflux_sql_migration WHERE state = 'applied'", rig.database
    ) == [(2,)]
