"""Which models an operation needs, where Django would make those of the whole project.

Django keeps the models of a state made and makes all anew that are related to a model that is
added, however far (django/db/migrations/state.py, ``reload_model``): the first migrations of many
tables cost the square of their number. The operations below look at their own model, at what its
fields point at and at what it inherits from, and at nothing else: the schema editor's
``create_model``, ``delete_model``, ``add_field``, ``remove_field`` and those of indexes and
constraints read no reverse relation.
"""

from __future__ import annotations

import weakref
from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Any

from django.db.migrations import AddConstraint, AddField, AddIndex, CreateModel
from django.db.migrations.migration import Migration
from django.db.migrations.operations.base import Operation
from django.db.migrations.state import ModelState, ProjectState
from django.db.migrations.utils import resolve_relation
from django.db.models import Model
from django.db.models.signals import pre_migrate

Key = tuple[str, str]

_CONTENT_TYPE = ("contenttypes", "contenttype")
_INJECTS_RENAMES = "django.contrib.contenttypes.management.inject_rename_contenttypes_operations"


def needs_few(migration: Migration, state: ProjectState) -> bool:
    """Can the migration be run on ``state``, the one before it, with few models made?

    Only Django's own additions with Django's own fields; and only where all that is referred to is
    there: what is missing makes a rendering of the whole state fail, and not one model's.
    """
    known = set(state.models)
    if not all(_points_into(model, known) for model in state.models.values()):
        return False
    for operation in migration.operations:
        if not is_plain(operation):
            return False
        label = migration.app_label
        if isinstance(operation, CreateModel):
            key = label, operation.name_lower
            added = ModelState(label, operation.name, operation.fields, bases=operation.bases)
            if key in known or not _points_into(added, known | {key}):
                return False
            known.add(key)
        elif isinstance(operation, AddField):
            key = label, operation.model_name_lower
            if not known.issuperset({key, *_targets(operation.field, key)}):
                return False
    return True


def makes_models(migration: Migration) -> bool:
    """Does the migration make Django render what hangs together with a model of it?"""
    return any(isinstance(operation, CreateModel) for operation in migration.operations)


def apps_for_receivers(state: ProjectState) -> Any:
    """The ``apps`` that receivers of ``pre_migrate`` get. Django's own asks for the model of the
    content types and no other (django/contrib/contenttypes/management/__init__.py)."""
    if not only_djangos_receivers():
        return state.apps
    asked_for = {key: state.models[key] for key in [_CONTENT_TYPE] if key in state.models}
    return ProjectState(asked_for, state.real_apps).apps


def only_djangos_receivers() -> bool:
    """Does nothing of the project or of a package look at what ``pre_migrate`` tells?"""
    found = [entry[1] for entry in pre_migrate.receivers]
    receivers = [one() if isinstance(one, weakref.ReferenceType) else one for one in found]
    names = {f"{one.__module__}.{one.__qualname__}" for one in receivers if one is not None}
    return names <= {_INJECTS_RENAMES}


def few_models(operation: Operation, label: str, state: ProjectState) -> ProjectState:
    """The state with what the operation needs, where nobody has made the models of the whole;
    else the state itself."""
    if "apps" in vars(state) or not is_plain(operation):
        return state
    found: dict[Key, ModelState] = {}
    waiting = [model_of(operation, label)]
    while waiting:
        key = waiting.pop()
        if key in found:
            continue
        if key not in state.models:
            return state  # as Django does it, who says what is wrong
        found[key] = state.models[key]
        waiting += _needed_by(found[key])
    in_order = {key: model for key, model in state.models.items() if key in found}
    return ProjectState(in_order, state.real_apps)


def is_plain(operation: Operation) -> bool:
    """Exactly Django's own operation; nothing in it may bring code of its own."""
    if type(operation) is CreateModel:
        bases = all(isinstance(base, str) or base is Model for base in operation.bases or ())
        fields = all(_is_djangos(field) for _, field in operation.fields)
        return bases and fields and _are_djangos(operation.options)
    if type(operation) is AddField:
        return _is_djangos(operation.field)
    if type(operation) is AddIndex:
        return _is_djangos(operation.index)
    return type(operation) is AddConstraint and _is_djangos(operation.constraint)


def _are_djangos(options: Mapping[str, Any]) -> bool:
    rules = (*options.get("indexes", ()), *options.get("constraints", ()))
    return all(_is_djangos(rule) for rule in rules)


def _is_djangos(thing: object) -> bool:
    return type(thing).__module__.startswith("django.")


def model_of(operation: Operation, label: str) -> Key:
    """The model that one of the operations adds or adds to."""
    plain: Any = operation
    name: str = plain.name if isinstance(operation, CreateModel) else plain.model_name
    return label, name.lower()


def _points_into(model: ModelState, known: Collection[Key]) -> bool:
    return all(key in known for key in _needed_by(model))


def _needed_by(model: ModelState) -> Iterator[Key]:
    """The models that a model cannot be made without."""
    own = model.app_label, model.name_lower
    for base in model.bases:
        if isinstance(base, str):
            yield resolve_relation(base, model.app_label)
    for field in model.fields.values():
        yield from _targets(field, own)


def _targets(field: Any, own: Key) -> Iterable[Key]:
    """What a field points at, the table in between included."""
    remote = field.remote_field
    if remote is None:
        return
    for pointed_at in (remote.model, getattr(remote, "through", None)):
        if pointed_at is not None:
            yield resolve_relation(pointed_at, *own)
