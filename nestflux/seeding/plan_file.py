"""A plan file to begin with: every model of the project, what was asked for as it was asked for,
and the rest to be uncommented. ``request.read_file`` reads it."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from django.db.models import Field, ForeignKey, Model

from nestflux.exceptions import Refused
from nestflux.seeding.choosing import USUAL_ROWS, foreign_keys, tables, target_of
from nestflux.seeding.draws import GENERATOR
from nestflux.seeding.plan import Plan
from nestflux.seeding.request import Request


def write_plan(path: Path, request: Request, plan: Plan) -> None:
    """Write what makes the rows of a plan. Raises Refused where the file is there already, or
    cannot be written."""
    text = "\n".join(_lines(path, request, plan)) + "\n"
    try:
        with path.open("x", encoding="utf-8") as file:
            file.write(text)
    except FileExistsError:
        raise Refused(
            "There is a file of that name, and it stays as it is.",
            where=str(path),
            then="name another one, or delete it",
        ) from None
    except OSError as error:
        raise Refused(
            f"The plan cannot be written: {error.strerror or error}.",
            where=str(path),
            then="name a file in a folder that is there",
        ) from None


def _lines(path: Path, request: Request, plan: Plan) -> Iterator[str]:
    yield f"# python manage.py db_seed --plan {path}"
    yield f"seed = {plan.seed}"
    yield f"generator = {GENERATOR}"
    if request.locale:
        yield f"locale = {_text(request.locale)}"
    yield ""
    yield "[rows]"
    if not request.rows:
        yield "# As long as no line here is uncommented, each model gets its number."
    known = dict(sorted(tables(plan.alias).items()))
    asked = {label.lower(): str(amount) for label, amount in request.rows.items()}
    planned = dict(_planned(plan))
    for label in known:
        if label.lower() in asked:
            yield f"{_text(label)} = {_amount(asked[label.lower()])}"
        else:
            note = _note(label in planned, bool(request.rows))
            yield f"# {_text(label)} = {planned.get(label) or USUAL_ROWS}{note}"
    for label, model in known.items():
        if fields := dict(_fields(model)):
            yield ""
            yield f"# [fields.{_text(label)}]"
            yield from (f"# {name} = {said}" for name, said in fields.items())


def _planned(plan: Plan) -> Iterator[tuple[str, int]]:
    """Rows by model, without those that belong to rows of models that inherit from it."""
    totals = {table.label: len(table.rows) for table in plan.tables}
    for table in plan.tables:
        inherited = sum(
            len(child.rows)
            for child in plan.tables
            for key in foreign_keys(child.model)
            if key.remote_field.parent_link and target_of(key) is table.model
        )
        yield table.label, totals[table.label] - inherited


def _amount(given: str) -> str:
    return _text(given) if "/" in given else given.replace(",", "_")


def _note(is_planned: bool, some_are_asked: bool) -> str:
    if is_planned == some_are_asked:
        return "   # comes along" if is_planned else "   # only where it is named"
    return ""


def _fields(model: type[Model]) -> Iterator[tuple[str, str]]:
    """What is most often said of fields: how choices and parents are spread."""
    if model._meta.auto_created:
        return
    for field in model._meta.local_concrete_fields:
        if isinstance(field, ForeignKey):
            if not field.unique:
                yield field.name, "{ zipf = 1.0 }"
        elif weights := _weights(field):
            listed = ", ".join(f"{_text(value)} = {weight}" for value, weight in weights.items())
            yield field.name, f"{{ shares = {{ {listed} }} }}"


def _weights(field: Field[Any, Any]) -> Mapping[str, int]:
    values = [value for value, _ in field.flatchoices or () if value not in (None, "")]
    if field.unique or not all(isinstance(value, str) for value in values):
        return {}  # a key of TOML is a text
    return {str(value): 1 for value in values}


def _text(value: str) -> str:
    """A string of JSON is one of TOML."""
    return json.dumps(value, ensure_ascii=False)
