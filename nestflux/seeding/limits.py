"""``limit_choices_to``: which rows a foreign key may refer to. The server says which do; here
stands what has to be known before it is asked."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from django.core.exceptions import FieldDoesNotExist, FieldError
from django.db.models import Field, ForeignKey, Model, Q, Value
from django.db.models.constants import LOOKUP_SEP

from nestflux.seeding.choosing import foreign_keys, target_of

if TYPE_CHECKING:
    AnyField = Field[Any, Any]


def limit_of(key: ForeignKey[Any, Any]) -> Q | None:
    """The condition on the rows that a foreign key may refer to; None: any row will do.

    That of a many-to-many field counts for the key to its other model, in the table between them.
    """
    limits = [*map(_condition, [key, *_many_to_many(key)])]
    whole = Q(*(limit for limit in limits if limit))
    return whole or None


def _condition(field: Any) -> Q:
    """A dictionary, a ``Q``, or what a function of the project returns now."""
    given = field.get_limit_choices_to()
    return given if isinstance(given, Q) else Q(**given)


def _many_to_many(key: ForeignKey[Any, Any]) -> Iterator[Any]:
    """The many-to-many fields whose other side a key of the table between two models is."""
    table = key.model
    for owner in dict.fromkeys(map(target_of, foreign_keys(table))):
        for field in owner._meta.local_many_to_many:
            if field.remote_field.through is table and field.m2m_reverse_field_name() == key.name:
                yield field


def models_read(limit: Q, model: type[Model]) -> Iterator[type[Model]]:
    """The models whose rows a condition on rows of ``model`` reads besides: they come first."""
    for path, _ in _comparisons(limit):
        at: Any = model
        for part in path.split(LOOKUP_SEP):
            try:
                field = at._meta.get_field(part)
            except FieldDoesNotExist:
                break
            if not field.is_relation or field.related_model is None:
                break
            if field.many_to_many:
                through = getattr(field, "through", None) or field.remote_field.through
                yield through._meta.concrete_model
            at = field.related_model
            yield at._meta.concrete_model


def _comparisons(limit: Q) -> Iterator[tuple[str, Any]]:
    for child in limit.children:
        if isinstance(child, Q):
            yield from _comparisons(child)
        elif isinstance(child, tuple):
            yield child


def may_match(limit: Q, row: Mapping[AnyField, Any], alias: str) -> bool:
    """May a row that is not written yet meet a condition? The server is asked about its values.
    True where they do not tell: the condition reads other tables, or expressions."""
    if any(isinstance(value, Model) for _, value in _comparisons(limit)):
        return True
    values = {}
    for field, value in row.items():
        kind = field.target_field if isinstance(field, ForeignKey) else field
        for name in {field.name, field.attname, *(["pk"] if field.primary_key else [])}:
            values[name] = Value(value, output_field=kind)
    try:
        return limit.check(values, using=alias)
    except (FieldError, TypeError, ValueError):
        return True
