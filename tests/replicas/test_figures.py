"""A bounded part of ``make replica-reads``: processes that write and read what they wrote."""

from __future__ import annotations

import pytest

from scripts.replica_reads.__main__ import WAYS, Way, measured
from scripts.replica_reads.site import TABLE
from tests.replicas.conftest import Servers

PAIRS = 30


def found_by(reads: str, replica: str) -> Way:
    (way,) = (way for way in WAYS if (way.reads, way.replica) == (reads, replica))
    return way


@pytest.fixture
def measured_servers(servers: Servers) -> Servers:
    servers.primary.sql("DROP TABLE item", None, servers.database)
    servers.primary.sql(TABLE, None, servers.database)
    return servers


@pytest.mark.parametrize(
    "replica", ["as fast as it can", "2 s behind", "SQL thread stopped", "killed in the middle"]
)
def test_no_read_is_stale_and_none_fails(measured_servers: Servers, replica: str) -> None:
    made, way = measured_servers, found_by("nestflux", replica)

    found = measured(way, made.primary, made.replica, made.database, PAIRS)

    assert (found.stale, found.failed) == (0, 0)
    assert len(found.reads) == PAIRS
    if replica == "as fast as it can":
        assert found.replica
    if replica == "killed in the middle":
        assert found.replica <= PAIRS // 2


def test_without_it_they_are(measured_servers: Servers) -> None:
    """What is counted is there to be counted."""
    made, way = measured_servers, found_by("blind", "2 s behind")

    found = measured(way, made.primary, made.replica, made.database, PAIRS)

    assert found.stale == found.replica == PAIRS
