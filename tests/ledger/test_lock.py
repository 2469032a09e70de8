"""The named lock: one holder, seen by others, lost with its connection."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import pytest
import time_machine
from django.db.utils import OperationalError

from nestflux.database.lock_names import lock_name
from nestflux.exceptions import LockLost, LockUnavailable
from nestflux.ledger.heartbeat import _renew, beating
from nestflux.ledger.ledger import Ledger
from nestflux.ledger.lock import DatabaseLock, Holder, holder_of
from nestflux.ledger.lock_times import LockTimes
from nestflux.ledger.tables import ensure_ledger
from tests.scenario import TestServer

if TYPE_CHECKING:
    from django.db.backends.base.base import BaseDatabaseWrapper

AT_ONCE = LockTimes(wait=0.1)


@pytest.fixture
def other(scratch: BaseDatabaseWrapper) -> Iterator[BaseDatabaseWrapper]:
    """Another connection to the same database."""
    connection = scratch.copy()
    yield connection
    connection.close()


def test_the_name_carries_the_database_and_fits() -> None:
    assert lock_name("shop", folds=False) == "nestflux:shop"
    assert len(lock_name("x" * 64, folds=False)) <= 64
    assert lock_name("x" * 64, folds=False) != lock_name("x" * 63 + "y", folds=False)


@pytest.mark.parametrize(("one", "other"), [("App", "app"), ("APP", "App"), ("X" * 64, "x" * 64)])
def test_names_that_differ_in_case_are_two_databases_where_the_server_says_so(
    one: str, other: str
) -> None:
    """MySQL compares the names of locks without case (Manual 14.14)."""
    names = {lock_name(each, folds=False).lower() for each in (one, other)}

    assert len(names) == 2
    assert all(len(name) <= 64 for name in names)
    assert lock_name(one, folds=True) == lock_name(other, folds=True)


def test_two_databases_whose_names_differ_in_case_do_not_wait_for_each_other(
    scratch: BaseDatabaseWrapper, server: TestServer
) -> None:
    if scratch.features.ignores_table_name_case:
        pytest.skip("they are one database here")
    capital = str(scratch.settings_dict["NAME"]).replace("nf_", "NF_")
    server.sql(f"CREATE DATABASE `{capital}`")
    twin = type(scratch)({**scratch.settings_dict, "NAME": capital}, "default")
    try:
        DatabaseLock(scratch, AT_ONCE).acquire()
        DatabaseLock(twin, AT_ONCE).acquire()
    finally:
        twin.close()
        server.sql(f"DROP DATABASE `{capital}`")


def test_one_holds_it_and_the_other_learns_who(
    scratch: BaseDatabaseWrapper, other: BaseDatabaseWrapper
) -> None:
    mine = DatabaseLock(scratch, AT_ONCE)
    mine.acquire()
    ensure_ledger(scratch)
    Ledger(scratch).open_run("db_migrate", mine.connection_id)
    told: list[Holder] = []

    with pytest.raises(LockUnavailable, match="db_migrate on "):
        DatabaseLock(other, AT_ONCE, on_wait=told.append).acquire()

    assert [holder.connection_id for holder in told] == [mine.connection_id]


def test_it_is_free_after_release(scratch: BaseDatabaseWrapper, other: BaseDatabaseWrapper) -> None:
    first = DatabaseLock(scratch, AT_ONCE)
    first.acquire()
    first.release()

    second = DatabaseLock(other, AT_ONCE)
    second.acquire()

    assert second.still_held()


def test_it_is_lost_with_the_connection(
    scratch: BaseDatabaseWrapper, other: BaseDatabaseWrapper
) -> None:
    lock = DatabaseLock(scratch, LockTimes(wait=5))
    lock.acquire()

    scratch.close()  # as a Python step may do; Django connects again by itself

    with pytest.raises(LockLost):
        lock.require()
    assert lock.regain()
    lock.require()
    scratch.close()
    DatabaseLock(other, LockTimes(wait=5)).acquire()
    assert not lock.regain()


def test_a_lock_that_another_connection_holds_is_not_ours(
    scratch: BaseDatabaseWrapper, other: BaseDatabaseWrapper
) -> None:
    lock = DatabaseLock(scratch, AT_ONCE)
    lock.acquire()
    lock.release()
    DatabaseLock(other, AT_ONCE).acquire()

    assert not lock.still_held()


def test_a_holder_without_a_sign_of_life_is_ended(
    scratch: BaseDatabaseWrapper, other: BaseDatabaseWrapper
) -> None:
    frozen = DatabaseLock(scratch, AT_ONCE)
    frozen.acquire()
    ensure_ledger(scratch)
    run = Ledger(scratch).open_run("db_migrate", frozen.connection_id)
    with scratch.cursor() as cursor:
        cursor.execute(
            "UPDATE nestflux_run SET heartbeat_at = UTC_TIMESTAMP(6) - INTERVAL 1 HOUR "
            "WHERE id = %s",
            [run],
        )
    ended: list[Holder] = []

    DatabaseLock(other, LockTimes(wait=60, stale=0.5, beat=0.1), on_kill=ended.append).acquire()

    assert [holder.connection_id for holder in ended] == [frozen.connection_id]


def test_a_holder_that_never_had_a_heartbeat_is_not_taken_for_dead(
    scratch: BaseDatabaseWrapper, other: BaseDatabaseWrapper
) -> None:
    holder = DatabaseLock(scratch, AT_ONCE)
    holder.acquire()
    ensure_ledger(scratch)
    Ledger(scratch).open_run("db_migrate", holder.connection_id)
    ended: list[Holder] = []

    with pytest.raises(LockUnavailable):
        DatabaseLock(
            other, LockTimes(wait=1.5, stale=0.1, beat=0.01), on_kill=ended.append
        ).acquire()

    assert ended == []
    assert holder.still_held()


def test_the_heart_beats_while_the_run_lasts(
    scratch: BaseDatabaseWrapper, other: BaseDatabaseWrapper
) -> None:
    ensure_ledger(scratch)
    run = Ledger(scratch).open_run("db_migrate", 1)

    with beating(scratch, run, every=0.01):
        first = _heartbeat_after(other, run, None)
        second = _heartbeat_after(other, run, first)

    assert second > first
    assert "nestflux-heartbeat" not in [thread.name for thread in threading.enumerate()]


def test_a_short_wait_timeout_does_not_end_the_heartbeats_connection(
    scratch: BaseDatabaseWrapper,
) -> None:
    ensure_ledger(scratch)
    run = Ledger(scratch).open_run("db_migrate", 1)
    with scratch.cursor() as cursor:
        cursor.execute("SET SESSION wait_timeout = 1")

    _renew(scratch, run, every=100.5)

    with scratch.cursor() as cursor:
        cursor.execute("SELECT @@SESSION.wait_timeout")
        assert cursor.fetchone() == (362,)


def test_only_the_servers_clock_says_how_old_a_heartbeat_is(
    scratch: BaseDatabaseWrapper, other: BaseDatabaseWrapper
) -> None:
    lock = DatabaseLock(scratch, AT_ONCE)
    lock.acquire()
    ensure_ledger(scratch)
    run = Ledger(scratch).open_run("db_migrate", lock.connection_id)

    with time_machine.travel("2020-01-01"):
        _renew(scratch, run, every=1)
    with time_machine.travel("2100-01-01"):
        holder = holder_of(other, lock.name)

    assert holder is not None
    assert holder.heartbeat_age is not None
    assert 0 <= holder.heartbeat_age < AT_ONCE.stale


def _heartbeat_after(connection: BaseDatabaseWrapper, run: int, last: object) -> str:
    """The next heartbeat that is not ``last``; a heart that stands still hangs the test."""
    while True:
        with connection.cursor() as cursor:
            cursor.execute("SELECT heartbeat_at FROM nestflux_run WHERE id = %s", [run])
            (found,) = cursor.fetchone()
        if found is not None and str(found) != last:
            return str(found)


def test_the_lock_is_that_of_the_schema_that_the_connection_is_in(
    scratch: BaseDatabaseWrapper, monkeypatch: pytest.MonkeyPatch
) -> None:
    schema = str(scratch.settings_dict["NAME"])
    scratch.ensure_connection()
    monkeypatch.setitem(scratch.settings_dict, "NAME", "")  # as with read_default_file

    assert DatabaseLock(scratch, LockTimes()).name == lock_name(schema, folds=False)


def _holder(**seen: Any) -> Holder:
    return Holder(connection_id=7, heartbeat="1", heartbeat_age=1000.0, **seen)


@pytest.mark.parametrize(
    ("seen", "why"),
    [
        ({"is_visible": False}, "this user may not see what it does (the privilege PROCESS)"),
        ({"statement": "ALTER TABLE post FORCE"}, "its connection is running a statement"),
    ],
)
def test_a_holder_that_works_or_cannot_be_seen_is_spared(
    scratch: BaseDatabaseWrapper, seen: dict[str, Any], why: str
) -> None:
    lock = DatabaseLock(scratch, LockTimes())

    assert lock._kill(_holder(**seen)) == why


def test_a_holder_that_this_user_may_not_end_is_spared(
    scratch: BaseDatabaseWrapper, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Denying:
        def __enter__(self) -> Any:
            return self

        def __exit__(self, *error: object) -> None:
            pass

        def execute(self, sql: str) -> None:
            raise OperationalError(1095, "You are not owner of thread 7")

    lock = DatabaseLock(scratch, LockTimes())
    monkeypatch.setattr(scratch, "cursor", Denying)

    assert lock._kill(_holder(is_idle=True)) == "this user may not end it"
