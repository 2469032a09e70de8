"""Can a column's new definition hold every value of the old one? Pure.

Definitions are as the server prints them. What is not known to hold every value
is taken for narrower: a needless backup costs minutes, a missing one the data.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from nestflux.sql.definitions import column_parts

# Bytes of the integer types (MySQL manual, "Integer Types").
_INTEGERS = {"tinyint": 1, "smallint": 2, "mediumint": 3, "int": 4, "bigint": 8}
# Bytes that the unbounded types hold (manual, "Data Type Storage Requirements").
_TEXTS = {"tinytext": 255, "text": 65_535, "mediumtext": 2**24 - 1, "longtext": 2**32 - 1}
_BLOBS = {"tinyblob": 255, "blob": 65_535, "mediumblob": 2**24 - 1, "longblob": 2**32 - 1}
# Characters that a value is shown with at the most, without the fraction of a second.
_MOMENTS = {"date": 10, "time": 10, "datetime": 19, "timestamp": 19, "year": 4}
# Whole numbers that a floating-point type keeps exactly, in bits.
_EXACT_BITS = {"float": 24, "double": 53}
_ALL_OF_UNICODE = frozenset({"utf8mb4", "utf16", "utf16le", "utf32", "gb18030"})
_BASIC_PLANE = frozenset({"utf8", "utf8mb3", "ucs2"})


@dataclass(frozen=True)
class ColumnType:
    """A column's type. ``arguments`` are what its parentheses hold; ``charset`` is empty where it
    is the schema's own; ``generated``: its values are computed from other columns."""

    name: str
    arguments: tuple[str, ...] = ()
    unsigned: bool = False
    charset: str = ""
    generated: bool = False

    @property
    def length(self) -> int:
        """The first argument; 1 where the type states none (``char``, ``bit``)."""
        return int(self.arguments[0]) if self.arguments else 1

    @property
    def is_integer(self) -> bool:
        return self.name in _INTEGERS

    @property
    def fraction(self) -> int:
        """Digits of a second."""
        return int(self.arguments[0]) if self.arguments else 0

    def __str__(self) -> str:
        shown = f"{self.name}({','.join(self.arguments)})" if self.arguments else self.name
        shown += " unsigned" if self.unsigned else ""
        return f"{shown} in {self.charset}" if self.charset else shown


def column_type(definition: str) -> ColumnType:
    """The type that a definition begins with."""
    parts = column_parts(definition)
    return ColumnType(
        parts.type_name,
        () if parts.type_name in _INTEGERS else parts.arguments,  # a display width decides nothing
        parts.unsigned,
        parts.charset.lower(),
        bool(parts.generated),
    )


def narrowed(before: str, after: str) -> str:
    """How a column became narrower, ``varchar(40) -> varchar(20)``; empty where it did not.

    A NOT NULL that replaces NULLs takes nothing away that was there.
    """
    old, new = column_type(before), column_type(after)
    if old.generated or (not new.generated and holds(new, old)):
        return ""
    shown = "a generated column" if new.generated else str(new)
    return f"{old} -> {shown}"


def holds(new: ColumnType, old: ColumnType) -> bool:
    """Does a type hold every value of another one?"""
    if not holds_characters(new.charset, old.charset):
        return False
    if (new.name, new.arguments, new.unsigned) == (old.name, old.arguments, old.unsigned):
        return True
    if old.name in ("char", "varchar", "enum", "set", *_TEXTS):
        return _holds_text(new, old)
    if old.name in ("binary", "varbinary", *_BLOBS):
        return _holds_bytes(new, old)
    if new.name in ("char", "varchar", *_TEXTS):
        width = _width(old)
        return width is not None and width <= _bytes_of(new)
    if old.name in _MOMENTS:
        return _holds_moment(new, old)
    return _holds_number(new, old)


def holds_characters(new: str, old: str) -> bool:
    """An unstated character set is the schema's, and that is utf8mb4 where Django is at home."""
    new, old = new or "utf8mb4", old or "utf8mb4"
    if new == old or new in _ALL_OF_UNICODE or old == "ascii":
        return True
    return new in _BASIC_PLANE and old not in _ALL_OF_UNICODE


# ---- text and bytes ------------------------------------------------------------------------


def _holds_text(new: ColumnType, old: ColumnType) -> bool:
    if new.name == old.name in ("enum", "set"):
        return set(old.arguments) <= set(new.arguments)
    if new.name in _TEXTS:
        return _TEXTS[new.name] >= (_TEXTS.get(old.name) or _most_bytes(old))
    if old.name in _TEXTS or new.name not in ("char", "varchar"):
        return False
    if new.name == "char" and old.name != "char":
        return False  # the blanks at its end
    return new.length >= _characters(old)


