"""What a project says in code: ``seeds.py`` of an app, and generators for fields of its own."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from django.db.models import Field, Model
from django.utils.module_loading import autodiscover_modules

from nestflux.exceptions import CannotSeed
from nestflux.seeding.generators import Generator
from nestflux.seeding.spreading import Spread

# What a function of ``seeds.py`` returns: a field's name → what makes it, or how it is spread.
Fields = Mapping[str, Generator | Spread]
_Make = TypeVar("_Make", bound=Callable[..., Any])

_MODELS: dict[type[Model], Callable[[], Fields]] = {}
_FIELDS: dict[type[Field[Any, Any]], Callable[[Any], Generator]] = {}


def seeds(model: type[Model]) -> Callable[[_Make], _Make]:
    """Registers a function without arguments that says how some fields of ``model`` are made::

    @seeds(Post)
    def posts() -> Fields:
        return {"status": shares({"draft": 1, "published": 8}), "author": zipf()}
    """

    def register(make: _Make) -> _Make:
        _MODELS[model] = make
        return make

    return register


def generates(kind: type[Field[Any, Any]]) -> Callable[[_Make], _Make]:
    """Registers a function that makes the generator of each field of a class and of its
    subclasses; it is given the field."""

    def register(make: _Make) -> _Make:
        _FIELDS[kind] = make
        return make

    return register


def zipf(exponent: float = 1) -> Spread:
    """Few of the choices are taken by most of the rows, by Zipf's law."""
    return Spread(exponent)


def uniform() -> Spread:
    """Each choice is as likely as any other: what a field has by default."""
    return Spread()


def of_model(model: type[Model]) -> Fields:
    """What ``seeds.py`` says of a model. Raises CannotSeed where it names no field of it."""
    make = _MODELS.get(model)
    if make is None:
        return {}
    fields = make()
    known = {field.name for field in model._meta.concrete_fields}
    if unknown := sorted(set(fields) - known):
        raise CannotSeed(
            f"{make.__module__}.{make.__qualname__} names a field {unknown[0]!r} that "
            f"{model._meta.label} does not have.",
            then=f"name one of: {', '.join(sorted(known))}",
        )
    return fields


def of_field(field: Field[Any, Any]) -> Generator | None:
    """What a project registered for a field's class, or for the nearest class above it."""
    for kind in type(field).__mro__:
        if kind in _FIELDS:
            return _FIELDS[kind](field)
    return None


def read_seeds() -> None:
    """Import ``seeds.py`` of every app that has one."""
    autodiscover_modules("seeds")
