"""``unique_for_date``, ``unique_for_month`` and ``unique_for_year``: values that differ among the
rows of one day, one month of any year, or one year. No server holds them; Django's forms do."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

from django.conf import settings
from django.db.models import Model
from django.utils.timezone import get_default_timezone

from nestflux.seeding.draws import Draws
from nestflux.seeding.generators import Generator

_PERIODS: Mapping[str, Callable[[date], Any]] = {
    "unique_for_date": lambda day: day,
    "unique_for_month": lambda day: day.month,
    "unique_for_year": lambda day: day.year,
}
# So many values tell which days, months or years a generator knows.
_SAMPLE = 4096


def period_keys(model: type[Model], taken: Sequence[frozenset[str]]) -> list[frozenset[str]]:
    """What must differ, as keys: a field and its date, or the field alone where the date has other
    duties, which is more than was asked for.

    Args:
        taken: the unique keys of the table.
    """
    periods = periods_of(model, taken)
    return [
        frozenset({name, day} if day in periods else {name}) for name, day, _ in _declared(model)
    ]


def periods_of(model: type[Model], taken: Sequence[frozenset[str]]) -> dict[str, str]:
    """Dates and moments whose days, months or years stand in a key, and which of the three."""
    own = {field.name for field in model._meta.local_concrete_fields}
    busy = {name for key in taken for name in key}
    found: dict[str, set[str]] = {}
    for _, day, period in _declared(model):
        found.setdefault(day, set()).add(period)
    return {
        day: next(iter(periods))
        for day, periods in found.items()
        if len(periods) == 1 and day in own and day not in busy
    }


def _declared(model: type[Model]) -> Iterator[tuple[str, str, str]]:
    for field in model._meta.local_concrete_fields:
        for period in _PERIODS:
            if day := getattr(field, period, None):
                yield field.name, day, period


def in_periods(generator: Generator, period: str) -> Generator:
    """The same dates, whose choices for a key are not the dates but their days, months or years."""
    found: dict[Any, list[Any]] = {}
    for value in generator.draw(Draws(0, "periods", range(_SAMPLE))):
        if value is not None:
            found.setdefault(_PERIODS[period](_local_day(value)), []).append(value)
    pools = [found[one] for one in sorted(found)]

    def distinct(draws: Draws, indexes: Sequence[int]) -> list[Any]:
        pairs = zip(indexes, draws.words("periods"), strict=True)
        return [pools[index][word % len(pools[index])] for index, word in pairs]

    return replace(generator, distinct=distinct, size=len(pools))


def _local_day(value: date) -> date:
    """The day that Django compares: in the project's time zone."""
    if not isinstance(value, datetime):
        return value
    if not settings.USE_TZ:
        return value.date()
    moment = value if value.tzinfo is not None else value.replace(tzinfo=UTC)
    return moment.astimezone(get_default_timezone()).date()
