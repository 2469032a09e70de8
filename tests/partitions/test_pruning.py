"""A server reads the partitions that a query can be about, and no others."""

from __future__ import annotations

import pytest

from tests.partitions.conftest import LogFactory
from tests.scenario import Project


def partitions_read(log: Project, query: str) -> str:
    """What EXPLAIN says."""
    word = "EXPLAIN PARTITIONS" if log.server.family == "mariadb" else "EXPLAIN FORMAT=TRADITIONAL"
    connection = log.server.connect(log.database)
    try:
        cursor = connection.cursor()
        cursor.execute(f"{word} {query}")
        columns = [column[0] for column in cursor.description]
        return str(cursor.fetchone()[columns.index("partitions")])
    finally:
        connection.close()


@pytest.mark.parametrize(
    ("condition", "read"),
    [
        ("at >= '2026-02-01' AND at < '2026-03-01'", "p20260201"),
        ("at = '2026-01-31 23:59:59.999999'", "p20260101"),
        ("at < '2026-01-01'", "p_before"),
        ("at >= '2026-03-15'", "p20260301,p_rest"),
        ("id = 1", "p_before,p20260101,p20260201,p20260301,p_rest"),
    ],
)
def test_a_condition_on_the_column_decides_what_is_read(
    log: LogFactory, condition: str, read: str
) -> None:
    events = log()
    # A table without rows is not looked at by every server.
    for moment in ("2025-12-31", "2026-01-31", "2026-02-28", "2026-03-31", "2030-01-01"):
        events.sql("INSERT INTO log_event (at, note) VALUES (%s, '')", [moment])

    assert partitions_read(events, f"SELECT * FROM log_event WHERE {condition}") == read


def test_the_queries_of_the_orm_are_pruned_too(log: LogFactory) -> None:
    events = log()
    for moment in ("2026-01-31", "2026-02-28"):
        events.sql("INSERT INTO log_event (at, note) VALUES (%s, '')", [moment])

    outcome = events.python(
        """
        from datetime import datetime, UTC
        from log.models import Event

        first, last = datetime(2026, 2, 1, tzinfo=UTC), datetime(2026, 3, 1, tzinfo=UTC)
        events = Event.objects.filter(at__gte=first, at__lt=last)
        print(str(events.query).replace("2026-02-01 00:00:00", "'2026-02-01'")
              .replace("2026-03-01 00:00:00", "'2026-03-01'").replace("+00:00", ""))
        """
    )

    assert partitions_read(events, outcome.stdout.strip()) == "p20260201"
