"""From a field to the generator of its column: its type, its name, its validators.

Several candidates are tried on a sample, the likeliest first: the field's own validators say which
one is taken. So a validator that nobody has heard of here is still respected.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from random import Random
from typing import TYPE_CHECKING, Any, cast

from django import forms
from django.core.exceptions import ValidationError
from django.core.validators import (
    MaxLengthValidator,
    MaxValueValidator,
    MinLengthValidator,
    MinValueValidator,
    RegexValidator,
)
from django.db import models
from django.db.backends.base.operations import BaseDatabaseOperations

from nestflux.exceptions import CannotSeed
from nestflux.seeding import generators as make
from nestflux.seeding import registry
from nestflux.seeding.draws import Draws
from nestflux.seeding.generators import Generator
from nestflux.seeding.patterns import Unreadable, matching
from nestflux.seeding.texts import kind_of_name, text

if TYPE_CHECKING:
    AnyField = models.Field[Any, Any]

Texts = Callable[[str, int | None, int], Generator]
# The share of rows that are empty where a field may be: NULL, or an empty text.
EMPTY = 0.1
# A boolean with a default has it in this share of the rows.
_DEFAULT_SHARE = 0.9
_SAMPLE = 64
_POOL = 4096
_WIDEST = 2**63 - 1
_NARROW = 10_000


@dataclass(frozen=True)
class Bounds:
    """What the values of a number may be; None: nothing is said."""

    low: Decimal | None = None
    high: Decimal | None = None

    def within(self, low: Any = None, high: Any = None) -> Bounds:
        """Narrower, or as before."""
        lows = [one for one in (self.low, _decimal(low)) if one is not None]
        highs = [one for one in (self.high, _decimal(high)) if one is not None]
        return Bounds(max(lows, default=None), min(highs, default=None))


def _decimal(value: Any) -> Decimal | None:
    try:
        return None if value is None else Decimal(str(value))
    except ArithmeticError:
        return None


@dataclass(frozen=True)
class Known:
    """What is known of a field beside itself: the server's ranges of integers, and what check
    constraints say of it."""

    ops: BaseDatabaseOperations
    bounds: Bounds = Bounds()
    # How many values have to differ: 0 where any may come twice.
    wanted: int = 0
    # Texts of a kind, with a longest and a shortest length.
    texts: Texts = text


def generator_for(field: AnyField, known: Known) -> Generator:
    """What makes the column of a field that is no relation. Raises CannotSeed where nothing passes
    the field's validators."""
    registered = registry.of_field(field)
    if registered is not None:
        return registered
    for candidate in _candidates(field, known):
        if all(_passes(field, value) for value in _sample(candidate)):
            return _with_emptiness(field, candidate)
    for candidate in _candidates(field, known):
        drawn = candidate.draw(Draws(0, str(field), range(_POOL)))
        passing = list(dict.fromkeys(value for value in drawn if _passes(field, value)))
        if passing:
            return _with_emptiness(field, make.choose(passing))
    return _fixed(field)


def _with_emptiness(field: AnyField, generator: Generator) -> Generator:
    """Some rows are NULL where the field allows that."""
    if generator.nulls is not None or not field.null:
        return generator
    return replace(generator, nulls=EMPTY)


def _fixed(field: AnyField) -> Generator:
    """Where nothing can be made up: NULL, or the field's default."""
    if field.null:
        return make.constant(None)
    if field.has_default():
        return make.each(lambda row: field.get_default())
    if field.blank and field.empty_strings_allowed:
        return make.constant("")
    raise CannotSeed(
        f"Nothing is known to make for {field.model._meta.label}.{field.name} "
        f"({type(field).__name__}) that its validators accept.",
        where=f"{field.model.__module__}.{field.model.__qualname__}",
        then=f"say in {field.model._meta.app_label}/seeds.py how it is made",
    )


def _sample(generator: Generator) -> Iterator[Any]:
    rows = Draws(0, "sample", range(_SAMPLE))
    yield from generator.draw(rows)
    if generator.distinct is not None:
        size = generator.size if generator.size is not None else 10**6
        last = min(size, 10**6)
        yield from generator.distinct(replace(rows, rows=range(1)), [0])
        yield from generator.distinct(replace(rows, rows=range(1)), [last - 1])


def _passes(field: AnyField, value: Any) -> bool:
    try:
        field.run_validators(value)
    except (ValidationError, TypeError, ValueError):
        return False
    return True


def _candidates(field: AnyField, known: Known) -> Iterator[Generator]:
    choices = [value for value, _ in field.flatchoices if value not in (None, "")]
    if choices:
        yield make.choose(choices)
        return
    internal = field.get_internal_type()
    if internal in _SIMPLE:
        yield _SIMPLE[internal](field)
    elif internal in BaseDatabaseOperations.integer_field_ranges or "Integer" in internal:
        yield _integers(field, known)
    elif internal in ("DecimalField", "FloatField"):
        yield from _NUMBERS[internal](field, known)
    elif internal in _TEXTS:
        yield from _texts(field, _TEXTS[internal], known)
    else:
        yield from _by_form_field(field, known)


