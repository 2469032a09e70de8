"""The pool: its limits, what it replaces, what it closes, and what it never says."""

from __future__ import annotations

import gc
import logging
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import MySQLdb
import pytest
from django.db import InterfaceError, OperationalError, ProgrammingError, connections, transaction
from django.test.utils import override_settings

from nestflux.pooled import pool as pools
from nestflux.pooled.base import DatabaseWrapper
from tests.environment.deploys import until
from tests.pooled.conftest import Pooled, ask, identity
from tests.scenario import TestServer


def in_a_thread(work: Callable[[], object]) -> None:
    thread = threading.Thread(target=work)
    thread.start()
    thread.join()


def kill(server: TestServer, connection_id: int) -> None:
    """End a connection, and wait until the server has."""
    server.sql(f"KILL {connection_id}")
    listed = "SELECT 1 FROM information_schema.PROCESSLIST WHERE ID = %s"
    until(lambda: not server.sql(listed, [connection_id]), "the end of the connection")


def open_connections(server: TestServer, database: str) -> int:
    """How many connections are in a database, as the server counts them."""
    return len(server.sql("SELECT 1 FROM information_schema.PROCESSLIST WHERE DB = %s", [database]))


def pool_of(wrapper: DatabaseWrapper) -> pools.ConnectionPool:
    pool = wrapper.pool
    assert pool is not None
    return pool


# ---- how many --------------------------------------------------------------------------------


def test_wrappers_of_one_alias_share_connections(pooled: Pooled) -> None:
    first, second = pooled(), pooled()
    used = identity(first)
    first.close()

    assert identity(second) == used


def test_another_user_or_database_has_a_pool_of_its_own(pooled: Pooled) -> None:
    first = pooled()
    ask(first, "SELECT 1")
    first.close()
    second = pooled(True, NAME="information_schema")

    assert pool_of(first) is not pool_of(second)
    assert ask(second, "SELECT DATABASE()") == "information_schema"


