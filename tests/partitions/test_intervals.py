"""Where intervals begin, without a server."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone

import pytest

from nestflux.orm.partitioning.intervals import (
    Bound,
    Interval,
    as_bound,
    floor,
    following,
    shifted,
)


@pytest.mark.parametrize(
    ("every", "value", "begins", "ends"),
    [
        ("day", datetime(2026, 2, 28, 23, 59), datetime(2026, 2, 28), datetime(2026, 3, 1)),
        ("week", datetime(2026, 12, 31, 1), datetime(2026, 12, 28), datetime(2027, 1, 4)),
        ("week", datetime(2026, 12, 28), datetime(2026, 12, 28), datetime(2027, 1, 4)),
        ("month", datetime(2026, 12, 31), datetime(2026, 12, 1), datetime(2027, 1, 1)),
        ("month", datetime(2028, 2, 29), datetime(2028, 2, 1), datetime(2028, 3, 1)),
        ("year", datetime(2026, 7, 4), datetime(2026, 1, 1), datetime(2027, 1, 1)),
        (1000, 0, 0, 1000),
        (1000, 1999, 1000, 2000),
        (1000, 2000, 2000, 3000),
    ],
)
def test_a_value_lies_between_its_interval_and_the_next(
    every: Interval, value: Bound, begins: Bound, ends: Bound
) -> None:
    assert floor(every, value) == begins
    assert following(every, value) == ends


@pytest.mark.parametrize(
    ("every", "bound", "count", "then"),
    [
        ("day", datetime(2026, 3, 1), -1, datetime(2026, 2, 28)),
        ("week", datetime(2026, 1, 5), 52, datetime(2027, 1, 4)),
        ("month", datetime(2026, 1, 1), -13, datetime(2024, 12, 1)),
        ("month", datetime(2026, 11, 1), 2, datetime(2027, 1, 1)),
        ("year", datetime(2026, 1, 1), -3, datetime(2023, 1, 1)),
        (1000, 5000, -2, 3000),
        (1000, 5000, -9, 0),
        ("month", datetime(2026, 1, 1), -99_999, datetime.min),
        ("day", datetime(2026, 1, 1), -9_999_999, datetime.min),
    ],
)
def test_intervals_are_counted_back_and_forth(
    every: Interval, bound: Bound, count: int, then: Bound
) -> None:
    assert shifted(every, bound, count) == then


def test_a_start_is_a_moment_in_utc() -> None:
    in_berlin = datetime(2026, 1, 1, 1, tzinfo=timezone(timedelta(hours=1)))

    assert as_bound(date(2026, 1, 1)) == datetime(2026, 1, 1)
    assert as_bound(in_berlin) == datetime(2026, 1, 1)
    assert as_bound(datetime(2026, 1, 1, tzinfo=UTC)) == datetime(2026, 1, 1)
    assert as_bound(500) == 500
