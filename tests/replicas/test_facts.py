"""``nestflux/database/replication.py`` on real servers that copy one another."""

from __future__ import annotations

import time

import pytest
from django.db.utils import OperationalError

from nestflux.database.replication import ReplicaState, position, reached, replica_state
from nestflux.database.setup import setup_of
from tests.environment.deploys import until
from tests.replicas.conftest import Connect, Servers


def test_a_replica_that_is_well(servers: Servers, connect: Connect) -> None:
    replica = connect(servers.replica)
    until(lambda: replica_state(replica).lag == 0, "the end of what it was behind")

    assert replica_state(replica) == ReplicaState(
        source=f"127.0.0.1:{servers.primary.port}",
        io_running=True,
        sql_running=True,
        lag=0.0,
        read_only=True,
    )


def test_the_primary_is_no_replica(servers: Servers, connect: Connect) -> None:
    state = replica_state(connect(servers.primary))

    assert (state.configured, state.visible, state.read_only) == (False, True, False)


@pytest.mark.parametrize("thread", ["SQL_THREAD", "IO_THREAD"])
def test_a_stopped_replica_does_not_know_its_lag(
    servers: Servers, connect: Connect, thread: str
) -> None:
    servers.replica.halt(thread)

    state = replica_state(connect(servers.replica))

    assert (state.sql_running, state.io_running) == (thread != "SQL_THREAD", thread != "IO_THREAD")
    assert state.lag is None


def test_a_delayed_replica_says_how_far_it_is_behind(servers: Servers, connect: Connect) -> None:
    servers.replica.lag(3600)
    servers.write("late")
    replica = connect(servers.replica)

    lag = until(lambda: replica_state(replica).lag, "a lag of a second")

    assert lag >= 1


def test_what_collides_is_said_in_the_servers_words(servers: Servers, connect: Connect) -> None:
    node = servers.replica
    node.halt()
    servers.write("first")
    # As somebody who wrote to a replica: the row that comes next is there.
    node.sql("SET sql_log_bin = 0; INSERT INTO item VALUES (1, 'own')", None, servers.database)
    node.go_on()
    replica = connect(node)
    try:
        until(lambda: replica_state(replica).last_error, "the collision")

        state = replica_state(replica)

        assert not state.sql_running
        assert state.lag is None
    finally:
        node.sql("SET sql_log_bin = 0; DELETE FROM item", None, servers.database)
        node.halt()


def test_a_user_without_the_privilege_sees_read_only_alone(
    servers: Servers, connect: Connect
) -> None:
    servers.primary.sql("CREATE USER poor@localhost")
    servers.primary.sql(f"GRANT SELECT ON `{servers.database}`.* TO poor@localhost")
    try:
        servers.replica.catch_up(servers.primary)
        replica = connect(servers.replica, "poor")

        assert replica_state(replica) == ReplicaState(visible=False, read_only=True)
        assert setup_of(replica).replica_of == ""
    finally:
        servers.primary.sql("DROP USER poor@localhost")


def test_a_commit_is_reached_when_it_is_there(servers: Servers, connect: Connect) -> None:
    primary, replica = connect(servers.primary), connect(servers.replica)
    servers.replica.halt("SQL_THREAD")
    with primary.cursor() as cursor:
        cursor.execute("INSERT INTO item (name) VALUES ('lamp')")
    written = position(primary)

    assert not reached(replica, written, 0)
    assert not reached(replica, written, 0.05)

    servers.replica.go_on()

    assert reached(replica, written, 120)
    assert reached(replica, written, 0)
    assert servers.rows_of(servers.replica) == ["lamp"]


def test_a_session_that_wrote_nothing_has_the_position_of_the_log(
    servers: Servers, connect: Connect
) -> None:
    servers.replica.halt("SQL_THREAD")
    servers.write("another's")

    assert not reached(connect(servers.replica), position(connect(servers.primary)), 0)


@pytest.mark.parametrize(
    "position",
    ["", "bogus", "' OR 1 = 1", "0-9-999999999", "11111111-1111-1111-1111-111111111111:1"],
)
def test_what_is_malformed_or_of_another_log_is_not_reached(
    servers: Servers, connect: Connect, position: str
) -> None:
    replica = connect(servers.replica)

    assert not reached(replica, position, 0)
    assert not reached(replica, position, 0.05)


def test_a_connection_that_is_lost_is_the_callers(servers: Servers, connect: Connect) -> None:
    replica = connect(servers.replica)
    replica.ensure_connection()
    servers.replica.kill()

    with pytest.raises(OperationalError):
        reached(replica, "0-1-1", 1)
    with pytest.raises(OperationalError):
        replica_state(replica)


def test_waiting_takes_no_longer_than_was_said(servers: Servers, connect: Connect) -> None:
    """Of a server without such a position: it is asked for 0.2 s, not for ever."""
    replica = connect(servers.replica)
    began = time.monotonic()

    reached(replica, "0-9-999999999", 0.2)
    reached(replica, "11111111-1111-1111-1111-111111111111:1", 0.2)

    assert time.monotonic() - began >= 0.2
