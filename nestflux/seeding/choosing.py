"""Which tables are filled, with how many rows: the models of a project against a request."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any

from django.apps import apps
from django.db import router
from django.db.models import ForeignKey, Model

from nestflux.exceptions import CannotSeed
from nestflux.seeding.request import Amount, Request

# What Django keeps for itself: filled only where it is named.
_DJANGOS_OWN = frozenset(
    {
        "admin.LogEntry",
        "auth.Permission",
        "contenttypes.ContentType",
        "redirects.Redirect",
        "sessions.Session",
        "sites.Site",
    }
)
# Of each model, where nothing is said.
USUAL_ROWS = 100
# Of a table between two models, for each row of the one that has the field.
USUAL_LINKS = 2


@dataclass(frozen=True)
class Wanted:
    """A table that is to be filled. ``asked``: a person said how many rows; otherwise there are as
    many as its unique keys allow."""

    model: type[Model]
    amount: Amount
    asked: bool

    @property
    def label(self) -> str:
        return self.model._meta.label


def tables(alias: str) -> dict[str, type[Model]]:
    """The models that have a table of their own in a database, by label; those between two models,
    which Django makes, too."""
    return {
        model._meta.label: model
        for model in apps.get_models(include_auto_created=True)
        if model._meta.managed
        and not model._meta.proxy
        and not model._meta.swapped
        and model._meta.app_label != "nestflux"
        and router.allow_migrate_model(alias, model)
    }


def wanted(
    request: Request, alias: str, has_rows: Callable[[type[Model]], bool]
) -> dict[str, Wanted]:
    """What is filled, by label: what was asked for, the tables that it requires and that have no
    rows, and the tables between two models that are filled both.

    Args:
        has_rows: has a model's table rows already?

    Raises CannotSeed for a model or field that there is not.
    """
    known = tables(alias)
    found = {}
    for given, amount in request.rows.items():
        model = _named(given, known, request)
        _check_parent(model, amount, request)
        if amount.count:
            found[model._meta.label] = Wanted(model, amount, asked=True)
    left_out = {
        _named(given, known, request) for given, one in request.rows.items() if not one.count
    }
    if not request.rows:
        found = {
            label: Wanted(model, Amount(USUAL_ROWS), asked=False)
            for label, model in known.items()
            if label not in _DJANGOS_OWN and not model._meta.auto_created
        }
    _add_required(found, known, has_rows, left_out)
    for label, model in known.items():
        if label not in found and model not in left_out and model._meta.auto_created:
            _add_links(found, model)
    return found


def _named(given: str, known: Mapping[str, type[Model]], request: Request) -> type[Model]:
    by_name = {label.lower(): model for label, model in known.items()}
    model = by_name.get(given.lower())
    if model is not None:
        return model
    near = get_close_matches(given.lower(), by_name, 1)
    other = _not_a_table(given)
    raise CannotSeed(
        other or f"There is no model {given} with a table in this database.",
        where=request.source or f"--rows {given}",
        then=f"did you mean {by_name[near[0]]._meta.label}?"
        if near and not other
        else "name a managed model of the project: app.Model",
    )


def _not_a_table(given: str) -> str:
    """Why a model that there is has no table to fill."""
    try:
        model = apps.get_model(given)
    except (LookupError, ValueError):
        return ""
    label = model._meta.label
    if model._meta.proxy:
        concrete = model._meta.concrete_model
        assert concrete is not None
        return f"{label} is a proxy: its rows are those of {concrete._meta.label}."
    if model._meta.swapped:
        return f"{label} is swapped for {model._meta.swapped}."
    if not model._meta.managed:
        return f"{label} is unmanaged: Django does not make its table, and db_seed fills none."
    return f"{label} has no table in this database: its router keeps it elsewhere."


def _check_parent(model: type[Model], amount: Amount, request: Request) -> None:
    if not amount.parent:
        return
    keys = {field.name for field in foreign_keys(model)}
    if amount.parent not in keys:
        raise CannotSeed(
            f"{model._meta.label} has no foreign key {amount.parent!r}.",
            where=request.source or f"--rows {model._meta.label}={amount}",
            then=f"name one of: {', '.join(sorted(keys)) or 'none: give a plain number'}",
        )


def foreign_keys(model: type[Model]) -> Iterator[ForeignKey[Any, Any]]:
    """The foreign keys of a model's own table; one-to-one fields and links to parents, too."""
    for field in model._meta.local_concrete_fields:
        if isinstance(field, ForeignKey):
            yield field


def target_of(field: ForeignKey[Any, Any]) -> type[Model]:
    """The model whose table a foreign key refers to."""
    related: type[Model] = field.remote_field.model
    concrete = related._meta.concrete_model
    assert concrete is not None
    return concrete


def _add_required(
    found: dict[str, Wanted],
    known: Mapping[str, type[Model]],
    has_rows: Callable[[type[Model]], bool],
    left_out: set[type[Model]],
) -> None:
    """Parents of what is filled, of those without rows: of inheritance always, since a row of the
    child has one there."""
    waiting = list(found.values())
    while waiting:
        child = waiting.pop()
        for field in foreign_keys(child.model):
            parent = target_of(field)
            label = parent._meta.label
            inherits = field.remote_field.parent_link
            if label in found or label not in known:
                continue
            if not inherits and (field.null or has_rows(parent) or parent in left_out):
                continue
            amount = Amount(0 if inherits else USUAL_ROWS)
            found[label] = Wanted(parent, amount, asked=False)
            waiting.append(found[label])


def _add_links(found: dict[str, Wanted], through: type[Model]) -> None:
    fields = list(foreign_keys(through))
    if not fields or not all(target_of(field)._meta.label in found for field in fields):
        return
    # A table to the model itself has two keys to it, ``from_…`` and ``to_…``: the first owns it.
    amount = Amount(USUAL_LINKS, fields[0].name)
    found[through._meta.label] = Wanted(through, amount, asked=False)
