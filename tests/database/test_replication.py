"""What a server says of itself as a replica, as a value. tests/replicas asks real ones."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from nestflux.database.replication import ReplicaState, is_read_only, read_state, source_of

RUNS: dict[str, Any] = {
    "Source_Host": "db1",
    "Source_Port": 3306,
    "Replica_IO_Running": "Yes",
    "Replica_SQL_Running": "Yes",
    "Seconds_Behind_Source": 0,
    "Last_IO_Error": "",
    "Last_SQL_Error": "",
}
MARIADB = {
    name.replace("Source", "Master").replace("Replica", "Slave"): value
    for name, value in RUNS.items()
}
WELL = ReplicaState(source="db1:3306", io_running=True, sql_running=True, lag=0.0, read_only=True)
READ_ONLY = {"read_only": "ON"}


@pytest.mark.parametrize("row", [RUNS, MARIADB])
def test_a_replica_that_runs(row: dict[str, Any]) -> None:
    assert read_state([row], READ_ONLY) == WELL


@pytest.mark.parametrize("word", ["No", "Connecting", "Preparing"])
def test_it_runs_only_where_the_server_says_yes(word: str) -> None:
    row = {**RUNS, "Replica_IO_Running": word, "Seconds_Behind_Source": None}

    assert read_state([row], READ_ONLY) == replace(WELL, io_running=False, lag=None)


def test_of_several_sources_the_worst_counts() -> None:
    late = {**RUNS, "Source_Host": "db2", "Seconds_Behind_Source": 7}
    stopped = {
        **RUNS,
        "Replica_SQL_Running": "No",
        "Seconds_Behind_Source": None,
        "Last_SQL_Error": "Duplicate entry",
    }

    assert read_state([RUNS, late], READ_ONLY) == replace(WELL, lag=7.0)
    assert read_state([late, stopped], READ_ONLY) == ReplicaState(
        source="db2:3306",
        io_running=True,
        sql_running=False,
        lag=None,
        last_error="Duplicate entry",
        read_only=True,
    )


def test_a_server_that_copies_none_is_no_replica() -> None:
    state = read_state([], {})

    assert (state.configured, state.visible, state.read_only) == (False, True, False)


def test_where_the_user_may_not_ask_nothing_is_known_but_read_only() -> None:
    assert read_state(None, READ_ONLY) == ReplicaState(visible=False, read_only=True)


@pytest.mark.parametrize(
    ("variables", "read_only"),
    [
        ({"read_only": "ON"}, True),
        ({"read_only": "OFF", "super_read_only": "OFF", "innodb_read_only": "OFF"}, False),
        ({"read_only": "OFF", "innodb_read_only": "ON"}, True),
        ({"read_only": "NO_LOCK_NO_ADMIN"}, True),  # MariaDB 12
        ({}, False),
    ],
)
def test_read_only(variables: dict[str, str], read_only: bool) -> None:
    assert is_read_only(variables) is read_only


def test_the_source_in_words() -> None:
    assert source_of([MARIADB]) == "db1:3306"
    assert source_of([{"Source_Host": ""}]) == "another server"
    assert source_of([]) == source_of(None) == ""
