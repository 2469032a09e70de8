"""The plan: from journal, ledger and django_migrations to what is to be done."""

from __future__ import annotations

from dataclasses import replace

import pytest

from nestflux.applying.plan.plan import Known, Relink, make, replay_reasons
from nestflux.exceptions import LedgerConflict
from nestflux.history.journal import Entry, Journal
from nestflux.ledger.ledger import LedgerFile, LedgerState
from nestflux.schema.objects import ObjectKey


def _entry(number: int) -> Entry:
    migration = f"shop.{number:04d}_m"
    return Entry(
        name=f"{number:04d}_file",
        id=f"id{number}",
        up=f"up{number}",
        down=f"down{number}",
        record=f"record{number}",
        migrations=(migration,),
        books=(migration,),
    )


def _row(entry: Entry, state: str = "applied", direction: str = "up") -> LedgerFile:
    return LedgerFile(
        id=entry.id,
        name=entry.name,
        state=state,
        direction=direction,
        attempt=1,
        up_sha256=entry.up,
        down_sha256=entry.down,
        record_sha256=entry.record,
        family="mariadb",
        books=entry.books,
        finished_at=entry.name,
    )


ONE, TWO, THREE = _entry(1), _entry(2), _entry(3)
JOURNAL = Journal("mariadb", (ONE, TWO, THREE))


def _known(*rows: LedgerFile, tables: bool = True, booked: set[str] | None = None) -> Known:
    applied = {book for row in rows if row.is_applied for book in row.books}
    state = LedgerState(
        version=1,
        files=rows,
        booked=frozenset(applied if booked is None else booked),
        signals_hash="same",
    )
    return Known(state=state, has_tables=tables, signals_hash="same")


def test_an_empty_database_is_loaded_from_the_snapshot() -> None:
    plan = make(JOURNAL, _known(tables=False))

    assert plan.fresh
    assert plan.load
    assert plan.pending == JOURNAL.entries
    assert plan.signals_owed


@pytest.mark.parametrize("how", ["replay", "to", "reasons"])
def test_an_empty_database_is_replayed_where_asked_or_needed(how: str) -> None:
    known = _known(tables=False)
    if how == "reasons":
        known = replace(known, replay_reasons=("a password is generated",))

    plan = make(JOURNAL, known, replay=how == "replay", to="2" if how == "to" else None)

    assert plan.fresh
    assert not plan.load


def test_everything_applied_is_nothing_to_do() -> None:
    plan = make(JOURNAL, _known(_row(ONE), _row(TWO), _row(THREE)))

    assert plan.nothing_to_do


@pytest.mark.parametrize("change", ["owed", "hash"])
def test_signals_are_owed_until_booked_and_when_the_models_changed(change: str) -> None:
    known = _known(_row(ONE), _row(TWO), _row(THREE))
    state = known.state
    state = (
        replace(state, signals_owed=True)
        if change == "owed"
        else replace(state, signals_hash="older")
    )

    plan = make(JOURNAL, replace(known, state=state))

    assert plan.signals_owed
    assert not plan.pending


def test_a_late_file_from_a_branch_is_pending_and_not_skipped() -> None:
    plan = make(JOURNAL, _known(_row(ONE), _row(THREE)))

    assert plan.pending == (TWO,)


def test_a_file_of_another_branch_is_left_alone() -> None:
    stranger = _row(_entry(9))

    plan = make(JOURNAL, _known(_row(ONE), stranger))

    assert plan.off_branch == (stranger,)
    assert plan.pending == (TWO, THREE)


def test_the_file_in_flight_comes_first_whatever_was_merged_before_it() -> None:
    plan = make(JOURNAL, _known(_row(ONE), _row(THREE, "failed")))

    assert [entry.name for entry in plan.pending] == ["0003_file", "0002_file"]
    assert plan.in_flight is not None


def test_a_rolled_back_file_is_pending_again() -> None:
    known = _known(_row(ONE), _row(TWO, "rolled_back", "down"))

    assert make(JOURNAL, known).pending == (TWO, THREE)


