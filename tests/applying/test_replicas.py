"""When a replica has what its primary has, and how it is spoken of."""

from __future__ import annotations

from dataclasses import replace

import pytest

from nestflux.applying.replicas import Replica, is_behind, lacking
from nestflux.database.replication import ReplicaState
from nestflux.ledger.rows import LedgerFile, LedgerState

FIRST = LedgerFile("a", "0001_first", "applied", "up", 1, "", "", "", "mysql", ())
SECOND = replace(FIRST, id="b", name="0002_second")
HERE = LedgerState(1, (FIRST, SECOND), frozenset({"shop.0001", "shop.0002"}))

FOLLOWS = ReplicaState(
    source="db1:3306", io_running=True, sql_running=True, lag=0.0, read_only=True
)


@pytest.mark.parametrize(
    ("there", "lacks"),
    [
        (HERE, ()),
        (None, ("0001_first", "0002_second")),
        (LedgerState(), ("0001_first", "0002_second")),
        (replace(HERE, files=(FIRST,)), ("0002_second",)),
        (replace(HERE, files=(FIRST, replace(SECOND, state="running"))), ("0002_second",)),
        # Rolled back and applied again on the primary since.
        (replace(HERE, files=(FIRST, replace(SECOND, attempt=0))), ("0002_second",)),
        # Another deploy has gone on since, and the replica has that already.
        (replace(HERE, files=(FIRST, replace(SECOND, attempt=2, state="rolled_back"))), ()),
        (replace(HERE, files=(FIRST, SECOND, replace(FIRST, id="c"))), ()),
    ],
)
def test_the_files_that_a_replica_lacks(there: LedgerState | None, lacks: tuple[str, ...]) -> None:
    assert lacking(HERE, there) == lacks
    assert is_behind(HERE, there) is bool(lacks)


def test_a_rolled_back_file_is_to_arrive_as_well() -> None:
    back = replace(SECOND, state="rolled_back", direction="down", attempt=2)

    assert lacking(replace(HERE, files=(FIRST, back)), HERE) == ("0002_second",)
    assert is_behind(replace(HERE, files=(FIRST, back)), HERE)


def test_what_a_run_does_behind_its_files_is_to_arrive_as_well() -> None:
    assert is_behind(HERE, replace(HERE, signals_pending=True))
    assert not is_behind(replace(HERE, signals_pending=True), replace(HERE, signals_pending=True))
    assert is_behind(HERE, replace(HERE, recorded_migrations=frozenset({"shop.0001"})))


def test_where_nothing_was_ever_applied_no_replica_lacks_it() -> None:
    assert not is_behind(LedgerState(), None)


@pytest.mark.parametrize(
    ("replica", "words", "well"),
    [
        (Replica("east", FOLLOWS, is_behind=False), "east has every file, 0 s behind", True),
        (
            Replica("east", replace(FOLLOWS, lag=12.0), lacks=("0002_second",)),
            "east lacks 0002_second, 12 s behind",
            False,
        ),
        (Replica("east", FOLLOWS), "east lacks the last rows of the ledger, 0 s behind", False),
        (
            Replica("east", problem="Nobody answers at db2:3306"),
            "east cannot be asked: Nobody answers at db2:3306",
            False,
        ),
        (
            Replica(
                "east", replace(FOLLOWS, sql_running=False, last_error="Error 'Unknown table'")
            ),
            "east no longer follows (lacks the last rows of the ledger): Error 'Unknown table'",
            False,
        ),
        (
            Replica("east", replace(FOLLOWS, sql_running=False), is_behind=False),
            "east no longer follows (has every file): its SQL thread is stopped",
            False,
        ),
        (
            Replica("east", replace(FOLLOWS, io_running=False, lag=None), is_behind=False),
            "east has every file, not connected to its source db1:3306",
            True,
        ),
        (
            Replica("east", replace(FOLLOWS, read_only=False), is_behind=False),
            "east has every file, 0 s behind, and takes writes",
            False,
        ),
        # Its storage is another server's: it copies no log.
        (
            Replica("east", ReplicaState(read_only=True), is_behind=False),
            "east has every file, lag not known",
            True,
        ),
        (
            Replica("east", ReplicaState(visible=False), family="mariadb", is_behind=False),
            "east has every file, lag not known (that takes REPLICA MONITOR)",
            True,
        ),
    ],
)
def test_how_a_replica_is(replica: Replica, words: str, well: bool) -> None:
    assert replica.description == words
    assert replica.is_well is well
