"""Rows that code makes: with as little in them as possible, or full; and what they refer to."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from itertools import islice, product
from typing import TYPE_CHECKING, Any

from django.db import models, transaction
from django.db.models import ForeignKey

from nestflux.recording.deploy_order import values
from nestflux.recording.deploy_order.code import Models

if TYPE_CHECKING:
    from django.db.backends.base.base import BaseDatabaseWrapper
    from django.db.models import Model

logger = logging.getLogger(__name__)

_MOST_RECIPES = 60  # rows that are tried until one passes the checks of a table


class NoRow(Exception):
    """A model of which no row goes in: what refers to it is not tried."""


class Rows:
    """Makes rows of one code on the schema of a connection.

    A *recipe* is what a row needs beyond the usual, to pass the checks of its table: values by
    field. ``recipes`` are those that were found, by model label; None where nothing helps.
    ``kept`` are rows that stay for a while, to which others can refer.

    Args:
        known: recipes of the code's own schema: they are tried first.
    """

    def __init__(
        self,
        connection: BaseDatabaseWrapper,
        code: Models,
        known: Mapping[str, Mapping[str, Any]],
    ) -> None:
        self.connection = connection
        self.code = code
        self.known = known
        self.recipes: dict[str, Mapping[str, Any] | None] = {}
        self.kept: dict[type[Model], Model] = {}
        self._number = 0
        self._making: list[type[Model]] = []

    def insert(self, model: type[Model], given: Mapping[str, Any], *, full: bool = False) -> Model:
        """A row with what it needs, or, ``full``, with all that it can have."""
        made = self.unsaved(model, given, full=full)
        self.save(made)
        return made

    def save(self, made: Model, *, anew: bool = True) -> None:
        """Write a row, as a new one or over itself: as Django does it, whatever a base class of
        the project's does besides."""
        models.Model.save(
            made, using=self.connection.alias, force_insert=anew, force_update=not anew
        )

    def delete(self, made: Model) -> None:
        """Likewise."""
        models.Model.delete(made, using=self.connection.alias)

    def unsaved(self, model: type[Model], given: Mapping[str, Any], *, full: bool) -> Model:
        """The same, not yet written; the rows that it refers to are. Raises NoRow."""
        if model in self._making:
            raise NoRow(f"{label_of(model)} needs a row of itself")
        self._making.append(model)
        try:
            chosen = {**(self.recipes.get(label_of(model)) or {}), **given}
            for field in model._meta.concrete_fields:
                needed = full or values.is_required(field)
                if field.name in chosen or not needed or not values.is_written(field):
                    continue
                if field.related_model is not model or not field.null:
                    chosen[field.name] = self.usual(field)
            return made_of(model, chosen)
        finally:
            self._making.pop()

    def usual(self, field: Any) -> Any:
        """A value for a field; of a foreign key, a row, which is written. Raises NoRow."""
        self._number += 1
        if isinstance(field, ForeignKey):
            kept = self.kept.get(field.related_model)
            return kept if kept and not _is_in_a_key(field) else self.parent(field.related_model)
        return values.usual(field, self._number)

    def parent(self, model: type[Model]) -> Model:
        """A new row for others to refer to. Raises NoRow."""
        if label_of(model) not in self.recipes:
            self.recipes[label_of(model)] = self.find_recipe(model)
        if self.recipes[label_of(model)] is None:
            raise NoRow(f"no row of {label_of(model)} goes in")
        return self.insert(model, {})

    def find_recipe(self, model: type[Model]) -> Mapping[str, Any] | None:
        """What must be given beyond the usual for a row to go in; None where nothing helps."""
        for recipe in islice(self._recipes(model), _MOST_RECIPES):
            self.recipes[label_of(model)] = recipe
            try:
                with rolled_back(self.connection):
                    self.insert(model, {})
                return recipe
            except Exception as error:  # the next one may pass
                logger.debug("%s: %s", label_of(model), error)
        return None

    def _recipes(self, model: type[Model]) -> Iterator[Mapping[str, Any]]:
        if known := self.known.get(label_of(model)):
            yield known
        yield {}
        named = self.code.literals.get(key_of(model), {})
        fields = {f.name: f for f in model._meta.local_concrete_fields if values.is_written(f)}
        tried = {
            name: [self.usual(fields[name]), *values.to_try(fields[name], literals)]
            for name, literals in named.items()
            if name in fields and not fields[name].is_relation
        }
        for chosen in product(*tried.values()):
            yield dict(zip(tried, chosen, strict=True))
        touched = next((each for each in self.code.touched if each.model is model), None)
        for name in sorted(touched.fields if touched else ()):
            if name in fields and not fields[name].is_relation:
                for value in values.to_try(fields[name], named.get(name, ())):
                    yield {name: value}


@contextmanager
def rolled_back(connection: BaseDatabaseWrapper) -> Iterator[None]:
    """What is written in the block is gone afterwards."""
    with transaction.atomic(using=connection.alias):
        yield
        transaction.set_rollback(True, using=connection.alias)


def made_of(model: type[Model], chosen: Mapping[str, Any]) -> Model:
    """An instance with these values by field. Rows that it refers to are given by their keys: no
    router of the project is asked whether they may be related."""
    fields: dict[str, Any] = {field.name: field for field in model._meta.concrete_fields}
    rows = {name: row for name, row in chosen.items() if isinstance(row, models.Model)}
    found = {name: value for name, value in chosen.items() if name not in rows}
    for name, row in rows.items():
        found[fields[name].attname] = getattr(row, fields[name].target_field.attname)
    made = model(**found)
    for name, row in rows.items():
        fields[name].set_cached_value(made, row)
    return made


def referred_to(made: Model) -> Iterator[Model]:
    """The rows to which a row refers, as far as they were given to it."""
    relations: Iterable[Any] = (f for f in made._meta.concrete_fields if f.is_relation)
    for field in relations:
        if field.is_cached(made) and (parent := field.get_cached_value(made)):
            yield parent


def _is_in_a_key(field: Any) -> bool:
    """Would two rows that refer to the same one be refused?"""
    options = field.model._meta
    together = [*options.unique_together, *(c.fields for c in options.total_unique_constraints)]
    return bool(field.unique) or any(field.name in names for names in together)


def label_of(model: type[Model]) -> str:
    return str(model._meta.label)


def key_of(model: type[Model]) -> str:
    return str(model._meta.label_lower)
