"""Generators: what makes the values of a column. Plain values, for plans and for ``seeds.py``."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

from nestflux.seeding.draws import Draws, Row
from nestflux.seeding.spreading import Spread, by_weight

Draw = Callable[[Draws], Sequence[Any]]
Distinct = Callable[[Draws, Sequence[int]], Sequence[Any]]
# Generated moments lie before this one: a run of next year gives the same rows.
UNTIL = datetime(2026, 1, 1)
SPAN_DAYS = 3 * 365
_LAST_DAY = UNTIL.date()
_DAY = 86_400


@dataclass(frozen=True)
class Generator:
    """What makes a column.

    Args:
        draw: a value for each row.
        distinct: a value for each index, another one for another index, also where the server
            compares without case or accents. None: the generator cannot promise that.
        size: how many indexes ``distinct`` knows, from 0 on; None: any number.
        nulls: the share of rows that are to be NULL, 0 to 1; None: the field's own.
    """

    draw: Draw
    distinct: Distinct | None = None
    size: int | None = None
    nulls: float | None = None

    def with_nulls(self, share: float) -> Generator:
        """The same, with NULL in this share of the rows (0 to 1)."""
        return replace(self, nulls=share)

    def spread(self, spread: Spread, key: str) -> Generator:
        """The same choices in another distribution. Needs a ``size``."""
        assert self.distinct is not None
        assert self.size is not None
        pick, distinct = spread.over(self.size, key), self.distinct
        return replace(self, draw=lambda draws: distinct(draws, pick(draws.words())))


def constant(value: Any) -> Generator:
    """The same value in each row."""
    return Generator(lambda draws: [value] * len(draws.rows), lambda _, i: [value] * len(i), 1)


def choose(values: Sequence[Any]) -> Generator:
    """One of some values that differ."""
    pool, size = list(values), len(values)
    return Generator(
        lambda draws: [pool[word % size] for word in draws.words()],
        lambda _, indexes: [pool[index] for index in indexes],
        size,
    )


def shares(weights: Mapping[Any, float]) -> Generator:
    """Values in given proportions: ``shares({"draft": 1, "published": 8})``."""
    pool, pick = list(weights), by_weight(list(weights.values()))
    return Generator(
        lambda draws: [pool[index] for index in pick(draws.words())],
        lambda _, indexes: [pool[index] for index in indexes],
        len(pool),
    )


def each(make: Callable[[Row], Any]) -> Generator:
    """A function of yours, called for each row. Where the field is unique, it has to see to that
    itself; ``row.number`` is another one in each row."""

    def draw(draws: Draws) -> list[Any]:
        return [make(row) for row in draws.each()]

    return Generator(draw, lambda draws, _: draw(draws))


def whole(
    low: int, high: int, *, lowest: int | None = None, highest: int | None = None
) -> Generator:
    """Whole numbers from ``low`` to ``high``. Where they are to be unique and there are not enough
    of them, those up to ``highest`` and then down to ``lowest`` are taken, too."""
    top = high if highest is None else highest
    bottom = low if lowest is None else lowest
    width, above = high - low + 1, top - low + 1
    return Generator(
        lambda draws: [low + word % width for word in draws.words()],
        lambda _, indexes: [low + i if i < above else low - 1 - i + above for i in indexes],
        top - bottom + 1,
    )


def mapped(function: Callable[[Any], Any], of: Generator) -> Generator:
    """A function of another generator's values; it maps different ones to different ones."""
    draw, distinct = of.draw, of.distinct
    return replace(
        of,
        draw=lambda draws: [function(value) for value in draw(draws)],
        distinct=distinct
        and (lambda draws, indexes: [function(value) for value in distinct(draws, indexes)]),
    )


def decimals(low: int, high: int, places: int, lowest: int, highest: int) -> Generator:
    """Decimal numbers with ``places`` digits after the point; the bounds, as in ``whole``, are
    given in units of the last place."""
    numbers = whole(low, high, lowest=lowest, highest=highest)
    if not places:
        return mapped(Decimal, numbers)
    return mapped(lambda number: Decimal(number).scaleb(-places), numbers)


def moments(until: datetime = UNTIL, days: int = SPAN_DAYS) -> Generator:
    """Moments of the ``days`` before ``until``, in UTC and without a time zone. Distinct ones go
    back from it a second at a time."""
    seconds, start = days * _DAY, until - timedelta(days=days)

    def draw(draws: Draws) -> list[datetime]:
        return [start + timedelta(0, word % seconds) for word in draws.words()]

    return Generator(
        draw,
        lambda _, indexes: [until - timedelta(seconds=index + 1) for index in indexes],
        1000 * 365 * _DAY,
    )


def days(until: date = _LAST_DAY, count: int = SPAN_DAYS) -> Generator:
    """Dates of the ``count`` days before ``until``. Distinct ones go back day by day, and no
    further than the year 1000, the first of a DATE column (MySQL manual 13.2.2)."""
    last = until.toordinal()
    make = date.fromordinal
    return Generator(
        lambda draws: [make(last - 1 - word % count) for word in draws.words()],
        lambda _, indexes: [make(last - 1 - index) for index in indexes],
        last - date(1000, 1, 1).toordinal(),
    )


def times() -> Generator:
    """Times of a day, to the second."""
    return mapped(lambda n: time(n // 3600, n // 60 % 60, n % 60), whole(0, _DAY - 1))


def durations() -> Generator:
    """From a minute to 30 days, in minutes."""
    return mapped(lambda n: timedelta(minutes=n), whole(1, 30 * 24 * 60, highest=10**8))


def uuids() -> Generator:
    """UUIDs of version 4: random ones, so a column of them is unique by itself."""

    def draw(draws: Draws) -> list[uuid.UUID]:
        pairs = zip(draws.words(), draws.words("low"), strict=True)
        return [uuid.UUID(int=high << 64 | low, version=4) for high, low in pairs]

    return Generator(draw, lambda draws, _: draw(draws))


def octets(length: int) -> Generator:
    """Bytes, ``length`` of them at most, and 16."""
    width = min(length, 16)

    def make(word: int) -> bytes:
        return (word.to_bytes(8, "big") * 2)[:width]

    return Generator(
        lambda draws: [make(word) for word in draws.words()],
        lambda _, indexes: [index.to_bytes(width, "big") for index in indexes],
        256**width,
    )


def addresses(*, ipv6: bool) -> Generator:
    """IP addresses that belong to nobody: 10.0.0.0/8 (RFC 1918), 2001:db8::/32 (RFC 3849)."""
    if ipv6:
        return mapped(lambda n: f"2001:db8::{n >> 16:x}:{n & 65535:x}", whole(65536, 2**31))
    return mapped(lambda n: f"10.{n >> 16}.{n >> 8 & 255}.{n & 255}", whole(1, 2**24 - 2))
