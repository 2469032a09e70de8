"""What one user of a connection leaves in its session, the next does not find."""

from __future__ import annotations

from typing import Any

import pytest

from tests.pooled.conftest import Pooled, ask, identity
from tests.scenario import TestServer

ISOLATION = {"mariadb": "@@tx_isolation", "mysql": "@@transaction_isolation"}
# What is shown of a session: each of it is Django's or the driver's to set, or a server's default.
SHOWN = (
    "@@sql_mode, @@autocommit, @@character_set_client, @@character_set_results, "
    "@@collation_connection, @@time_zone, @@foreign_key_checks, @@sql_auto_is_null, "
    "@@lock_wait_timeout, @@max_heap_table_size, @@wait_timeout, DATABASE(), CURRENT_USER(), "
    "LAST_INSERT_ID(), @left_behind"
)
# What a request may leave behind, and what would show it to the next.
LEFT_BEHIND = {
    "a user variable": "SET @left_behind = 'secret'",
    "sql_mode": "SET SESSION sql_mode = 'ANSI'",
    "character set": "SET NAMES latin1",
    "time zone": "SET time_zone = '+05:00'",
    "isolation": "SET SESSION TRANSACTION ISOLATION LEVEL SERIALIZABLE",
    "the next transaction's isolation": "SET TRANSACTION ISOLATION LEVEL SERIALIZABLE",
    "foreign key checks": "SET foreign_key_checks = 0",
    "sql_auto_is_null": "SET sql_auto_is_null = 1",
    "a limit": "SET SESSION max_heap_table_size = 20480",
    "another database": "USE information_schema",
    "autocommit": "SET autocommit = 0",
    "last insert id": "SELECT LAST_INSERT_ID(7)",
}


def shown(wrapper: Any, family: str) -> tuple[Any, ...]:
    with wrapper.cursor() as cursor:
        cursor.execute(f"SELECT {ISOLATION[family]}, {SHOWN}")
        return tuple(cursor.fetchone())


@pytest.mark.parametrize("left", LEFT_BEHIND.values(), ids=LEFT_BEHIND)
def test_a_session_is_as_new(pooled: Pooled, family: str, left: str) -> None:
    wrapper = pooled()
    before, first = shown(wrapper, family), identity(wrapper)
    with wrapper.cursor() as cursor:
        cursor.execute(left)
    wrapper.close()

    after = shown(wrapper, family)

    assert identity(wrapper) == first, "it was not the same connection"
    assert after == before


def test_a_new_session_is_that_of_django_s_own_backend(
    pooled: Pooled, server: TestServer, family: str
) -> None:
    options = {"sql_mode": "ANSI", "init_command": "SET time_zone = '+03:00'"}
    django_s = pooled(False, OPTIONS=options)
    ours = pooled(True, OPTIONS=options)

    fresh = shown(ours, family)
    ours.close()
    used = shown(ours, family)

    assert fresh == used == shown(django_s, family)
    assert django_s.pool is None


@pytest.mark.parametrize(
    "options",
    [
        {"isolation_level": "serializable"},
        {"isolation_level": None},
        {"charset": "utf8mb4", "collation": "utf8mb4_bin"},
        {"charset": "latin1"},
        {"init_command": "SET @left_behind = 1; SET time_zone = '+02:00'"},
    ],
    ids=str,
)
def test_the_alias_s_own_options_hold_for_every_use(
    pooled: Pooled, family: str, options: dict[str, Any]
) -> None:
    django_s = pooled(False, OPTIONS=options)
    ours = pooled(True, OPTIONS=options)

    seen = []
    for _ in range(3):
        seen.append(shown(ours, family))
        ours.close()

    assert seen == [shown(django_s, family)] * 3


def test_autocommit_can_be_off(pooled: Pooled) -> None:
    wrapper = pooled(True, AUTOCOMMIT=False)

    for _ in range(2):
        assert ask(wrapper, "SELECT @@autocommit") == 0
        assert not wrapper.get_autocommit()
        wrapper.close()


def test_a_transaction_that_was_left_open_is_undone(pooled: Pooled, server: TestServer) -> None:
    wrapper = pooled()
    wrapper.set_autocommit(False)
    ask(wrapper, "UPDATE item SET name = 'chair'")
    wrapper.close()

    assert ask(wrapper, "SELECT name FROM item") == "lamp"
    # Nor does it hold the row.
    database = wrapper.settings_dict["NAME"]
    server.sql("SELECT * FROM item FOR UPDATE NOWAIT", database=database)


def test_temporary_tables_are_gone(pooled: Pooled) -> None:
    wrapper = pooled()
    ask(wrapper, "CREATE TEMPORARY TABLE item (secret int)")
    wrapper.close()

    assert ask(wrapper, "SELECT name FROM item") == "lamp"


def test_named_locks_are_free_once_the_connection_is_returned(
    pooled: Pooled, server: TestServer
) -> None:
    wrapper = pooled()
    lock = f"lock of {wrapper.alias}"
    assert ask(wrapper, f"SELECT GET_LOCK('{lock}', 0)") == 1
    wrapper.close()

    assert server.sql("SELECT IS_FREE_LOCK(%s)", [lock]) == [(1,)]


def test_table_locks_are_free_once_the_connection_is_returned(
    pooled: Pooled, server: TestServer
) -> None:
    wrapper = pooled()
    ask(wrapper, "LOCK TABLES item WRITE")
    wrapper.close()

    rows = server.sql("SELECT name FROM item", database=wrapper.settings_dict["NAME"])
    assert rows == [("lamp",)]


def test_rows_that_nobody_fetched_do_not_reach_the_next(pooled: Pooled) -> None:
    """A reset cannot be spoken in the middle of a result: such a connection is closed."""
    from MySQLdb.cursors import SSCursor

    wrapper = pooled()
    wrapper.ensure_connection()
    cursor = wrapper.connection.cursor(SSCursor)
    cursor.execute("SELECT 'of the first' UNION ALL SELECT 'of the first'")
    wrapper.close()

    assert ask(wrapper, "SELECT 'of the second'") == "of the second"


def test_an_update_counts_the_rows_that_it_found(pooled: Pooled) -> None:
    """``CLIENT.FOUND_ROWS``, which Django relies on, is the connection's and outlives a reset."""
    wrapper = pooled()
    for _ in range(2):
        with wrapper.cursor() as cursor:
            assert cursor.execute("UPDATE item SET name = 'lamp' WHERE id = 1") == 1
        wrapper.close()


def test_a_user_with_a_password_is_reset_as_well(
    pooled: Pooled, server: TestServer, database: str
) -> None:
    user = database[:16]
    with server.a_user(user, "sesame", f"ALL ON `{database}`.*"):
        wrapper = pooled(True, USER=user, PASSWORD="sesame")
        first = identity(wrapper)
        ask(wrapper, "SET @left_behind = 1")
        wrapper.close()

        assert ask(wrapper, "SELECT @left_behind") is None
        assert identity(wrapper) == first
        wrapper.close()