def test_there_are_never_more_than_max_size(
    pooled: Pooled, server: TestServer, database: str
) -> None:
    def one_of_many() -> None:
        wrapper = pooled({"max_size": 3})
        for _ in range(20):
            ask(wrapper, "SELECT SLEEP(0.001)")
            seen.append(open_connections(server, database))
            wrapper.close()

    seen: list[int] = []
    threads = [threading.Thread(target=one_of_many) for _ in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(seen) == 12 * 20
    assert max(seen) == 3


def test_who_waits_too_long_gets_an_error_in_words(pooled: Pooled) -> None:
    options = {"max_size": 1, "timeout": 0.05}
    holder, waiter = pooled(options), pooled(options)
    holder.ensure_connection()

    with pytest.raises(OperationalError, match=r"free within 0\.05 s; it has max_size = 1"):
        waiter.ensure_connection()

    holder.close()
    assert ask(waiter, "SELECT 1") == 1


def test_a_server_that_refuses_takes_no_slot(pooled: Pooled) -> None:
    wrong = pooled({"max_size": 1}, PASSWORD="open sesame", USER="nobody_of_that_name")

    for _ in range(3):
        with pytest.raises(OperationalError, match="Access denied"):
            wrong.ensure_connection()

    assert pool_of(wrong).in_use() == 0


# ---- whose they are --------------------------------------------------------------------------


def test_a_thread_that_ends_gives_its_connection_back(pooled: Pooled) -> None:
    """Without the help of the garbage collector, which may come minutes later."""

    def forget_to_close() -> None:
        used.append(identity(pooled(options)))

    used: list[int] = []
    options = {"max_size": 1, "timeout": 1}
    gc.disable()
    try:
        in_a_thread(forget_to_close)
        in_a_thread(forget_to_close)
    finally:
        gc.enable()

    assert used[0] == used[1]


def test_a_connection_that_threads_share_outlives_the_one_that_made_it(pooled: Pooled) -> None:
    """As LiveServerTestCase lets its server's threads into the test's own connection."""

    def make() -> None:
        shared.append(pooled())
        shared[0].inc_thread_sharing()
        ask(shared[0], "SET @made = 1")

    shared: list[DatabaseWrapper] = []
    in_a_thread(make)

    assert ask(shared[0], "SELECT @made") == 1


def test_a_wrapper_that_is_forgotten_gives_its_connection_back(pooled: Pooled) -> None:
    keeper = pooled({"max_size": 1})
    forgotten = DatabaseWrapper(keeper.settings_dict, keeper.alias)
    used = identity(forgotten)
    del forgotten
    gc.collect()

    assert identity(keeper) == used


def test_a_connection_closed_in_a_transaction_is_used_no_more_in_it(pooled: Pooled) -> None:
    """Else the rest of the block would run in whatever another request does."""
    options = {"max_size": 1}
    wrapper, other = pooled(options), pooled(options)
    with django_s_alias(wrapper), pytest.raises(ProgrammingError, match="atomic"):
        close_half_way(wrapper, other)

    assert ask(other, "SELECT name FROM item") == "lamp"


def close_half_way(wrapper: DatabaseWrapper, other: DatabaseWrapper) -> None:
    with transaction.atomic(using=wrapper.alias):
        ask(wrapper, "UPDATE item SET name = 'chair'")
        wrapper.close()
        assert ask(other, "SELECT name FROM item") == "lamp"
        ask(wrapper, "UPDATE item SET name = 'table'")


@contextmanager
def django_s_alias(wrapper: DatabaseWrapper) -> Iterator[None]:
    connections.settings[wrapper.alias] = wrapper.settings_dict
    connections[wrapper.alias] = wrapper
    try:
        yield
    finally:
        del connections[wrapper.alias]
        del connections.settings[wrapper.alias]


def test_a_copy_is_of_no_pool(pooled: Pooled) -> None:
    wrapper = pooled({"max_size": 1, "timeout": 0.05})
    wrapper.ensure_connection()
    copied = wrapper.copy()

    assert ask(copied, "SELECT 1") == 1
    assert not copied.is_pooled
    assert wrapper.is_pooled
    copied.close()


# ---- whether they work -----------------------------------------------------------------------


def test_a_connection_that_the_server_ended_is_replaced(pooled: Pooled, server: TestServer) -> None:
    wrapper = pooled()
    first = identity(wrapper)
    wrapper.close()
    kill(server, first)

    assert identity(wrapper) != first


def test_one_that_has_been_idle_is_asked(pooled: Pooled, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the line died in silence the socket has nothing to say."""
    monkeypatch.setattr(pools, "_has_something_to_say", lambda raw: False)
    monkeypatch.setattr(pools, "_SURE", 0.0)
    wrapper = pooled()
    first = identity(wrapper)
    raw = wrapper.connection
    wrapper.close()
    raw.close()

    assert identity(wrapper) != first


def test_one_that_died_in_use_is_not_used_again(pooled: Pooled, server: TestServer) -> None:
    wrapper = pooled({"max_size": 1})
    kill(server, identity(wrapper))
    with pytest.raises((OperationalError, InterfaceError)):
        ask(wrapper, "SELECT 1")
    wrapper.close()

    assert ask(wrapper, "SELECT 1") == 1


def test_a_connection_is_replaced_at_the_end_of_its_life(pooled: Pooled) -> None:
    wrapper = pooled({"max_size": 1, "max_lifetime": 0.001})
    first = identity(wrapper)
    wrapper.close()
    threading.Event().wait(0.01)

    assert identity(wrapper) != first


def test_idle_connections_are_closed_down_to_min_size(
    pooled: Pooled, server: TestServer, database: str
) -> None:
    wrappers = five_idle(pooled, server, database, {"min_size": 2, "max_idle": 0.001})
    threading.Event().wait(0.01)
    ask(wrappers[0], "SELECT 1")
    wrappers[0].close()

    closed(server, database, left=2)
    for wrapper in wrappers:  # and its slots are not lost
        assert ask(wrapper, "SELECT 1") == 1


def test_a_process_that_serves_nothing_closes_them_too(
    pooled: Pooled, server: TestServer, database: str
) -> None:
    wrappers = five_idle(pooled, server, database, {"min_size": 1, "max_idle": 1})
    assert open_connections(server, database) == 5
    assert len(looking(database)) == 1

    closed(server, database, left=1)
    until(lambda: not looking(database), "nobody to look where there is nothing to close")
    for wrapper in wrappers:
        assert ask(wrapper, "SELECT 1") == 1


def test_nobody_looks_where_all_may_stay_open_or_the_pool_is_closed(
    pooled: Pooled, database: str
) -> None:
    staying, going = pooled({"max_size": 2}), pooled({"max_size": 2, "min_size": 0})
    for wrapper, threads in ((staying, 0), (going, 1)):
        wrapper.ensure_connection()
        wrapper.close()
        assert len(looking(database)) == threads

    going.end_pool()

    while looking(database):
        pass


def test_a_process_without_another_thread_closes_them_with_the_next_return(
    pooled: Pooled, server: TestServer, database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(timer: threading.Timer) -> None:
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(threading.Timer, "start", refused)
    options = {"min_size": 0, "max_size": 2, "max_idle": 0.001}
    wrappers = [pooled(options), pooled(options)]
    for wrapper in wrappers:
        wrapper.ensure_connection()
    for wrapper in wrappers:
        wrapper.close()
    threading.Event().wait(0.01)
    ask(wrappers[0], "SELECT 1")
    wrappers[0].close()

    closed(server, database, left=1)


def five_idle(
    pooled: Pooled, server: TestServer, database: str, options: Mapping[str, float]
) -> list[Any]:
    """A pool of five connections that were all in use, and are all returned."""
    wrappers = [pooled({"max_size": 5, **options}) for _ in range(5)]
    for wrapper in wrappers:
        wrapper.ensure_connection()
    assert open_connections(server, database) == 5
    for wrapper in wrappers:
        wrapper.close()
    return wrappers


def looking(alias: str) -> list[threading.Thread]:
    """The threads that wait to close what is idle."""
    return [one for one in threading.enumerate() if one.name == f"nestflux-pool-{alias}"]


def test_those_in_use_are_not_closed_for_being_idle(pooled: Pooled) -> None:
    options = {"min_size": 0, "max_size": 2, "max_idle": 0.001}
    busy, other = pooled(options), pooled(options)
    ask(busy, "SET @mine = 1")
    for _ in range(3):
        ask(other, "SELECT 1")
        other.close()
        threading.Event().wait(0.01)

    assert ask(busy, "SELECT @mine") == 1


def test_a_pool_that_is_closed_closes_what_comes_back(
    pooled: Pooled, server: TestServer, database: str
) -> None:
    idle, busy = pooled(), pooled()
    for wrapper in (idle, busy):
        wrapper.ensure_connection()
    idle.close()
    busy.end_pool()
    closed(server, database, left=1)
    busy.close()

    closed(server, database, left=0)
    assert ask(idle, "SELECT 1") == 1


def closed(server: TestServer, database: str, *, left: int) -> None:
    """Wait until the server has read the goodbyes."""
    until(lambda: open_connections(server, database) <= left, "the goodbyes")
    assert open_connections(server, database) == left


# ---- what is asked and said ------------------------------------------------------------------


def test_the_server_is_described_once_a_pool(pooled: Pooled) -> None:
    """Under ASGI each request has a thread and a wrapper of its own."""
    first, second = pooled(), pooled()
    version = first.mysql_version
    first.close()
    with second.execute_wrapper(refusing):
        assert second.mysql_version == version


def test_a_used_connection_costs_no_statement_before_the_first(pooled: Pooled) -> None:
    first, second = pooled(), pooled()
    ask(first, "SELECT 1")
    first.close()
    with second.execute_wrapper(refusing):
        second.ensure_connection()


def refusing(execute: object, sql: str, *others: object) -> None:
    raise AssertionError(sql)


@override_settings(DEBUG=True)
def test_no_password_is_said(
    pooled: Pooled, server: TestServer, database: str, caplog: pytest.LogCaptureFixture
) -> None:
    user, password = database[:16], "open sesame"
    caplog.set_level(logging.DEBUG, logger="")
    with server.a_user(user, password, f"ALL ON `{database}`.*"):
        wrapper = pooled({"max_size": 1, "timeout": 0.05}, USER=user, PASSWORD=password)
        first = identity(wrapper)
        pool = pool_of(wrapper)
        with pytest.raises(MySQLdb.OperationalError) as full:
            pool.acquire()
        kill(server, first)
        wrapper.close()
        ask(wrapper, "SELECT 1")
        wrapper.close()
        server.sql(f"ALTER USER '{user}'@'localhost' IDENTIFIED BY 'another'")
        ask(wrapper, "SELECT 1")
        wrapper.close()  # cannot be reset, nor made again
        with pytest.raises(OperationalError) as denied:
            wrapper.ensure_connection()

    said = (caplog.text, repr(pool), repr(pool.recipe), repr(pool.recipe.session), repr(full))
    assert "could not be reset and is closed" in caplog.text
    assert "Access denied" in str(denied.value)
    for text in (*said, repr(denied), str(full.value), str(denied.value)):
        assert password not in text


def test_a_wrapper_that_is_closed_is_not_usable(pooled: Pooled) -> None:
    wrapper = pooled()
    wrapper.ensure_connection()
    assert wrapper.is_usable()
    wrapper.close()

    assert not wrapper.is_usable()
