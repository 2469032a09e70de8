"""The plan: from journal, ledger and django_migrations to what is to be done."""

from __future__ import annotations

from dataclasses import replace

import pytest

from nestflux.applying.plan.plan import (
    Known,
    Plan,
    Relink,
    make,
    refuse_family,
    relinked,
    replay_reasons,
)
from nestflux.applying.plan.squashes import Exchange
from nestflux.exceptions import LedgerConflict, ServerUnsupported
from nestflux.history.journal import AfterSnapshot, Journal
from nestflux.ledger.ledger import LedgerFile, LedgerState
from nestflux.schema.objects import ObjectKey
from tests.applying.ledgers import entry, row

ONE, TWO, THREE = entry(1), entry(2), entry(3)
JOURNAL = Journal("mariadb", (ONE, TWO, THREE))


def _known(
    *rows: LedgerFile, tables: bool = True, recorded_migrations: set[str] | None = None
) -> Known:
    applied = {name for row in rows if row.is_applied for name in row.recorded_migrations}
    state = LedgerState(
        version=1,
        files=rows,
        recorded_migrations=frozenset(
            applied if recorded_migrations is None else recorded_migrations
        ),
        signals_hash="same",
    )
    return Known(state=state, has_tables=tables, signals_hash="same")


def _refusal(known: Known, journal: Journal = JOURNAL, to: str | None = None) -> str:
    """All that is said where no plan can be made."""
    with pytest.raises(LedgerConflict) as caught:
        make(journal, known, to=to)
    return str(caught.value)


def test_an_empty_database_is_loaded_from_the_snapshot_and_the_steps_after_it_run() -> None:
    journal = replace(JOURNAL, after_snapshot=AfterSnapshot(("shop.0002_m/1",)))

    assert make(journal, _known(tables=False)) == Plan(
        pending=JOURNAL.entries,
        fresh=True,
        load=True,
        after_load=("shop.0002_m/1",),
        signals_pending=True,
    )


def test_an_empty_database_is_replayed_where_it_is_asked_for() -> None:
    journal = replace(JOURNAL, after_snapshot=AfterSnapshot(("shop.0002_m/1",)))
    known = replace(_known(tables=False), replay_reasons=("a password is generated",))

    asked = Plan(pending=JOURNAL.entries, fresh=True, signals_pending=True)
    assert make(journal, known, replay=True) == asked
    assert make(journal, replace(known, replay_reasons=()), replay=True) == asked


def test_an_empty_database_is_replayed_for_the_reasons_that_are_reported() -> None:
    reasons = ("a password is generated",)
    known = replace(_known(tables=False), replay_reasons=reasons)

    assert make(JOURNAL, known) == Plan(
        pending=JOURNAL.entries, fresh=True, replay_reasons=reasons, signals_pending=True
    )


def test_an_empty_database_is_replayed_up_to_a_file_that_is_not_the_last() -> None:
    known = _known(tables=False)

    assert make(JOURNAL, known, to="2") == Plan(
        pending=(ONE, TWO), fresh=True, signals_pending=True
    )
    assert make(JOURNAL, known, to="3").load


def test_an_empty_history_is_nothing_to_do_on_an_empty_database() -> None:
    known = replace(_known(tables=False), signals_hash="other models")

    plan = make(Journal("mariadb"), known)

    assert plan == Plan(fresh=True)
    assert plan.nothing_to_do


def test_everything_applied_is_nothing_to_do_whatever_a_fresh_database_would_be() -> None:
    known = _known(row(ONE), row(TWO), row(THREE))

    plan = make(JOURNAL, replace(known, replay_reasons=("a password is generated",)))

    assert plan == Plan()
    assert plan.nothing_to_do


@pytest.mark.parametrize(
    "something",
    [
        Plan(pending=(ONE,)),
        Plan(relinks=(Relink(row(ONE), ONE),)),
        Plan(exchanges=(Exchange((row(ONE),)),)),
        Plan(signals_pending=True),
    ],
)
def test_each_of_these_is_something_to_do(something: Plan) -> None:
    assert not something.nothing_to_do


@pytest.mark.parametrize("change", ["owed", "hash"])
def test_signals_are_pending_until_sent_and_when_the_models_changed(change: str) -> None:
    known = _known(row(ONE), row(TWO), row(THREE))
    state = known.state
    state = (
        replace(state, signals_pending=True)
        if change == "owed"
        else replace(state, signals_hash="older")
    )

    assert make(JOURNAL, replace(known, state=state)) == Plan(signals_pending=True)


