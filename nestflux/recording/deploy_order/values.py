"""Values to write into a field: a usual one, the extremes of its type, what its checks name. Pure.

They need not pass a validator: what counts is what the ORM sends, and whether a server takes it is
for the server to say.
"""

from __future__ import annotations

import datetime
import uuid
from collections.abc import Callable, Iterable, Iterator, Sequence
from decimal import Decimal
from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import CheckConstraint, Q
from django.db.models.fields import NOT_PROVIDED

# Characters of a text without a limit: a VARCHAR holds 16 383 of utf8mb4 at most (65 535 bytes).
_LONGEST = 20_000
_MOST_CHOICES = 8

# The least and greatest that a column of the type holds; unsigned ones begin at 0 (MySQL Manual
# 13.1.2, "Integer Types"; django/db/backends/mysql/operations.py, integer_field_ranges).
_RANGES = {
    "SmallIntegerField": (-(2**15), 2**15 - 1),
    "IntegerField": (-(2**31), 2**31 - 1),
    "BigIntegerField": (-(2**63), 2**63 - 1),
    "PositiveSmallIntegerField": (0, 2**16 - 1),
    "PositiveIntegerField": (0, 2**32 - 1),
    "PositiveBigIntegerField": (0, 2**64 - 1),
}


def usual(field: Any, number: int) -> Any:
    """A value of the field's type, another one for each ``number`` from 1 on, as far as the type
    has that many; None where none is known."""
    if field.choices:
        return next((key for key, _ in field.flatchoices if key not in (None, "")), None)
    for kind, make in _USUAL:
        if isinstance(field, kind):
            return make(field, number)
    default = field.get_default()
    return None if default is None and not field.null else default


def _text(field: Any, number: int) -> str:
    limit = field.max_length or _LONGEST
    return f"a{number}"[-limit:]


def _integer(field: Any, number: int) -> int:
    return number % _RANGES.get(field.get_internal_type(), (0, 2**15 - 1))[1]


def _decimal(field: Any, number: int) -> Decimal:
    whole: int = 10 ** max(field.max_digits - field.decimal_places, 0)
    step = Decimal(1).scaleb(-field.decimal_places)
    return (Decimal(number) + (step if field.decimal_places else 0)) % whole


def _moment(field: Any, number: int) -> datetime.datetime:
    return _aware(datetime.datetime(2001, 2, 3, 4, 5, 6, 700000 + number))


def _aware(moment: datetime.datetime) -> datetime.datetime:
    return moment.replace(tzinfo=datetime.UTC) if settings.USE_TZ else moment


# A subclass stands before its class.
_USUAL: Sequence[tuple[type[Any], Callable[[Any, int], Any]]] = (
    (models.BooleanField, lambda field, number: True),
    (models.IntegerField, _integer),
    (models.DecimalField, _decimal),
    (models.FloatField, lambda field, number: number + 0.5),
    (models.DateTimeField, _moment),
    (models.DateField, lambda f, n: datetime.date(2001, 2, 3) + datetime.timedelta(n)),
    (models.TimeField, lambda field, number: datetime.time(4, 5, 6, 700000 + number)),
    (models.DurationField, lambda f, n: datetime.timedelta(hours=1, seconds=n, microseconds=7)),
    (models.UUIDField, lambda field, number: uuid.UUID(int=2**127 + number)),
    (models.JSONField, lambda field, number: {"a": number}),
    (models.BinaryField, lambda field, number: b"a%d" % number),
    (models.GenericIPAddressField, lambda field, number: f"192.0.2.{number % 250}"),
    (models.FileField, _text),
    (models.CharField, _text),
    (models.TextField, _text),
)


def to_try(field: Any, named: Iterable[Any] = ()) -> list[Any]:
    """What code may write into a field, the usual apart: each choice, extremes, NULL, and around
    what checks name, the field's own and those of the other code."""
    found: list[Any] = [None] if field.null else []
    if field.choices:
        found += [key for key, _ in field.flatchoices][:_MOST_CHOICES]
    else:
        found += _extremes(field)
    literals = [near for literal in named for near in _around(field, literal)]
    return _distinct([*found, *(literals if not field.choices else ())])