def test_to_ends_the_plan_with_a_file() -> None:
    assert make(JOURNAL, _known(_row(ONE)), to="0002").pending == (TWO,)


def test_a_load_that_died_is_dropped_and_done_again() -> None:
    known = _known(tables=True)
    known = replace(known, state=replace(known.state, loading={ObjectKey("table", "post"): 2}))

    plan = make(JOURNAL, known)

    assert plan.drop_first == {ObjectKey("table", "post"): 2}
    assert plan.load


def test_a_load_that_died_is_none_of_the_business_of_a_file_that_was_begun_since() -> None:
    known = _known(_row(ONE, "running"))
    known = replace(known, state=replace(known.state, loading={ObjectKey("table", "post"): 0}))

    assert not make(JOURNAL, known).drop_first


def test_a_plan_may_not_end_before_the_file_that_was_begun() -> None:
    with pytest.raises(LedgerConflict, match="0002_file is half applied, and --to 1 ends before"):
        make(JOURNAL, _known(_row(ONE), _row(TWO, "failed")), to="1")


def test_a_relinked_row_counts_as_applied() -> None:
    old = replace(_row(_entry(9)), name="0009_elsewhere", books=TWO.books)
    known = replace(_known(_row(ONE), old), relinks=(Relink(old, TWO),))

    plan = make(JOURNAL, known)

    assert plan.pending == (THREE,)
    assert plan.off_branch == ()


def test_tables_without_a_ledger_are_refused() -> None:
    with pytest.raises(LedgerConflict, match="tables and no ledger") as caught:
        make(JOURNAL, _known(tables=True))

    assert "db_baseline" in caught.value.then


def test_an_applied_file_that_changed_is_refused() -> None:
    changed = replace(_row(ONE), up_sha256="other")

    with pytest.raises(LedgerConflict, match=r"0001_file\.sql was changed after it was applied"):
        make(JOURNAL, _known(changed))


def test_another_family_is_refused() -> None:
    with pytest.raises(LedgerConflict, match="history of mysql"):
        make(JOURNAL, _known(replace(_row(ONE), family="mysql")))


def test_a_rollback_in_flight_is_refused_naming_db_rollback() -> None:
    with pytest.raises(LedgerConflict, match="rollback of 0001_file") as caught:
        make(JOURNAL, _known(_row(ONE, "rolling_back", "down")))

    assert "db_rollback" in caught.value.then


def test_another_branchs_file_in_flight_is_refused() -> None:
    with pytest.raises(LedgerConflict, match="another branch"):
        make(JOURNAL, _known(_row(ONE), _row(_entry(9), "failed")))


def test_a_missing_row_of_django_migrations_is_refused() -> None:
    with pytest.raises(LedgerConflict, match=r"does not hold shop\.0001_m"):
        make(JOURNAL, _known(_row(ONE), booked=set()))


def test_a_row_that_something_else_booked_is_refused() -> None:
    with pytest.raises(LedgerConflict, match=r"shop\.0002_m is applied"):
        make(JOURNAL, _known(_row(ONE), booked={*ONE.books, *TWO.books}))


def test_sections_that_the_file_in_flight_booked_are_its_own() -> None:
    known = _known(_row(ONE), _row(TWO, "failed"), booked={*ONE.books, *TWO.books})

    assert make(JOURNAL, known).pending == (TWO, THREE)


def test_rows_that_no_file_knows_are_nobodys_business() -> None:
    known = _known(_row(ONE), booked={*ONE.books, "left.0001_initial"})

    assert make(JOURNAL, known).pending == (TWO, THREE)


def test_settings_that_the_rows_assume_differ_from_ours() -> None:
    journal = replace(JOURNAL, rows_assume={"SITE_ID": 1, "TIME_ZONE": "UTC"})

    reasons = replay_reasons(journal, {"SITE_ID": 2, "TIME_ZONE": "UTC"})

    assert reasons == ("its rows assume SITE_ID = 1, and here it is 2",)