def test_a_late_file_from_a_branch_is_pending_and_not_skipped() -> None:
    plan = make(JOURNAL, _known(row(ONE), row(THREE)))

    assert plan.pending == (TWO,)


def test_a_database_whose_files_made_no_tables_is_not_a_fresh_one() -> None:
    assert make(JOURNAL, _known(row(ONE), tables=False)) == Plan(
        pending=(TWO, THREE), signals_pending=True
    )


def test_a_file_of_another_branch_is_left_alone() -> None:
    unlisted_file = row(entry(9))

    plan = make(JOURNAL, _known(row(ONE), unlisted_file))

    assert plan.off_branch == (unlisted_file,)
    assert plan.pending == (TWO, THREE)


def test_the_file_in_flight_comes_first_whatever_was_merged_before_it() -> None:
    begun = row(THREE, "failed")

    assert make(JOURNAL, _known(row(ONE), begun)) == Plan(
        pending=(THREE, TWO), in_flight=begun, signals_pending=True
    )


def test_a_first_file_that_was_begun_goes_on_and_nothing_is_loaded() -> None:
    begun = row(ONE, "running")

    assert make(JOURNAL, _known(begun, tables=False)) == Plan(
        pending=JOURNAL.entries, in_flight=begun, signals_pending=True
    )


def test_a_rollback_that_was_begun_is_reversed_where_its_file_is_asked_for() -> None:
    begun = row(TWO, "rolling_back", "down")

    assert make(JOURNAL, _known(row(ONE), begun), to="2") == Plan(
        pending=(TWO,), in_flight=begun, reverses=True, signals_pending=True
    )


def test_a_rolled_back_file_is_pending_again() -> None:
    known = _known(row(ONE), row(TWO, "rolled_back", "down"))

    assert make(JOURNAL, known).pending == (TWO, THREE)


@pytest.mark.parametrize("tables", [True, False])
def test_where_all_was_rolled_back_the_snapshot_is_loaded_unless_tables_are_left(
    tables: bool,
) -> None:
    known = _known(row(ONE, "rolled_back", "down"), tables=tables)

    assert make(JOURNAL, known) == Plan(
        pending=JOURNAL.entries, fresh=not tables, load=not tables, signals_pending=True
    )


def test_to_ends_the_plan_with_a_file() -> None:
    assert make(JOURNAL, _known(row(ONE)), to="0002").pending == (TWO,)


def test_a_load_that_died_is_dropped_and_done_again() -> None:
    known = _known(tables=True)
    known = replace(known, state=replace(known.state, loading={ObjectKey("table", "post"): 2}))

    assert make(JOURNAL, known) == Plan(
        pending=JOURNAL.entries,
        fresh=True,
        load=True,
        drop_first={ObjectKey("table", "post"): 2},
        signals_pending=True,
    )


def test_a_load_that_died_before_it_made_anything_is_one_too() -> None:
    known = _known(tables=True)
    known = replace(known, state=replace(known.state, loading={}))

    assert make(JOURNAL, known).load


@pytest.mark.parametrize("state", ["running", "applied"])
def test_a_load_that_died_is_none_of_the_business_of_a_file_that_ran_since(state: str) -> None:
    known = _known(row(ONE, state))
    known = replace(known, state=replace(known.state, loading={ObjectKey("table", "post"): 1}))

    plan = make(JOURNAL, known)

    assert not plan.drop_first
    assert not plan.fresh


def test_a_plan_may_not_end_before_the_file_that_was_begun() -> None:
    assert _refusal(_known(row(ONE), row(TWO, "failed")), to="1") == (
        "0002_file is half applied, and --to 1 ends before it.\n"
        "  Now:   nothing was run\n"
        "  Next:  python manage.py db_migrate --to 0002_file   (finishes it)"
    )


def test_a_relinked_row_counts_as_applied() -> None:
    old = replace(row(entry(9)), name="0009_elsewhere", recorded_migrations=TWO.recorded_migrations)
    known = replace(_known(row(ONE), old), relinks=(Relink(old, TWO),))

    assert make(JOURNAL, known) == Plan(
        pending=(THREE,), relinks=known.relinks, signals_pending=True
    )


