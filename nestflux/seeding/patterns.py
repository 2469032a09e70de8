"""Texts that a regular expression matches, for fields with a ``RegexValidator``."""

from __future__ import annotations

import re
from collections.abc import Callable
from random import Random
from re import _constants as c  # type: ignore[attr-defined]
from re import _parser as parser  # type: ignore[attr-defined]
from typing import Any

# How often what has no upper bound is repeated beyond its lower one, at most.
_MORE = 8
_PRINTABLE = [chr(code) for code in range(33, 127)]
_CATEGORIES: dict[Any, Callable[[str], bool]] = {
    c.CATEGORY_DIGIT: str.isdigit,
    c.CATEGORY_NOT_DIGIT: lambda one: not one.isdigit(),
    c.CATEGORY_SPACE: str.isspace,
    c.CATEGORY_NOT_SPACE: lambda one: not one.isspace(),
    c.CATEGORY_WORD: lambda one: one.isalnum() or one == "_",
    c.CATEGORY_NOT_WORD: lambda one: not (one.isalnum() or one == "_"),
}


class Unreadable(Exception):
    """The expression has a part that nothing can be made for: a look-around, for example."""


def matching(pattern: re.Pattern[str], random: Random) -> str:
    """A text of printable ASCII that is likely to match; the caller tries whether it does. Raises
    Unreadable.

    The tree of an expression is Python's own (``re._parser``, there since 3.11; ``sre_parse``
    before), which has no public name.
    """
    groups: dict[int, str] = {}
    return _sequence(parser.parse(pattern.pattern, pattern.flags), random, groups)


def _sequence(parts: Any, random: Random, groups: dict[int, str]) -> str:
    return "".join(_part(kind, value, random, groups) for kind, value in parts)


def _part(kind: Any, value: Any, random: Random, groups: dict[int, str]) -> str:
    if kind is c.LITERAL:
        return chr(value)
    if kind in (c.ANY, c.NOT_LITERAL, c.IN, c.CATEGORY):
        return random.choice(_characters(kind, value))
    if kind in (c.MAX_REPEAT, c.MIN_REPEAT, c.POSSESSIVE_REPEAT):
        low, high, inner = value
        count = random.randint(low, min(int(high), low + _MORE))
        return "".join(_sequence(inner, random, groups) for _ in range(count))
    if kind is c.SUBPATTERN:
        number, _, _, inner = value
        text = _sequence(inner, random, groups)
        if number is not None:
            groups[number] = text
        return text
    if kind is c.ATOMIC_GROUP:
        return _sequence(value, random, groups)
    if kind is c.BRANCH:
        return _sequence(random.choice(value[1]), random, groups)
    if kind is c.GROUPREF:
        return groups.get(value, "")
    if kind is c.AT:
        return ""
    raise Unreadable(str(kind))


def _characters(kind: Any, value: Any) -> list[str]:
    if kind is c.ANY:
        return _PRINTABLE
    if kind is c.NOT_LITERAL:
        return [one for one in _PRINTABLE if one != chr(value)]
    if kind is c.CATEGORY:
        return [one for one in _PRINTABLE if _CATEGORIES[value](one)] or [" "]
    found: set[str] = set()
    negated = value[0][0] is c.NEGATE
    for part, of in value[1:] if negated else value:
        if part is c.LITERAL:
            found.add(chr(of))
        elif part is c.RANGE:
            found |= {chr(code) for code in range(of[0], min(of[1], of[0] + 255) + 1)}
        else:
            found |= set(_characters(part, of))
    if negated:
        found = set(_PRINTABLE) - found
    if not found:
        raise Unreadable("a set without printable characters")
    return sorted(found)
