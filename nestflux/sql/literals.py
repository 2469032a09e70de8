"""Values as SQL text. Ours, because mysqlclient's own rendering raises or silently gives U+FFFD
on binary values and keeps only the last rows of an ``executemany``."""

from __future__ import annotations

import datetime
import math
import re
from collections.abc import Mapping, Sequence
from decimal import Decimal
from enum import Enum
from typing import Any
from uuid import UUID

from nestflux.exceptions import RecordingFailed
from nestflux.sql.lexer import NAME, QUOTED

# MySQL Reference Manual, "String Literals": the escape sequences inside quotes. A line break is
# written as \n so that no editor's or git's line endings can change a value.
_ESCAPES = str.maketrans(
    {"\\": "\\\\", "'": "''", "\0": "\\0", "\n": "\\n", "\r": "\\r", "\x1a": "\\Z"}
)


def literal(value: Any) -> str:
    """One value as a literal under the pinned session. Raises RecordingFailed on a type that
    has no safe literal."""
    match value:
        case None:
            return "NULL"
        case Enum():
            return literal(value.value)
        case bool():
            return "1" if value else "0"
        case int():
            return str(int(value))
        case float():
            if not math.isfinite(value):
                raise RecordingFailed(f"MySQL has no literal for the float {value!r}.")
            shown = repr(value)
            return shown if "e" in shown else f"{shown}e0"
        case Decimal():
            if not value.is_finite():
                raise RecordingFailed(f"MySQL has no literal for the Decimal {value}.")
            return f"{value:f}"
        case str():
            return f"'{value.translate(_ESCAPES)}'"
        case bytes() | bytearray() | memoryview():
            return f"X'{bytes(value).hex()}'"
        case datetime.datetime():
            return f"'{value.replace(tzinfo=None).isoformat(' ')}'"
        case datetime.date() | datetime.time():
            return f"'{value.isoformat()}'"
        case datetime.timedelta():
            return _interval(value)
        case UUID():  # as mysqlclient writes it; Django's fields pass .hex on MySQL themselves
            return f"'{value}'"
        case list() | tuple() | set() | frozenset():
            return f"({', '.join(literal(item) for item in value)})"
    raise RecordingFailed(
        f"A parameter of type {type(value).__qualname__} cannot be written as a SQL literal."
    )


def _interval(value: datetime.timedelta) -> str:
    sign = "-" if value < datetime.timedelta() else ""
    seconds, microseconds = divmod(abs(value) // datetime.timedelta(microseconds=1), 10**6)
    hours, rest = divmod(seconds, 3600)
    return f"'{sign}{hours}:{rest // 60:02d}:{rest % 60:02d}.{microseconds:06d}'"


def bind(sql: str, params: Sequence[Any] | Mapping[str, Any] | None) -> str:
    """A statement with its parameters in it, as DB-API's ``format`` style means it.

    ``params=None`` leaves the text alone; an empty sequence still turns ``%%`` into ``%``, as
    mysqlclient does.
    """
    if params is None:
        return sql
    if isinstance(params, Mapping):
        return sql % {name: literal(value) for name, value in params.items()}
    return sql % tuple(literal(value) for value in params)


def bind_outside_quotes(sql: str, params: Sequence[Any]) -> str | None:
    """A statement with its parameters in it, where a ``%`` in quotes is no place of one; None where
    there is another number of places outside them."""
    found = list(_PLACES.finditer(sql))
    if len(params) != sum(1 for each in found if each[0] == "%s"):
        return None
    values = iter(params)

    def filled(place: re.Match[str]) -> str:
        if place[0] == "%s":
            return literal(next(values))
        return "%" if place[0] == "%%" else place[0]

    return _PLACES.sub(filled, sql)


_PLACES = re.compile(rf"{QUOTED}|{NAME}|%s|%%")
