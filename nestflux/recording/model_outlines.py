"""The models that an operation needs, each as far as it is looked at.

Of the model that a field points at, the schema editor asks for the table and for the columns that
are pointed at: the primary key, or what ``to_field`` names (django/db/models/fields/related.py,
``resolve_related_fields``; ``_create_fk_sql`` of django/db/backends/base/schema.py). Such a model
is made in outline: with these fields only, and so without all that its others lead to, which is
most of a schema that hangs together.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from django.db.migrations.state import ModelState
from django.db.migrations.utils import resolve_relation
from django.db.models import (
    CompositePrimaryKey,
    ForeignKey,
    ManyToManyField,
    Model,
    OneToOneField,
)

Key = tuple[str, str]

_KEYS = (ForeignKey, OneToOneField)
# What says which table a model has, and whether it has one. The other options name fields.
_OPTIONS = ("db_table", "managed", "proxy", "swappable")


@dataclass(frozen=True)
class _Need:
    """A model, and the fields that are pointed at besides its primary key; None: all of it."""

    key: Key
    fields: frozenset[str] | None


def needed_models(
    models: Mapping[Key, ModelState], starts: Iterable[Key], *, outlines: bool = True
) -> dict[Key, ModelState] | None:
    """``starts`` and what they cannot be made without; None where a model of these is missing.

    Args:
        outlines: False makes every model whole.
    """
    found: dict[Key, frozenset[str] | None] = {}
    waiting = [_Need(key, None) for key in starts]
    while waiting:
        need = waiting.pop()
        if (model := models.get(need.key)) is None:
            return None
        fields = need.fields if outlines and has_outline(model) else None
        if need.key in found:
            known = found[need.key]
            fields = None if known is None or fields is None else known | fields
            if fields == known:
                continue
        found[need.key] = fields
        waiting += _needs(model, fields)
    return {
        key: model if (fields := found[key]) is None else _outline(model, fields)
        for key, model in models.items()
        if key in found
    }


def needed_by(model: ModelState) -> Iterator[Key]:
    """The models that a whole model cannot be made without."""
    return (need.key for need in _needs(model, None))


def targets_of(field: Any, own: Key) -> Iterator[Key]:
    """The models that a field of the model ``own`` cannot be made without."""
    return (need.key for need in _targets(field, own))


def has_outline(model: ModelState) -> bool:
    """Can it be made with some of its fields? Not one of a package's own base, whose code may look
    for fields when a class is made; and not one whose primary key names other fields."""
    return all(isinstance(base, str) or base is Model for base in model.bases) and not any(
        isinstance(field, CompositePrimaryKey) for field in model.fields.values()
    )


def _outline(model: ModelState, fields: frozenset[str]) -> ModelState:
    return ModelState(
        model.app_label,
        model.name,
        dict(_fields_of(model, fields)),
        {name: model.options[name] for name in _OPTIONS if name in model.options},
        model.bases,
        [],
    )


def _fields_of(model: ModelState, fields: frozenset[str] | None) -> Iterator[tuple[str, Any]]:
    for name, field in model.fields.items():
        links = getattr(field.remote_field, "parent_link", False)
        if fields is None or field.primary_key or links or name in fields:
            yield name, field


def _needs(model: ModelState, fields: frozenset[str] | None) -> Iterator[_Need]:
    """What a model needs that is made with these fields, None: whole."""
    for base in model.bases:
        if isinstance(base, str):  # a field that is pointed at may be the base's
            yield _Need(resolve_relation(base, model.app_label), fields)
    own = model.app_label, model.name_lower
    for _, field in _fields_of(model, fields):
        yield from _targets(field, own)


def _targets(field: Any, own: Key) -> Iterator[_Need]:
    """What a field points at, the table in between included."""
    remote = field.remote_field
    if remote is None:
        return
    if remote.model is not None:
        yield _Need(resolve_relation(remote.model, *own), _pointed_at(field))
    if getattr(remote, "through", None) is not None:
        yield _Need(resolve_relation(remote.through, *own), None)


def _pointed_at(field: Any) -> frozenset[str] | None:
    """The fields that it names of the model it points at; None where that is not known."""
    if type(field) is ManyToManyField:
        return frozenset()
    if type(field) not in _KEYS:
        return None
    named = (*field.to_fields, field.remote_field.field_name)
    return frozenset(name for name in named if name is not None)