def _characters(old: ColumnType) -> int:
    if old.name == "enum":
        return max(len(value) for value in old.arguments) - 2
    if old.name == "set":
        return sum(len(value) - 1 for value in old.arguments) - 1
    return old.length


def _most_bytes(old: ColumnType) -> int:
    # A varchar's bytes stay below a row's 65,535 whatever its characters take.
    return min(4 * _characters(old), 65_535)


def _holds_bytes(new: ColumnType, old: ColumnType) -> bool:
    if new.name in _BLOBS:
        return _BLOBS[new.name] >= _BLOBS.get(old.name, old.length)
    if old.name in _BLOBS or new.name not in ("binary", "varbinary"):
        return False
    if new.name == "binary" and old.name != "binary":
        return False  # padded with zeros
    return new.length >= old.length


def _bytes_of(new: ColumnType) -> int:
    return _TEXTS.get(new.name) or new.length


def _width(old: ColumnType) -> int | None:
    """The characters of the longest value as text; None where text does not hold it exactly."""
    match old.name:
        case name if name in _INTEGERS:
            low, high = integer_range(old)
            return max(len(str(low)), len(str(high)))
        case "decimal":
            whole, scale = _digits(old)
            return max(whole, 1) + 1 + (scale + 1 if scale else 0)
        case name if name in _MOMENTS:
            return _MOMENTS[name] + (old.fraction + 1 if old.fraction and name != "year" else 0)
        case "uuid":
            return 36
        case "json":
            return _TEXTS["longtext"]
        case "inet6":
            return 39
        case "inet4":
            return 15
    return None


# ---- moments -------------------------------------------------------------------------------


def _holds_moment(new: ColumnType, old: ColumnType) -> bool:
    if old.name == "year":
        return new.name in ("smallint", "mediumint", "int", "bigint")
    if new.name in ("year", "date") or new.fraction < _seconds_of(old):
        return False
    return new.name == old.name or (old.name, new.name) in (
        ("timestamp", "datetime"),
        ("date", "datetime"),
    )


def _seconds_of(old: ColumnType) -> int:
    return 0 if old.name == "date" else old.fraction


# ---- numbers -------------------------------------------------------------------------------


def _holds_number(new: ColumnType, old: ColumnType) -> bool:
    if old.name in _EXACT_BITS:
        grows = (old.name, new.name) != ("double", "float") and new.name in _EXACT_BITS
        return grows and not new.arguments and (old.unsigned or not new.unsigned)
    if old.name == new.name == "bit":
        return new.length >= old.length
    if old.name == "decimal":
        return _holds_decimal(new, old)
    if old.name not in (*_INTEGERS, "bit"):
        return False
    low, high = integer_range(old)
    if new.name in _EXACT_BITS:
        bound = int(2 ** _EXACT_BITS[new.name])
        return -bound <= low and high <= bound and not (new.unsigned and low < 0)
    if new.name == "decimal":
        whole = _digits(new)[0]
        return len(str(high)) <= whole and (low >= 0 or not new.unsigned)
    if new.name not in _INTEGERS:
        return False
    lowest, highest = integer_range(new)
    return lowest <= low and high <= highest


def _holds_decimal(new: ColumnType, old: ColumnType) -> bool:
    whole, scale = _digits(old)
    if new.unsigned and not old.unsigned:
        return False
    if new.name == "decimal":
        new_whole, new_scale = _digits(new)
        return new_whole >= whole and new_scale >= scale
    if new.name in _INTEGERS and scale == 0:
        lowest, highest = integer_range(new)
        most = int(10**whole) - 1
        return (old.unsigned or lowest <= -most) and most <= highest
    return False


def _digits(one: ColumnType) -> tuple[int, int]:
    """Digits before and after the point; DECIMAL alone is DECIMAL(10, 0)."""
    numbers = [int(text) for text in one.arguments if re.fullmatch(r"\d+", text)]
    precision, scale = (*numbers, 0)[:2] if numbers else (10, 0)
    return precision - scale, scale


def integer_range(one: ColumnType) -> tuple[int, int]:
    """The least and the greatest value of an integer type, or of BIT."""
    if one.name == "bit":
        return 0, int(2**one.length) - 1
    bits = 8 * _INTEGERS[one.name]
    if one.unsigned:
        return 0, int(2**bits) - 1
    return -int(2 ** (bits - 1)), int(2 ** (bits - 1)) - 1
