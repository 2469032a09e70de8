"""Which models an operation needs, where Django would make those of the whole project.

Django keeps the models of a state made and makes all anew that are related to a model that
changes, however far (django/db/migrations/state.py, ``reload_model``): in a project whose tables
hang together, most of them for each operation. The operations below look at their own model, at
what it inherits from, and at the columns that its fields point at (``model_outlines``). Reverse
relations are read by ``alter_field`` alone, and only of a column that is unique
(django/db/backends/base/schema.py, ``_related_non_m2m_objects``): such a one needs what refers to
it as well, however far.

That holds for Django 5.2 to 6.1. With a newer one the models of the whole are made, as Django does.
"""

from __future__ import annotations

import weakref
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from typing import Any

import django
from django.db.migrations import (
    AddConstraint,
    AddField,
    AddIndex,
    AlterField,
    AlterIndexTogether,
    AlterModelManagers,
    AlterModelOptions,
    AlterModelTableComment,
    AlterUniqueTogether,
    CreateModel,
    DeleteModel,
    RemoveConstraint,
    RemoveField,
    RemoveIndex,
    RenameField,
    RenameIndex,
    RunSQL,
)
from django.db.migrations.migration import Migration
from django.db.migrations.operations.base import Operation
from django.db.migrations.state import ModelState, ProjectState
from django.db.models import Model
from django.db.models.signals import pre_migrate

from nestflux.django_compat import ALTER_CONSTRAINT, models_are_made, receiver_of
from nestflux.graph.receivers import classes_are_watched
from nestflux.recording.model_outlines import Key, needed_by, needed_models, targets_of

_DJANGO_IS_KNOWN = django.VERSION[:2] <= (6, 1)

_CHANGES = (
    DeleteModel,
    AlterField,
    RemoveField,
    RenameField,
    RemoveIndex,
    RenameIndex,
    RemoveConstraint,
    AlterUniqueTogether,
    AlterIndexTogether,
    AlterModelTableComment,
)
_WITHOUT_MODELS = (AlterModelOptions, AlterModelManagers, RunSQL, *ALTER_CONSTRAINT)
_CONTENT_TYPE = ("contenttypes", "contenttype")
_INJECTS_RENAMES = "django.contrib.contenttypes.management.inject_rename_contenttypes_operations"


def needs_few(migration: Migration, state: ProjectState) -> bool:
    """Can the migration be run on ``state``, the one before it, with few models made?

    Only Django's own operations with Django's own fields; and only where all that is referred to
    is there: what is missing makes a rendering of the whole state fail, and not one model's.
    """
    if not _DJANGO_IS_KNOWN:
        return False
    known = set(state.models)
    if not all(_points_into(model, known) for model in state.models.values()):
        return False
    return all(
        _is_plain(operation) and _keeps_whole(operation, migration.app_label, state, known)
        for operation in migration.operations
    )


def apps_for_receivers(state: ProjectState) -> Any:
    """The ``apps`` that receivers of ``pre_migrate`` get. Django's own asks for the model of the
    content types and no other (django/contrib/contenttypes/management/__init__.py)."""
    if not only_djangos_receivers():
        return state.apps
    asked_for = {key: state.models[key] for key in [_CONTENT_TYPE] if key in state.models}
    return ProjectState(asked_for, state.real_apps & {_CONTENT_TYPE[0]}).apps


def only_djangos_receivers() -> bool:
    """Does nothing of the project or of a package look at what ``pre_migrate`` tells?"""
    found = [receiver_of(entry) for entry in pre_migrate.receivers]
    receivers = [one() if isinstance(one, weakref.ReferenceType) else one for one in found]
    names = {f"{one.__module__}.{one.__qualname__}" for one in receivers if one is not None}
    return names <= {_INJECTS_RENAMES}


def few_models(
    operation: Operation, label: str, states: Sequence[ProjectState]
) -> list[ProjectState]:
    """The states, each with what the operation needs of it, where nobody has made the models of
    the whole; else the state itself."""
    if not _DJANGO_IS_KNOWN or not _is_plain(operation) or isinstance(operation, _WITHOUT_MODELS):
        return list(states)
    key = model_of(operation, label)
    owns = [state.models[key] for state in states if key in state.models]
    is_referred_to = any(_alters_unique(operation, own) for own in owns)
    return [_few_of(state, key, is_referred_to=is_referred_to) for state in states]


def is_addition(operation: Operation) -> bool:
    """Exactly Django's own, which only adds; nothing in it may bring code of its own."""
    if type(operation) is CreateModel:
        fields = [field for _, field in operation.fields]
        return _are_djangos(fields, operation.options, operation.bases or ())
    if type(operation) is AddField:
        return _is_djangos(operation.field)
    if type(operation) is AddIndex:
        return _is_djangos(operation.index)
    return type(operation) is AddConstraint and _is_djangos(operation.constraint)