def _extremes(field: Any) -> Iterator[Any]:
    match field:
        case models.BooleanField():
            yield False
        case models.AutoField() | models.ForeignKey():
            return
        case models.IntegerField():
            yield from (*_RANGES.get(field.get_internal_type(), ()), 0, 1)
        case models.DecimalField():
            most = Decimal(10**field.max_digits - 1).scaleb(-field.decimal_places)
            yield from (most, -most, Decimal(0))
        case models.FloatField():
            yield from (-0.25, 1e30, 0.0)
        case models.DateTimeField():
            yield _aware(datetime.datetime(1000, 1, 1))
            yield _aware(datetime.datetime(9999, 12, 31, 23, 59, 59, 999999))
        case models.DateField():
            yield from (datetime.date(1000, 1, 1), datetime.date(9999, 12, 31))
        case models.TimeField():
            yield from (datetime.time(0), datetime.time(23, 59, 59, 999999))
        case models.DurationField():
            yield from (datetime.timedelta(0), datetime.timedelta(days=-1))
        case models.JSONField():
            yield from ([], "a", 1, {"a": "x" * _LONGEST})
        case models.BinaryField():
            yield from (b"", b"\xff\x00" * min((field.max_length or 200) // 2, 200))
        case models.GenericIPAddressField():
            yield "2001:db8:ffff:ffff:ffff:ffff:ffff:ffff"  # 38 characters: IPv4 takes 15
        case models.CharField() | models.TextField() | models.FileField():
            limit = field.max_length or _LONGEST
            # "1": what is a number, and JSON, goes into a column of that type as well
            yield from ("", "1", "x" * limit, "é☃"[:limit])


def _around(field: Any, literal: Any) -> Iterator[Any]:
    """A literal of a check as the field writes it, with its neighbours."""
    try:
        value = field.to_python(literal)
    except Exception:  # a literal of the other code, for which the field has another type
        return
    if isinstance(value, bool) or not isinstance(value, int | float | Decimal):
        yield value
        return
    yield from (value, value + 1, value - 1)


def _distinct(values: Iterable[Any]) -> list[Any]:
    """``1`` and ``True`` are two."""
    return list({(type(value), repr(value)): value for value in values}.values())


def named_in(constraints: Iterable[Any]) -> dict[str, list[Any]]:
    """The literals that checks compare fields with, by field name."""
    found: dict[str, list[Any]] = {}
    for constraint in constraints:
        if isinstance(constraint, CheckConstraint):
            _collect(_condition(constraint), found)
    return found


def _condition(constraint: Any) -> Any:
    """``check`` was renamed in Django 5.1."""
    return getattr(constraint, "condition", None) or getattr(constraint, "check", None)


def _collect(condition: Any, found: dict[str, list[Any]]) -> None:
    if not isinstance(condition, Q):
        return
    for child in condition.children:
        if not isinstance(child, tuple):
            _collect(child, found)
            continue
        path, value = child
        values = found.setdefault(str(path).split("__", 1)[0], [])
        several = isinstance(value, list | tuple | set | frozenset)
        plain = [v for v in (value if several else [value]) if not hasattr(v, "resolve_expression")]
        values += plain


def is_required(field: Any) -> bool:
    """Must a row that code makes give it a value? The default of a foreign key is the key of a row
    that is not there, or a function that looks for one."""
    if field.is_relation and field.has_default():
        return True
    return not (
        field.null
        or field.has_default()
        or field.db_default is not NOT_PROVIDED
        or is_moment(field)
    )


def is_required_by_the_server(field: Any) -> bool:
    """Is a row refused by whose code the column is not known?"""
    return not (
        field.null
        or field.generated
        or field.db_default is not NOT_PROVIDED
        or isinstance(field, models.AutoField | models.BigAutoField | models.SmallAutoField)
    )


def is_written(field: Any) -> bool:
    """Does code give it a value at all? The server or Django itself does to the others."""
    return not (
        isinstance(field, models.AutoField | models.BigAutoField | models.SmallAutoField)
        or field.generated
        or is_moment(field)
        or isinstance(field, models.OrderWrt)
        or getattr(field.remote_field, "parent_link", False)
    )


def is_moment(field: Any) -> bool:
    """Does Django give it the time at which the row is written?"""
    return bool(getattr(field, "auto_now", False) or getattr(field, "auto_now_add", False))
