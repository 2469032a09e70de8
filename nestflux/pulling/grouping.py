"""Tables to groups, each an app. Pure."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase

from nestflux.exceptions import Refused

# The app of the tables that share no prefix with another.
REST = "legacy"


@dataclass(frozen=True)
class GroupingRule:
    """``--app shop=order*``: the tables of that pattern make the app ``shop``."""

    label: str
    pattern: str

    @classmethod
    def parse(cls, text: str) -> GroupingRule:
        label, equals, pattern = text.partition("=")
        if not equals or not pattern or not re.fullmatch(r"[a-z][a-z0-9_]*", label):
            raise Refused(
                f"--app {text!r} is not understood.",
                stands="nothing was written",
                then="write --app NAME=PATTERN, for example --app shop='order*'; a name has lower-"
                "case letters, digits and underscores",
            )
        return cls(label, pattern)

    def matches(self, table: str) -> bool:
        return fnmatchcase(table, self.pattern)


def groups(tables: Iterable[str], rules: Sequence[GroupingRule]) -> Mapping[str, tuple[str, ...]]:
    """Every table in one group: the first rule that matches it, otherwise what its name begins
    with up to the first underscore, where that begins several names, otherwise ``REST``."""
    ruled: dict[str, str] = {}
    free = []
    for table in sorted(tables):
        rule = next((rule for rule in rules if rule.matches(table)), None)
        if rule is None:
            free.append(table)
        else:
            ruled[table] = rule.label
    shared = Counter(map(_prefix, free))
    for table in free:
        prefix = _prefix(table)
        ruled[table] = prefix if prefix and shared[prefix] > 1 else REST
    found: dict[str, list[str]] = {}
    for table in sorted(ruled):
        found.setdefault(ruled[table], []).append(table)
    return {label: tuple(found[label]) for label in sorted(found)}


def without(tables: Iterable[str], patterns: Sequence[str]) -> list[str]:
    """The tables that no pattern of ``--exclude`` matches."""
    return [t for t in tables if not any(fnmatchcase(t, pattern) for pattern in patterns)]


def unused(tables: Iterable[str], patterns: Iterable[str]) -> list[str]:
    """The patterns that match no table: a mistake of whoever wrote them."""
    known = list(tables)
    return [p for p in patterns if not any(fnmatchcase(table, p) for table in known)]


def patterns_of(label: str, tables: Sequence[str]) -> list[str]:
    """Patterns that put these tables, and no others, into one group; the inverse of ``groups``
    where no rule was given."""
    if label == REST:
        return list(tables)
    return list(dict.fromkeys(f"{table.partition('_')[0]}_*" for table in tables))


def _prefix(table: str) -> str:
    """``shop`` of ``shop_order``; empty where it could not be an app's name."""
    prefix, underscore, rest = table.lower().partition("_")
    return prefix if underscore and rest and re.fullmatch(r"[a-z][a-z0-9]*", prefix) else ""