def model_of(operation: Operation, label: str) -> Key:
    """The model that one of the operations makes or changes."""
    plain: Any = operation
    name: str = getattr(plain, "model_name", None) or plain.name
    return label, name.lower()


def _is_plain(operation: Operation) -> bool:
    """Exactly one of Django's own that are known here; nothing in it may bring code of its own."""
    if type(operation) is AlterField:
        return _is_djangos(operation.field)
    if type(operation) in ALTER_CONSTRAINT:  # what is dropped later is the constraint of this one
        altered: Any = operation
        return _is_djangos(altered.constraint)
    if type(operation) is RunSQL:
        return not operation.state_operations
    return is_addition(operation) or type(operation) in (*_CHANGES, *_WITHOUT_MODELS)


def _keeps_whole(operation: Operation, label: str, state: ProjectState, known: set[Key]) -> bool:
    """Does a state in which each model points at others that are there stay one, as far as that
    can be known from an operation alone?

    Args:
        state: before the migration.
        known: the models before the operation; those after it when this returns True.
    """
    if isinstance(operation, _WITHOUT_MODELS):
        return True
    key = model_of(operation, label)
    if isinstance(operation, CreateModel):
        added = ModelState(label, operation.name, operation.fields, bases=operation.bases)
        if key in known or not _points_into(added, known | {key}):
            return False
        known.add(key)
        return True
    if key not in known or not _changes_djangos_own(operation, state.models.get(key)):
        return False
    if isinstance(operation, DeleteModel):
        known.remove(key)
        others = (model for other, model in state.models.items() if other != key)
        return not any(key in needed_by(model) for model in others)
    if isinstance(operation, AddField | AlterField):
        return known.issuperset(targets_of(operation.field, key))
    return True


def _changes_djangos_own(operation: Operation, model: ModelState | None) -> bool:
    """Is what an operation changes or removes of a model Django's own? What its own migration
    has added (``model`` is None, or lacks it) was looked at there."""
    if model is None:
        return True
    if isinstance(operation, DeleteModel):
        return _are_djangos(model.fields.values(), model.options, model.bases)
    if isinstance(operation, RemoveIndex | RenameIndex | RemoveConstraint):
        return all(map(_is_djangos, _rules_in(model.options)))
    names = _fields_of(operation)
    return all(_is_djangos(model.fields[name]) for name in names if name in model.fields)


def _fields_of(operation: Operation) -> tuple[str, ...]:
    """The fields that an operation alters or removes, by their names before it and after."""
    if isinstance(operation, AlterField | RemoveField):
        return (operation.name,)
    if isinstance(operation, RenameField):
        return operation.old_name, operation.new_name
    return ()


def _few_of(state: ProjectState, key: Key, *, is_referred_to: bool) -> ProjectState:
    """The state with one model, and what that needs; or the state itself.

    ``is_referred_to``: with all that refers to it, however far, as well.
    """
    if models_are_made(state) or key not in state.models:
        return state  # as Django does it, who says what is wrong
    starts = reached([key], referrers(state)) if is_referred_to else {key}
    found = needed_models(state.models, starts, outlines=not classes_are_watched())
    # Not the apps without migrations, ours among them: nothing that was found points into one.
    return state if found is None else ProjectState(found)


def referrers(state: ProjectState) -> Callable[[Key], Iterable[Key]]:
    """From a model to those that point at it or inherit from it themselves."""
    found: dict[Key, list[Key]] = {}
    for own, model in state.models.items():
        for needed in needed_by(model):
            found.setdefault(needed, []).append(own)
    return lambda key: found.get(key, ())


def reached(starts: Iterable[Key], following: Callable[[Key], Iterable[Key]]) -> set[Key]:
    """The models where one comes to, however far, and where one starts."""
    found: set[Key] = set()
    waiting = list(starts)
    while waiting:
        one = waiting.pop()
        if one not in found:
            found.add(one)
            waiting += following(one)
    return found


def _alters_unique(operation: Operation, model: ModelState) -> bool:
    """Does it alter a field that a foreign key can point at, as far as ``alter_field`` asks?"""
    if not isinstance(operation, AlterField | RenameField):
        return False
    names = _fields_of(operation)
    return any(model.fields[name].unique for name in names if name in model.fields)


def _are_djangos(
    fields: Iterable[object], options: Mapping[str, Any], bases: Iterable[Any]
) -> bool:
    """Is a whole model, of its fields and rules and of what it inherits from?"""
    of_others = all(isinstance(base, str) or base is Model for base in bases)
    return of_others and all(map(_is_djangos, (*fields, *_rules_in(options))))


def _rules_in(options: Mapping[str, Any]) -> Iterator[object]:
    yield from options.get("indexes", ())
    yield from options.get("constraints", ())


def _is_djangos(thing: object) -> bool:
    return type(thing).__module__.startswith("django.")


def _points_into(model: ModelState, known: Collection[Key]) -> bool:
    return all(key in known for key in needed_by(model))