def test_a_relinked_row_bears_the_entrys_name_and_hashes_and_keeps_the_rest() -> None:
    old = replace(row(entry(9)), recorded_migrations=("shop.0009_m", "more.0001_m"), attempt=4)
    state = _known(row(ONE), old).state

    now = relinked(state, (Relink(old, TWO),))

    assert now.files == (
        row(ONE),
        replace(
            row(TWO),
            recorded_migrations=old.recorded_migrations,
            attempt=4,
            finished_at=old.finished_at,
        ),
    )
    assert replace(now, files=state.files) == state


def test_a_squash_that_is_recorded_for_its_files_is_part_of_the_plan() -> None:
    exchange = Exchange((row(ONE),), (TWO,), moment="then")
    known = replace(_known(row(ONE), row(TWO), row(THREE)), exchanges=(exchange,))

    assert make(JOURNAL, known) == Plan(exchanges=(exchange,))


def test_a_squash_that_cannot_stand_for_its_files_is_refused() -> None:
    exchange = Exchange((row(ONE),), (TWO,), problem="Not all of them.", then="check out")

    assert _refusal(replace(_known(row(ONE)), exchanges=(exchange,))) == (
        "Not all of them.\n  Now:   nothing was run\n  Next:  check out"
    )


def test_tables_without_a_ledger_are_refused() -> None:
    assert _refusal(_known(tables=True)) == (
        "The database holds tables and no ledger: NestFlux did not make them.\n"
        "  Now:   nothing was changed\n"
        "  Next:  python manage.py db_baseline   (takes over a database that migrate made)"
    )


@pytest.mark.parametrize(("state", "direction"), [("applied", "up"), ("rolling_back", "down")])
def test_a_file_that_changed_after_all_of_it_ran_is_refused(state: str, direction: str) -> None:
    changed = replace(row(ONE, state, direction), up_sha256="other")

    assert _refusal(_known(changed)) == (
        "0001_file.sql was changed after it was applied here: its statements are not those that "
        "ran.\n"
        "  Now:   nothing was run\n"
        "  Next:  restore 0001_file.sql from git, and put the change into a new file "
        "(db_generate --empty)"
    )


@pytest.mark.parametrize("state", ["running", "failed", "rolled_back"])
def test_a_file_that_changed_before_all_of_it_ran_is_not(state: str) -> None:
    changed = replace(row(TWO, state), up_sha256="other")

    assert make(JOURNAL, _known(row(ONE), changed)).pending == (TWO, THREE)


def test_another_family_is_refused() -> None:
    assert _refusal(_known(replace(row(ONE), family="mysql"))) == (
        "0001_file was applied from the history of mysql, and this is the history of mariadb.\n"
        "  Now:   nothing was run\n"
        "  Next:  point the alias at the database that this history is for"
    )


@pytest.mark.parametrize("to", [None, "1"])
def test_a_rollback_in_flight_is_finished_or_its_file_is_asked_for(to: str | None) -> None:
    known = _known(row(ONE), row(TWO, "rolling_back", "down"))

    assert _refusal(known, to=to) == (
        "The rollback of 0002_file was begun and not finished.\n"
        "  Now:   nothing was run\n"
        "  Next:  python manage.py db_rollback   (finishes it), or db_migrate --to 0002_file   "
        "(takes it forward again)"
    )


def test_a_rollback_of_another_branchs_file_is_only_finished() -> None:
    known = _known(row(ONE), row(entry(9), "rolling_back", "down"))

    assert _refusal(known, to="1") == (
        "The rollback of 0009_file was begun and not finished.\n"
        "  Now:   nothing was run\n"
        "  Next:  python manage.py db_rollback   (finishes it)"
    )


def test_another_branchs_file_in_flight_is_refused() -> None:
    assert _refusal(_known(row(ONE), row(entry(9), "failed"))) == (
        "0009_file was begun on another branch and not finished.\n"
        "  Now:   nothing was run\n"
        "  Next:  check out the branch that holds 0009_file and run db_migrate there; or python "
        "manage.py db_rollback   (undoes it from the text in the ledger)"
    )


def test_a_missing_row_of_django_migrations_is_refused() -> None:
    assert _refusal(_known(row(ONE), recorded_migrations=set())) == (
        "0001_file is applied, and django_migrations does not hold shop.0001_m.\n"
        "  Now:   nothing was run\n"
        "  Next:  find out who removed the row, then: INSERT INTO django_migrations (app, name, "
        "applied) VALUES ('shop', '0001_m', UTC_TIMESTAMP(6))"
    )