def _boolean(field: AnyField) -> Generator:
    if not field.has_default() or field.get_default() is None:
        return make.choose([True, False])
    usual = bool(field.get_default())
    return make.shares({usual: _DEFAULT_SHARE, not usual: 1 - _DEFAULT_SHARE})


def _address(field: AnyField) -> Generator:
    protocol = str(getattr(field, "protocol", "both")).lower()
    return make.addresses(ipv6=protocol == "ipv6")


def _moment(field: AnyField) -> Generator:
    name = field.name.lower()
    if re.search(r"(^|_)(expires?|expiry|due|until|deadline|ends?|end|valid_to)(_|$)", name):
        return make.moments(make.UNTIL.replace(year=make.UNTIL.year + 2), days=2 * 365)
    return make.moments()


def _day(field: AnyField) -> Generator:
    name = field.name.lower()
    if re.search(r"(^|_)(birth|born|dob|birthday|birthdate)", name):
        return make.days(make.UNTIL.date().replace(year=make.UNTIL.year - 18), 60 * 365)
    if re.search(r"(^|_)(expires?|expiry|due|until|deadline|ends?|end|valid_to)(_|$)", name):
        return make.days(make.UNTIL.date().replace(year=make.UNTIL.year + 2), 2 * 365)
    return make.days()


def _json(field: AnyField) -> Generator:
    words = text("words", 60)
    return make.mapped(lambda one: {"note": one}, words)


_SIMPLE: dict[str, Callable[[AnyField], Generator]] = {
    "BooleanField": _boolean,
    "DateTimeField": _moment,
    "DateField": _day,
    "TimeField": lambda field: make.times(),
    "DurationField": lambda field: make.durations(),
    "UUIDField": lambda field: make.uuids(),
    "GenericIPAddressField": _address,
    "IPAddressField": lambda field: make.addresses(ipv6=False),
    "JSONField": _json,
    "BinaryField": lambda field: make.octets(field.max_length or 16),
}

# What a number is likely to be, by the last words of its field's name: low and high.
_USUAL: tuple[tuple[str, int, int], ...] = (
    ("year", 1990, 2025),
    ("month", 1, 12),
    ("day", 1, 28),
    ("hour", 0, 23),
    ("minutes?|seconds?", 0, 59),
    ("age", 18, 89),
    ("rating|stars|score|grade", 1, 5),
    ("percent(age)?|discount|progress|tax|rate", 0, 100),
    ("lat(itude)?", -80, 80),
    ("lon(gitude)?|lng", -179, 179),
    ("quantity|qty|count|amount_of|number_of_\\w+|stock", 1, 100),
    ("order|position|rank|priority|level|version|sort", 1, 20),
    ("port", 1024, 65535),
    ("price|cost|amount|total|salary|balance|budget|fee|value", 1, 1000),
)


def _usual(field: AnyField) -> tuple[int, int]:
    for pattern, low, high in _USUAL:
        if re.search(rf"(^|_)({pattern})$", field.name.lower()):
            return low, high
    return 1, 1000


def _bounds(field: AnyField, known: Known) -> Bounds:
    """What validators and check constraints leave."""
    found = known.bounds
    for validator in field.validators:
        limit = getattr(validator, "limit_value", None)
        limit = limit() if callable(limit) else limit
        if isinstance(validator, MinValueValidator):
            found = found.within(low=limit)
        elif isinstance(validator, MaxValueValidator):
            found = found.within(high=limit)
    return found


def _whole(field: AnyField, bounds: Bounds, scale: int = 1) -> tuple[int, int, int, int]:
    """The usual range of a number and the widest one, in units of ``1 / scale``."""
    lowest = -_WIDEST if bounds.low is None else math.ceil(bounds.low * scale)
    highest = _WIDEST if bounds.high is None else math.floor(bounds.high * scale)
    if highest - lowest <= _NARROW * scale:  # somebody said what is allowed: all of it
        return lowest, highest, lowest, highest
    low, high = (one * scale for one in _usual(field))
    if high < lowest or low > highest:  # the usual ones are not allowed
        low, high = max(lowest, 0) if highest >= 0 else lowest, highest
        high = min(high, low + 1000 * scale)
    low, high = max(low, lowest), min(high, highest)
    return low, high, lowest, highest


def _integers(field: AnyField, known: Known) -> Generator:
    low, high = known.ops.integer_field_range(field.get_internal_type())
    bounds = _bounds(field, known).within(low, high)
    if bounds.low is not None and bounds.high is not None and bounds.low > bounds.high:
        return _none_fits(field)
    first, last, lowest, highest = _whole(field, bounds)
    return make.whole(first, last, lowest=lowest, highest=highest)


def _none_fits(field: AnyField) -> Generator:
    raise CannotSeed(
        f"No number passes the validators and constraints of {field.model._meta.label}."
        f"{field.name}: its lowest is above its highest.",
        where=f"{field.model.__module__}.{field.model.__qualname__}",
        then="correct its validators, or its check constraints",
    )


