"""Values from a factory of factory_boy that a project has already."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from django.db.models import Model
from django.utils.module_loading import import_string

from nestflux.exceptions import CannotSeed
from nestflux.seeding.draws import Draws, Row
from nestflux.seeding.generators import Generator


def from_factory(factory: Any) -> dict[str, Generator]:
    """The fields that a factory declares, each made by it: a row is built, not saved, with the
    row's number as its sequence and its own random seed. Relations stay the plan's: those of a
    factory would save other rows.

    Slower than anything else here: whatever a factory does, it does for each row.
    """
    model: type[Model] = factory._meta.model
    relations = {field.name for field in model._meta.concrete_fields if field.is_relation}
    declared = {*factory._meta.base_declarations, *factory._meta.declarations}
    names = {field.name for field in model._meta.local_concrete_fields} & declared - relations
    built = _Built(factory, sorted(declared & relations), model._meta.label)
    return {name: _column(built, name) for name in sorted(names)}


def named(path: str, label: str, source: str) -> dict[str, Generator]:
    """The same for a factory that a plan file names. Raises CannotSeed."""
    try:
        factory = import_string(path)
        model = factory._meta.model
    except (ImportError, AttributeError) as error:
        raise CannotSeed(
            f"The factory {path!r} of {label} cannot be used: {error}.",
            where=source,
            then="name a class of factory_boy: app.factories.PostFactory",
        ) from None
    made = getattr(getattr(model, "_meta", None), "label", model)
    if made != label:
        raise CannotSeed(
            f"The factory {path!r} makes {made}, and not {label}.",
            where=source,
            then="name it under the model that it makes",
        )
    return from_factory(factory)


class _Built:
    """The rows that a factory built last: its columns are asked for one after the other."""

    def __init__(self, factory: Any, relations: Sequence[str], label: str) -> None:
        self._factory = factory
        self._without = dict.fromkeys(relations)
        self._label = label
        self._key: tuple[int, range, int] | None = None
        self._rows: list[Any] = []

    def rows(self, draws: Draws) -> list[Any]:
        key = (draws.seed, draws.rows, draws.attempt)
        if key != self._key:
            self._rows = [self._build(row) for row in draws.of(f"{self._label}.factory").each()]
            self._key = key
        return self._rows

    def _build(self, row: Row) -> Any:
        from factory.random import reseed_random

        reseed_random(row.word)  # type: ignore[no-untyped-call]
        return self._factory.build(**{**self._without, "__sequence": row.number})


def _column(built: _Built, name: str) -> Generator:
    def values(draws: Draws) -> list[Any]:
        return [getattr(one, name) for one in built.rows(draws)]

    same: Callable[[Draws, Sequence[int]], list[Any]] = lambda draws, _: values(draws)  # noqa: E731
    return Generator(values, same)
