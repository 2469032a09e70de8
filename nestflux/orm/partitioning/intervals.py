"""Where the intervals of a range begin and end. Pure.

A bound is a moment without a time zone, in the time of the column (UTC, if ``USE_TZ`` is on and the
alias sets no ``TIME_ZONE``), or a whole number. An interval is a calendar unit or a number.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

Bound = datetime | int
Interval = str | int

UNITS = ("day", "week", "month", "year")
_MONTHS = {"month": 1, "year": 12}
_DAYS = {"day": 1, "week": 7}


def as_bound(value: date | int) -> Bound:
    """A declared ``start`` as a bound: a date is its midnight, a time with a zone that of UTC."""
    if isinstance(value, datetime):
        return value.astimezone(UTC).replace(tzinfo=None) if value.tzinfo else value
    return datetime(value.year, value.month, value.day) if isinstance(value, date) else value


def floor(every: Interval, value: Bound) -> Bound:
    """The beginning of the interval that a value lies in. A week begins on Monday."""
    if isinstance(value, int):
        return value // int(every) * int(every)
    midnight = value.replace(hour=0, minute=0, second=0, microsecond=0)
    match every:
        case "day":
            return midnight
        case "week":
            return midnight - timedelta(days=midnight.weekday())
        case "month":
            return midnight.replace(day=1)
        case _:
            return midnight.replace(month=1, day=1)


def shifted(every: Interval, bound: Bound, count: int) -> Bound:
    """The beginning of the interval that lies ``count`` intervals behind the one that begins at a
    bound; a negative count goes back. Years before 1 and numbers below 0 do not exist: the first
    one is given for them."""
    if isinstance(bound, int):
        return max(0, bound + count * int(every))
    if every in _DAYS:
        days = _DAYS[str(every)] * count
        return datetime.min if days < -(bound - datetime.min).days else bound + timedelta(days)
    months = bound.year * 12 + bound.month - 1 + _MONTHS[str(every)] * count
    return datetime.min if months < 12 else bound.replace(year=months // 12, month=months % 12 + 1)


def following(every: Interval, bound: Bound) -> Bound:
    """The first beginning of an interval behind a bound, which need not be one itself."""
    return shifted(every, floor(every, bound), 1)