def _decimals(field: AnyField, known: Known) -> Iterator[Generator]:
    places = int(getattr(field, "decimal_places", 2) or 0)
    digits = int(getattr(field, "max_digits", 10) or 10)
    most = Decimal(10**digits - 1).scaleb(-places)
    bounds = _bounds(field, known).within(-most, most)
    if bounds.low is not None and bounds.high is not None and bounds.low > bounds.high:
        _none_fits(field)
    low, high, lowest, highest = _whole(field, bounds, 10**places)
    yield make.decimals(low, high, places, lowest, highest)


def _floats(field: AnyField, known: Known) -> Iterator[Generator]:
    low, high, lowest, highest = _whole(field, _bounds(field, known), 100)
    yield make.mapped(
        lambda number: number / 100, make.whole(low, high, lowest=lowest, highest=highest)
    )


_NUMBERS: dict[str, Callable[[AnyField, Known], Iterator[Generator]]] = {
    "DecimalField": _decimals,
    "FloatField": _floats,
}

# The kind of text that a type means, where the name says nothing.
_TEXTS = {
    "CharField": "words",
    "TextField": "paragraphs",
    "SlugField": "slug",
    "FileField": "file",
    "ImageField": "file",
    "FilePathField": "file",
}
# What a field of one of Django's classes holds, whatever its name.
_BY_CLASS: tuple[tuple[type[AnyField], str], ...] = (
    (models.EmailField, "email"),
    (models.URLField, "url"),
    (models.SlugField, "slug"),
    (models.FileField, "file"),
)


def _texts(field: AnyField, usual: str, known: Known) -> Iterator[Generator]:
    longest, shortest = _lengths(field)
    by_class = next((kind for cls, kind in _BY_CLASS if isinstance(field, cls)), None)
    by_name = kind_of_name(field.name, field.model.__name__)
    kinds = dict.fromkeys(kind for kind in (by_class or by_name, usual, "word", "code") if kind)
    for kind in kinds:
        yield _may_be_empty(field, known.texts(kind, longest, shortest))
    for validator in field.validators:
        if isinstance(validator, RegexValidator) and not validator.inverse_match:
            yield from _of_pattern(field, validator, max(_POOL, 2 * known.wanted))


def _lengths(field: AnyField) -> tuple[int | None, int]:
    longest, shortest = field.max_length, 0
    for validator in field.validators:
        limit = getattr(validator, "limit_value", None)
        limit = limit() if callable(limit) else limit
        if isinstance(validator, MaxLengthValidator) and isinstance(limit, int):
            longest = limit if longest is None else min(longest, limit)
        elif isinstance(validator, MinLengthValidator) and isinstance(limit, int):
            shortest = max(shortest, limit)
    return longest, shortest


def _may_be_empty(field: AnyField, generator: Generator) -> Generator:
    """Some rows are the empty text where a field may be left out and has no NULL."""
    if field.null or not field.blank or field.unique or field.primary_key:
        return generator
    draw, share = generator.draw, int(EMPTY * 1000)

    def some(draws: Draws) -> Sequence[Any]:
        pairs = zip(draw(draws), draws.words("empty"), strict=True)
        return ["" if word % 1000 < share else value for value, word in pairs]

    return replace(generator, draw=some)


def _of_pattern(field: AnyField, validator: RegexValidator, tries: int) -> Iterator[Generator]:
    """Texts that a validator's expression matches: a pool of as many as ``tries`` gives."""
    random = Random(str(field))  # noqa: S311 - sample data, no secret
    # The validator's own is compiled when it is first asked for.
    pattern: re.Pattern[str] = cast(Any, validator.regex)
    try:
        found = [matching(pattern, random) for _ in range(tries)]
    except (Unreadable, RecursionError):
        return
    pool = {one.casefold(): one for one in found if _passes(field, one) and one.strip() == one}
    if pool:
        yield make.choose(list(pool.values()))


def _by_form_field(field: AnyField, known: Known) -> Iterator[Generator]:
    """A custom type: its form field says what a person would enter."""
    form = field.formfield()
    if form is None:
        return
    of: Iterator[Generator]
    if isinstance(form, forms.TypedChoiceField | forms.ChoiceField):
        values = [value for value, _ in cast(Any, form.choices) if value not in (None, "")]
        of = iter([make.choose(values)] if values else [])
    elif isinstance(form, forms.FloatField | forms.DecimalField):
        of = _decimals(field, known)
    elif isinstance(form, forms.IntegerField):
        low, high, lowest, highest = _whole(field, _bounds(field, known))
        of = iter([make.whole(low, high, lowest=lowest, highest=highest)])
    elif isinstance(form, forms.BooleanField):
        of = iter([_boolean(field)])
    elif isinstance(form, forms.DateTimeField):
        of = iter([_moment(field)])
    elif isinstance(form, forms.DateField):
        of = iter([_day(field)])
    elif isinstance(form, forms.UUIDField):
        of = iter([make.uuids()])
    else:
        usual = "email" if isinstance(form, forms.EmailField) else "words"
        of = _texts(field, usual, known)
    for generator in of:
        yield make.mapped(field.to_python, generator)