@pytest.mark.parametrize("begun", [(), (row(TWO, "rolled_back", "down"),)])
def test_a_row_that_something_else_recorded_is_refused(begun: tuple[LedgerFile, ...]) -> None:
    known = _known(
        row(ONE), *begun, recorded_migrations={*ONE.recorded_migrations, *TWO.recorded_migrations}
    )

    assert _refusal(known) == (
        "django_migrations says that shop.0002_m is applied, and 0002_file, which holds it, was "
        "never applied: something else than NestFlux ran it.\n"
        "  Now:   nothing was run\n"
        "  Next:  undo it with the tool that applied it; or, where all of the file ran: python "
        "manage.py db_mark_applied 0002_file.sql"
    )


def test_rows_of_migrate_are_taken_over_where_no_file_is_applied() -> None:
    assert _refusal(_known(tables=False, recorded_migrations={*ONE.recorded_migrations})) == (
        "django_migrations says that shop.0001_m is applied, and 0001_file, which holds it, was "
        "never applied: something else than NestFlux ran it.\n"
        "  Now:   nothing was run\n"
        "  Next:  python manage.py db_baseline"
    )


def test_a_migration_that_another_branchs_file_ran_is_refused() -> None:
    unlisted_file = replace(row(entry(9)), recorded_migrations=TWO.recorded_migrations)

    assert _refusal(_known(row(ONE), unlisted_file)) == (
        "shop.0002_m, which 0002_file holds, ran here in 0009_file, with other statements or "
        "another session.\n"
        "  Now:   nothing was run\n"
        "  Next:  python manage.py db_rollback 0009_file, then db_migrate"
    )


def test_a_migration_that_another_branchs_file_ran_too_is_left_where_both_are_applied() -> None:
    unlisted_file = replace(row(entry(9)), recorded_migrations=ONE.recorded_migrations)

    assert make(JOURNAL, _known(row(ONE), unlisted_file)).pending == (TWO, THREE)


def test_a_row_that_another_file_of_the_history_records_is_its_own() -> None:
    both = replace(
        row(ONE), recorded_migrations=(*ONE.recorded_migrations, *TWO.recorded_migrations)
    )

    assert make(JOURNAL, _known(both)).pending == (TWO, THREE)


def test_sections_that_the_file_in_flight_recorded_are_its_own() -> None:
    known = _known(
        row(ONE),
        row(TWO, "failed"),
        recorded_migrations={*ONE.recorded_migrations, *TWO.recorded_migrations},
    )

    assert make(JOURNAL, known).pending == (TWO, THREE)


def test_rows_that_no_file_knows_are_nobodys_business() -> None:
    known = _known(row(ONE), recorded_migrations={*ONE.recorded_migrations, "left.0001_initial"})

    assert make(JOURNAL, known).pending == (TWO, THREE)


def test_settings_that_the_rows_assume_differ_from_ours() -> None:
    journal = replace(JOURNAL, rows_assume={"SITE_ID": 1, "TIME_ZONE": "UTC"})

    reasons = replay_reasons(journal, {"SITE_ID": 2, "TIME_ZONE": "UTC"})

    assert reasons == ("its rows assume SITE_ID = 1, and here it is 2",)


def test_a_setting_that_is_not_there_differs_too() -> None:
    journal = replace(JOURNAL, rows_assume={"SITE_ID": 1}, replay_because=("a key is generated",))

    assert replay_reasons(journal, {}) == (
        "a key is generated",
        "its rows assume SITE_ID = 1, and here it is None",
    )


def test_a_history_of_another_family_is_refused() -> None:
    with pytest.raises(ServerUnsupported) as caught:
        refuse_family(JOURNAL, "mysql", [])

    assert str(caught.value) == (
        "The history was recorded for mariadb and the server is mysql.\n"
        "  Now:   nothing was run\n"
        "  Next:  record a history for this server, or use a server like the recording one"
    )


def test_a_server_that_differs_in_what_django_asks_of_it_is_refused() -> None:
    with pytest.raises(ServerUnsupported) as caught:
        refuse_family(JOURNAL, "mariadb", ["has uuid", "has no JSON"])

    assert str(caught.value) == (
        "The server differs from the one that the history was recorded on, in what Django asks of "
        "it: has uuid; has no JSON.\n"
        "  Now:   nothing was run\n"
        "  Next:  record a history for this server, or use a server like the recording one"
    )


def test_a_server_like_the_recording_one_is_not_refused() -> None:
    refuse_family(JOURNAL, "mariadb", [])
