"""Replicas that die, stop, lag, take writes or say nothing, under the requests of a site; and come
back."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from typing import Any
from unittest.mock import patch

import pytest
from django.db import connections
from django.db.utils import OperationalError
from django.test import Client

from blog.models import Tag
from nestflux.replicas import health, reading_from_replicas
from scripts.replication import Node
from tests.environment.deploys import until
from tests.replicas.conftest import ALIASES, Site, both_engines

READS = 25


@both_engines
def test_a_replica_that_is_killed_fails_no_read_and_comes_back(site: Site) -> None:
    site.configure("replica_1")
    site.well()
    assert site.get("tag")["read"] == "replica_1"

    site.replica.kill()
    read = [site.get("tag") for _ in range(READS)]

    assert all(answer == {"found": True, "read": "default"} for answer in read)

    site.replica.start()
    site.well()
    assert site.get("tag")["read"] == "replica_1"


@both_engines
def test_a_replica_that_was_restarted_between_two_requests_is_connected_to_anew(site: Site) -> None:
    site.configure("replica_1", PAUSE=3600)
    site.well()
    assert site.get("tag")["read"] == "replica_1"

    site.replica.kill()
    site.replica.start()

    assert site.get("tag") == {"found": True, "read": "replica_1"}


def test_a_replica_that_dies_in_the_middle_of_a_request_is_replaced_by_the_primary(
    site: Site,
) -> None:
    site.configure("replica_1")
    site.well()

    with reading_from_replicas():
        first = list(Tag.objects.filter(slug="first"))
        assert first[0]._state.db == "replica_1"
        site.replica.kill()
        again = list(Tag.objects.filter(slug="first"))
        later = Tag.objects.filter(slug="first").db

    assert [each.slug for each in again] == ["first"]
    assert later == "default"


@pytest.mark.parametrize("ends", [Node.kill, Node.stop])
def test_a_read_that_is_under_way_when_the_server_ends_is_answered(
    site: Site, ends: Callable[[Node], None]
) -> None:
    """Killed, and stopped in an orderly way, which ends connections one by one."""
    site.configure("replica_1")
    site.well()
    waits = Tag.objects.filter(slug="first").extra(
        where=["IF(@@server_id = %s, BENCHMARK(1e12, SHA2(RAND(), 512)), 0) = 0"],
        params=[site.replica.number],
    )
    at_work = "SELECT 1 FROM information_schema.PROCESSLIST WHERE INFO LIKE '%1e12%'"
    others = f"{at_work} AND ID <> CONNECTION_ID()"

    def end_it() -> None:
        until(lambda: site.replica.sql(others), "the statement")
        ends(site.replica)

    with reading_from_replicas(), ThreadPoolExecutor(1) as pool:
        ending = pool.submit(end_it)
        found = list(waits)
        ending.result()

    assert [each.slug for each in found] == ["first"]


@both_engines
def test_a_connection_that_was_ended_between_two_reads_is_not_missed(site: Site) -> None:
    site.configure("replica_1")
    site.well()

    with reading_from_replicas():
        assert Tag.objects.get(slug="first")._state.db == "replica_1"
        site.replica.sql(f"KILL CONNECTION {connections['replica_1'].connection.thread_id()}")

        assert Tag.objects.get(slug="first")._state.db == "replica_1"

    site.well()


@both_engines
def test_a_statement_that_somebody_ended_does_not_begin_again_on_the_primary(site: Site) -> None:
    site.configure("replica_1")
    site.well()
    slow = Tag.objects.filter(slug="first").extra(where=["SLEEP(600) = 0"])
    asleep = "SELECT ID FROM information_schema.PROCESSLIST WHERE INFO LIKE '%SLEEP(600)%'"
    mine = f"{asleep} AND ID <> CONNECTION_ID()"

    def end_it() -> None:
        ((identity,),) = until(lambda: site.replica.sql(mine), "the statement")
        site.replica.sql(f"KILL CONNECTION {identity}")

    with reading_from_replicas(), ThreadPoolExecutor(1) as pool:
        ending = pool.submit(end_it)
        with pytest.raises(OperationalError):
            list(slow)
        ending.result()

    assert site.primary.sql(mine) == []
    assert health.known("replica_1").is_well


def test_what_is_wrong_with_a_replica_is_said_once(
    site: Site, caplog: pytest.LogCaptureFixture
) -> None:
    site.configure("replica_1")
    site.well()
    caplog.clear()

    site.replica.write_protect(False)
    site.left_out("replica_1")
    for _ in range(10):
        assert site.get("tag")["read"] == "default"
    site.replica.write_protect(True)
    site.well()
    until(lambda: len(said(caplog)) > 1, "the second line")

    assert said(caplog) == [
        "Reads leave out the replica 'replica_1': it takes writes: read_only is off.",
        "Reads go to the replica 'replica_1' again.",
    ]


def said(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [each.getMessage() for each in caplog.records if each.name == "nestflux.replicas"]


@pytest.mark.parametrize("thread", ["SQL", "IO"])
def test_a_replica_that_has_stopped_is_left_out(site: Site, thread: str) -> None:
    site.configure(*ALIASES)
    site.well(*ALIASES)
    site.replica.halt(f"{thread}_THREAD")
    site.left_out("replica_1")

    read = {Client().get("/tag/first").json()["read"] for _ in range(20)}

    assert read == {"replica_2"}


def test_a_replica_that_lags_is_left_out_until_it_does_not(site: Site) -> None:
    site.configure("replica_1", MAX_LAG=0.5)
    site.well()
    site.replica.lag(3600)
    site.primary.sql("INSERT INTO blog_tag (slug, name) VALUES (UUID(), UUID())", None, "site")
    site.left_out("replica_1")
    assert site.get("tag")["read"] == "default"

    site.replica.lag(0)

    until(lambda: site.get("tag")["read"] == "replica_1", "the replica to be read from again")


@contextmanager
def a_host_that_says_nothing(site: Site) -> Iterator[list[socket.socket]]:
    """``replica_1`` is there and takes connections, and answers none; gives those it took."""
    took: list[socket.socket] = []
    with socket.create_server(("127.0.0.1", 0)) as silent:

        def take() -> None:
            with suppress(OSError):  # it is closed
                while True:
                    took.append(silent.accept()[0])

        taking = threading.Thread(target=take, daemon=True)
        taking.start()
        entry = site.settings.DATABASES["replica_1"]
        place = {"HOST": "127.0.0.1", "PORT": str(silent.getsockname()[1])}
        with patch.dict(entry, {**place, "OPTIONS": {**entry["OPTIONS"], "connect_timeout": 1}}):
            yield took
        silent.shutdown(socket.SHUT_RDWR)
        taking.join()
    for each in took:
        each.close()


@both_engines
def test_of_all_requests_one_waits_for_a_host_that_says_nothing(site: Site) -> None:
    site.configure("replica_1", PAUSE=3600)
    site.well()

    def request(number: int) -> Any:
        try:
            return Client().get("/tag/first").json()
        finally:
            connections.close_all()

    with a_host_that_says_nothing(site) as took, ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(request, range(24)))

    assert answers == [{"found": True, "read": "default"}] * 24
    assert len(took) == 1


def test_no_request_waits_for_a_host_that_never_said_anything(site: Site) -> None:
    """A thread of its own does."""
    site.configure("replica_1", PAUSE=3600)

    with a_host_that_says_nothing(site) as took:
        answers = [Client().get("/tag/first").json() for _ in range(10)]
        until(lambda: health.known("replica_1")._why, "the end of the wait")

    assert answers == [{"found": True, "read": "default"}] * 10
    assert len(took) == 1
