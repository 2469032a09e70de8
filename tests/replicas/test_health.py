"""What a process knows of a replica, and how it comes to know it, without a server."""

from __future__ import annotations

import os
import threading
from dataclasses import replace
from typing import ClassVar

import pytest
from django.db.utils import OperationalError
from pytest_django import Settings

from nestflux.database.replication import ReplicaState
from nestflux.replicas import health
from nestflux.replicas.health import Replica, why_left_out
from tests.environment.deploys import until
from tests.replicas.conftest import configure

pytestmark = pytest.mark.usefixtures("configured")
WELL = ReplicaState(source="db1:3306", io_running=True, sql_running=True, lag=0.0, read_only=True)


@pytest.mark.parametrize(
    ("state", "said"),
    [
        (WELL, ""),
        (replace(WELL, lag=5.0), ""),
        (replace(WELL, lag=6.0), "it is 6 s behind, and MAX_LAG is 5 s"),
        (replace(WELL, lag=None), "it does not know how far it is behind"),
        (replace(WELL, io_running=False, lag=None), "its IO thread does not run"),
        (replace(WELL, sql_running=False, last_error="key 'ada@example.com'"), "its SQL thread"),
        (replace(WELL, read_only=False), "it takes writes: read_only is off"),
        (replace(WELL, source=""), "it is no replica: it copies no server"),
        (ReplicaState(visible=False, read_only=True), "its user lacks REPLICATION CLIENT"),
    ],
)
def test_why_a_replica_is_left_out(state: ReplicaState, said: str) -> None:
    why = why_left_out(state, 5)

    assert why.startswith(said) or said in why
    assert bool(why) is bool(said)
    assert "ada@example.com" not in why  # a server's words may hold a row's values


class Asked(Replica):
    """A replica whose answer the test gives, and may hold back."""

    def __init__(self, *answers: ReplicaState | Exception) -> None:
        super().__init__("replica_1")
        self.answers = list(answers)
        self.asked = 0
        self.may_answer = threading.Event()
        self.may_answer.set()

    def _state(self) -> ReplicaState:
        self.asked += 1
        self.may_answer.wait(60)
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if isinstance(answer, Exception):
            raise answer
        return answer


def test_it_is_asked_once_a_pause_however_many_read(configured: Settings) -> None:
    configure(configured, PAUSE=50, WAIT=30)
    replica = Asked(WELL)

    read = [replica.is_well for _ in range(100)]

    assert read == [True] * 100
    assert replica.asked == 1


def test_nobody_waits_for_an_answer_that_does_not_come(configured: Settings) -> None:
    configure(configured, PAUSE=0.01, WAIT=0.01)
    replica = Asked(WELL)
    replica.may_answer.clear()

    assert not replica.is_well
    assert not replica.is_well
    assert replica.asked == 1

    replica.may_answer.set()
    until(lambda: replica.is_well, "the answer")


def test_what_is_known_counts_while_it_is_asked_again(configured: Settings) -> None:
    configure(configured, PAUSE=20, WAIT=0.01)
    replica = Asked(WELL)
    until(lambda: replica.is_well, "the first answer")
    replica.may_answer.clear()

    replica._asked -= 21  # as after 21 seconds
    assert replica.is_well
    replica._asked -= 60
    assert not replica.is_well

    replica.may_answer.set()


def test_whatever_goes_wrong_leaves_it_out_until_it_answers(
    configured: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    configure(configured, PAUSE=0.01)
    gone = OperationalError(2002, "Can't connect")
    replica = Asked(gone, ValueError("odd"), replace(WELL, lag=9.0), WELL)

    until(lambda: replica.is_well and len(caplog.records) > 1, "it to come back")

    assert [record.getMessage() for record in caplog.records] == [
        "Reads leave out the replica 'replica_1': it cannot be reached: Can't connect.",
        "Reads go to the replica 'replica_1' again.",
    ]


class Dead:
    """A connection to a server that is gone: connecting lasts until the test lets it fail."""

    in_atomic_block = False
    connection = None
    connecting: ClassVar[list[int]] = []

    def __init__(self, fails: threading.Event) -> None:
        self.fails = fails

    def ensure_connection(self) -> None:
        self.connecting.append(threading.get_ident())
        self.fails.wait(60)
        raise OperationalError(2003, "timed out")


def test_one_of_many_threads_waits_for_a_dead_server(configured: Settings) -> None:
    configure(configured, PAUSE=50, WAIT=0.05)
    replica, fails = Asked(WELL), threading.Event()
    until(lambda: replica.is_well, "it to be well")
    Dead.connecting.clear()
    answers: list[bool] = []

    def request() -> None:
        answers.append(replica.connects(Dead(fails)))  # type: ignore[arg-type]

    threads = [threading.Thread(target=request) for _ in range(20)]
    for thread in threads:
        thread.start()
    until(lambda: len(answers) == 19, "all but one to go on")
    fails.set()
    for thread in threads:
        thread.join()

    assert answers == [False] * 20
    assert len(Dead.connecting) == 1
    assert not replica.is_well


def test_a_forked_process_knows_nothing_and_can_ask() -> None:
    """Another thread may have been asking when it forked."""
    parent = health.known("replica_1")
    parent._asking.acquire()
    reader, writer = os.pipe()
    if (child := os.fork()) == 0:
        own = health.known("replica_1")
        os.write(writer, b"ok" if own is not parent and not own._asking.locked() else b"no")
        os._exit(0)
    os.waitpid(child, 0)

    assert os.read(reader, 2) == b"ok"
    os.close(reader)
    os.close(writer)
