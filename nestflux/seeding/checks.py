"""Check constraints, read from their ``Q``: what they say of one number, and a test of a row.

A constraint with an expression that is not understood here (a function, raw SQL, a lookup of
another package) is left to the server, which refuses the row.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from django.db.models import CheckConstraint, F, Model, Q, Value
from django.db.models.constants import LOOKUP_SEP

from nestflux.seeding.fields import Bounds

# A row's values by the names of its fields.
Values = Mapping[str, Any]
# True, False, or None: unknown, as in SQL. A check constraint lets unknown pass.
Test = Callable[[Values], bool | None]


@dataclass(frozen=True)
class Check:
    """A constraint that is understood: the fields that it reads, and whether a row keeps it."""

    name: str
    fields: tuple[str, ...]
    test: Test

    def allows(self, row: Values) -> bool:
        try:
            return self.test(row) is not False
        except TypeError:  # values of two kinds: the server knows how they compare
            return True


class _NotUnderstood(Exception):
    """Left to the server."""


_COMPARE: dict[str, Callable[[Any, Any], bool]] = {
    "exact": operator.eq,
    "gt": operator.gt,
    "gte": operator.ge,
    "lt": operator.lt,
    "lte": operator.le,
    "in": lambda value, of: value in of,
    "range": lambda value, of: bool(of[0] <= value <= of[1]),
    "startswith": lambda value, of: str(value).startswith(of),
    "endswith": lambda value, of: str(value).endswith(of),
    "contains": lambda value, of: of in str(value),
    "iexact": lambda value, of: str(value).lower() == str(of).lower(),
    "istartswith": lambda value, of: str(value).lower().startswith(str(of).lower()),
}


def checks_of(model: type[Model]) -> list[Check]:
    """The constraints of a model that are understood."""
    found = []
    for constraint in model._meta.constraints:
        if not isinstance(constraint, CheckConstraint):
            continue
        try:
            fields: list[str] = []
            test = _test(_condition(constraint), model, fields)
            found.append(Check(constraint.name, tuple(dict.fromkeys(fields)), test))
        except _NotUnderstood:
            continue
    return found


def _condition(constraint: CheckConstraint) -> Q:
    condition = constraint.condition
    if not isinstance(condition, Q):
        raise _NotUnderstood
    return condition


def _test(node: Any, model: type[Model], fields: list[str]) -> Test:
    if isinstance(node, Q):
        parts = [_test(child, model, fields) for child in node.children]
        combined = {Q.AND: _all, Q.OR: _any, Q.XOR: _one}[node.connector](parts)
        return _negated(combined) if node.negated else combined
    if isinstance(node, tuple):
        return _comparison(node[0], node[1], model, fields)
    raise _NotUnderstood


def _all(tests: list[Test]) -> Test:
    def test(row: Values) -> bool | None:
        found = [one(row) for one in tests]
        return False if False in found else None if None in found else True

    return test


def _any(tests: list[Test]) -> Test:
    def test(row: Values) -> bool | None:
        found = [one(row) for one in tests]
        return True if True in found else None if None in found else False

    return test


def _one(tests: list[Test]) -> Test:
    def test(row: Values) -> bool | None:
        found = [one(row) for one in tests]
        return None if None in found else sum(map(bool, found)) % 2 == 1

    return test


def _negated(test: Test) -> Test:
    def negated(row: Values) -> bool | None:
        found = test(row)
        return None if found is None else not found

    return negated


def _comparison(path: str, given: Any, model: type[Model], fields: list[str]) -> Test:
    name, _, lookup = path.partition(LOOKUP_SEP)
    field = _field(model, name)
    fields.append(field)
    if (lookup or "exact") == "isnull" or (not lookup and given is None):
        wanted = given is None or bool(given)
        return lambda row: (row[field] is None) is wanted
    compare = _COMPARE.get(lookup or "exact")
    if compare is None:
        raise _NotUnderstood
    other = _value(given, model, fields)

    def test(row: Values) -> bool | None:
        value, against = row[field], other(row)
        return None if value is None or against is None else compare(value, against)

    return test


def _field(model: type[Model], name: str) -> str:
    if name == "pk":
        name = model._meta.pk.name
    for field in model._meta.local_concrete_fields:
        if name in (field.name, field.attname) and not getattr(field, "generated", False):
            return field.name
    raise _NotUnderstood


def _value(given: Any, model: type[Model], fields: list[str]) -> Test | Callable[[Values], Any]:
    if isinstance(given, F):
        field = _field(model, str(vars(given)["name"]))
        fields.append(field)
        return lambda row: row[field]
    if isinstance(given, Value):
        given = given.value
    if isinstance(given, list | tuple | set | frozenset):
        given = tuple(given)
        if any(hasattr(one, "resolve_expression") for one in given):
            raise _NotUnderstood
    elif hasattr(given, "resolve_expression"):
        raise _NotUnderstood
    return lambda row: given


def bounds_of(model: type[Model]) -> dict[str, Bounds]:
    """What constraints say of a number alone, so that few rows have to be made again."""
    found: dict[str, Bounds] = {}
    for constraint in model._meta.constraints:
        if isinstance(constraint, CheckConstraint) and isinstance(constraint.condition, Q):
            for path, value in _required(constraint.condition):
                name, _, lookup = path.partition(LOOKUP_SEP)
                narrower = _narrowed(found.get(name, Bounds()), lookup, value)
                if narrower is not None:
                    found[name] = narrower
    return found


def _required(condition: Q) -> Iterable[tuple[str, Any]]:
    """The comparisons that must all be true."""
    if condition.negated or (condition.connector != Q.AND and len(condition.children) > 1):
        return
    for child in condition.children:
        if isinstance(child, Q):
            yield from _required(child)
        elif isinstance(child, tuple):
            yield child


def _narrowed(bounds: Bounds, lookup: str, value: Any) -> Bounds | None:
    if isinstance(value, Value):
        value = value.value
    if lookup == "range" and isinstance(value, list | tuple):
        return bounds.within(*value)
    if isinstance(value, bool) or not hasattr(value, "__float__"):
        return None
    if lookup in ("gte", "gt"):  # the border itself is left to the test of the row
        return bounds.within(low=value)
    if lookup in ("lte", "lt"):
        return bounds.within(high=value)
    return None
