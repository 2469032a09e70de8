"""The unique keys of a model's table, as sets of fields."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.db.models import F, Model, UniqueConstraint


def unique_keys(model: type[Model], with_expressions: bool) -> list[frozenset[str]]:
    """The keys that the server holds: of the primary key, ``unique``, ``unique_together`` and
    unique constraints.

    A constraint with a condition is none on MySQL and MariaDB: they have no partial indexes, and
    Django leaves it out (``models.W036``). One of expressions counts as one of the fields in it,
    where the server has such indexes.
    """
    own = {field.name: field for field in model._meta.local_concrete_fields}
    found = [frozenset(field.name for field in model._meta.pk_fields)]
    found += [frozenset({name}) for name, field in own.items() if field.unique]
    found += [frozenset(names) for names in model._meta.unique_together]
    for constraint in model._meta.constraints:
        if not isinstance(constraint, UniqueConstraint) or constraint.condition is not None:
            continue
        if constraint.fields:
            found.append(frozenset(constraint.fields))
        elif with_expressions:
            found.append(frozenset(_fields_in(constraint.expressions)))
    return [key for key in dict.fromkeys(found) if key and key <= own.keys()]


def _fields_in(expressions: Any) -> Iterator[str]:
    for expression in expressions:
        if isinstance(expression, F):
            yield str(vars(expression)["name"])
        elif hasattr(expression, "get_source_expressions"):
            yield from _fields_in(
                one for one in expression.get_source_expressions() if one is not None
            )
