"""System checks of declared partitions: what a server would refuse, said before it is asked.

=============  ==================================================================================
nestflux.E020  partitions are declared with a value that makes no sense
nestflux.E021  a column by which a table cannot be partitioned in this way
nestflux.E022  a unique key, or the primary key, lacks a column of the partitions
nestflux.E023  a foreign key on a partitioned table, or to one
nestflux.E024  two declarations on one model
=============  ==================================================================================
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from typing import Any

from django.core.checks import CheckMessage, Error
from django.core.exceptions import FieldDoesNotExist
from django.db import models
from django.db.models import F, Model, UniqueConstraint

from nestflux.orm.partitioning.constraints import (
    HashPartitions,
    KeyPartitions,
    ListPartitions,
    Partitions,
    RangePartitions,
)
from nestflux.orm.partitioning.intervals import UNITS

# MySQL Manual 26.6, "Restrictions and Limitations on Partitioning": partitions of a table.
LIMIT = 8192
_MOST_AHEAD = 1000  # so that a table of any past has room for them
_LONG = (models.TextField, models.BinaryField, models.JSONField)

DECLARATION, COLUMN, UNIQUE_KEY, FOREIGN_KEY, SEVERAL = (
    f"nestflux.E{number:03}" for number in range(20, 25)
)


def declared(model: type[Model]) -> list[Partitions]:
    """What a model declares: one at the most, where the checks pass."""
    return [each for each in model._meta.constraints if isinstance(each, Partitions)]


def check_partitions(every: Iterable[type[Model]]) -> list[CheckMessage]:
    """The messages of all models; of relations too that lead to a partitioned one."""
    known = list(every)
    partitioned = {model: declared(model) for model in known if _has_table(model)}
    partitioned = {model: found for model, found in partitioned.items() if found}
    messages = [
        message for model, found in partitioned.items() for message in _of_model(model, found)
    ]
    return [*messages, *_foreign_keys(known, set(partitioned))]


def _has_table(model: type[Model]) -> bool:
    meta = model._meta
    return meta.managed and not meta.proxy and not meta.abstract and not meta.swapped


def _of_model(model: type[Model], found: list[Partitions]) -> Iterator[CheckMessage]:
    first, *others = found
    if others:
        names = ", ".join(repr(each.name) for each in found)
        yield Error(
            f"{model._meta.label} declares partitions twice: {names}.",
            hint="A table is partitioned in one way. Keep one of them.",
            obj=model,
            id=SEVERAL,
        )
    if wrong := list(_problems(first)):
        yield from (
            Error(f"The partitions {first.name!r}: {text}.", hint=hint, obj=model, id=DECLARATION)
            for text, hint in wrong
        )
        return
    columns = list(_columns(model, first))
    yield from columns
    if not columns:
        yield from _unique_keys(model, first)


# ---- the declaration itself ----------------------------------------------------------------


def _problems(of: Partitions) -> Iterator[tuple[str, str]]:
    """What is declared wrongly, whatever the model; and what to write."""
    if not of.fields or not all(isinstance(name, str) and name for name in of.fields):
        yield "no field is named", "Name a field of the model."
    match of:
        case RangePartitions():
            yield from _problems_of_range(of)
        case ListPartitions():
            yield from _problems_of_list(of)
        case HashPartitions() | KeyPartitions():
            if not _is_number(of.count, least=1, most=LIMIT):
                yield f"count is {of.count!r}", f"Give a whole number from 1 to {LIMIT}."


def _problems_of_range(of: RangePartitions) -> Iterator[tuple[str, str]]:
    by_time = of.every in UNITS
    if not by_time and not _is_number(of.every, least=1):
        units = ", ".join(repr(unit) for unit in UNITS)
        yield f"every is {of.every!r}", f"Give one of {units}, or a number of ids."
    elif by_time and not isinstance(of.start, date):
        yield (
            f"start is {of.start!r}, and every is a {of.every}",
            "Give a date, such as date(2026, 1, 1).",
        )
    elif not by_time and not _is_number(of.start, least=0):
        yield f"start is {of.start!r}, and every is a number", "Give a number, such as 0."
    if not _is_number(of.ahead, least=1, most=_MOST_AHEAD):
        yield f"ahead is {of.ahead!r}", f"Give a whole number from 1 to {_MOST_AHEAD}."
    if of.keep is not None and not _is_number(of.keep, least=1):
        yield f"keep is {of.keep!r}", "Give how many intervals stay, or None: all."
    for name in ("archive", "catch_all"):
        if not isinstance(getattr(of, name), bool):
            yield f"{name} is {getattr(of, name)!r}", "Give True or False."


def _problems_of_list(of: ListPartitions) -> Iterator[tuple[str, str]]:
    if not isinstance(of.partitions, Mapping) or not of.partitions:
        yield "it lists no partitions", 'Write partitions={"name": ("value", …), …}.'
        return
    seen: dict[Any, str] = {}
    for name, values in of.partitions.items():
        if isinstance(values, str) or not list(values):
            yield f"{name!r} has the values {values!r}", "Give a list of values."
            continue
        for value in values:
            if value in seen:
                other = seen[value]
                yield f"{value!r} is in {other!r} and in {name!r}", "A value has one partition."
            seen[value] = name


def _is_number(value: object, *, least: int, most: int | None = None) -> bool:
    if not isinstance(value, int) or isinstance(value, bool) or value < least:
        return False
    return most is None or value <= most


# ---- columns ---------------------------------------------------------------------------------


def _columns(model: type[Model], of: Partitions) -> Iterator[CheckMessage]:
    for name in of.fields:
        if why := _why_unfit(model, of, name):
            yield Error(
                f"{model._meta.label} cannot have the partitions {of.name!r}: {why}.",
                hint=_FITTING[type(of)],
                obj=model,
                id=COLUMN,
            )


_FITTING: dict[type[Partitions], str] = {
    RangePartitions: "Ranges are of a DateTimeField or DateField where every is a unit of time, "
    "and of an integer where it is a number.",
    ListPartitions: "Lists are of an integer, a CharField, a DateField or a DateTimeField.",
    HashPartitions: "Hashes are of an integer.",
    KeyPartitions: "Keys are of any field but text, binary and JSON.",
}


def _why_unfit(model: type[Model], of: Partitions, name: str) -> str:
    try:
        field: Any = model._meta.get_field(name)
    except FieldDoesNotExist:
        return f"it has no field {name!r}"
    if not getattr(field, "concrete", False) or field.column is None:
        return f"{name!r} has no column"
    if field not in model._meta.local_fields:
        return f"{name!r} is a column of another table"
    if field.null:
        return f"{name!r} may be NULL, and the primary key is to hold it"
    kind = field
    while kind.remote_field is not None:
        kind = kind.target_field
    if not _fits(of, kind):
        return f"{name!r} is a {type(field).__name__}"
    return ""


def _fits(of: Partitions, field: Any) -> bool:
    is_integer = isinstance(field, models.IntegerField | models.BooleanField)
    match of:
        case RangePartitions(every=str()):
            return isinstance(field, models.DateField)  # a DateTimeField is one
        case RangePartitions():
            return isinstance(field, models.IntegerField)
        case ListPartitions():
            return is_integer or isinstance(field, models.CharField | models.DateField)
        case HashPartitions():
            return is_integer
        case _:
            return not isinstance(field, _LONG)


# ---- keys --------------------------------------------------------------------------------------


def _unique_keys(model: type[Model], of: Partitions) -> Iterator[CheckMessage]:
    """MySQL Manual 26.6.1: every unique key holds every column of the partitions."""
    needed = set(of.columns(model))
    key = of.key_columns(model)
    if missing := needed - set(key):
        names = ", ".join(f'"{name}"' for name in [*_names(key, model), *_names(missing, model)])
        yield Error(
            f"The primary key of {model._meta.label} does not hold {_listed(missing)}, by which "
            f"{of.name!r} partitions its table.",
            hint="Add widen_primary_key=True: Django's key stays, and the table's holds the column "
            f"too. Or let the model say pk = models.CompositePrimaryKey({names}).",
            obj=model,
            id=UNIQUE_KEY,
        )
    for what, columns in _declared_keys(model):
        if missing := needed - columns:
            yield Error(
                f"{what} does not hold {_listed(missing)}, by which {of.name!r} partitions the "
                f"table of {model._meta.label}: a server keeps a key unique within a partition "
                "only.",
                hint="Add the column to the key, or give the key up: nothing else keeps values of "
                "a partitioned table unique.",
                obj=model,
                id=UNIQUE_KEY,
            )


def _declared_keys(model: type[Model]) -> Iterator[tuple[str, set[str]]]:
    """Every unique key but the primary one, in words, and its columns."""
    meta = model._meta
    for field in meta.local_concrete_fields:
        if field.unique and not field.primary_key:
            yield f"The unique field {field.name!r}", {str(field.column)}
    for names in meta.unique_together:
        yield f"unique_together of {', '.join(names)}", _columns_of(model, names)
    for each in meta.constraints:
        if isinstance(each, UniqueConstraint) and each.condition is None:  # one with is not made
            parts: list[Any] = [part for part in each.expressions if isinstance(part, F)]
            plain = [str(part.name) for part in parts]
            yield f"The constraint {each.name!r}", _columns_of(model, [*each.fields, *plain])


def _columns_of(model: type[Model], names: Iterable[str]) -> set[str]:
    fields: list[Any] = [model._meta.get_field(name) for name in names]
    return {str(field.column) for field in fields}


def _names(columns: Iterable[str], model: type[Model]) -> list[str]:
    by_column = {field.column: field.name for field in model._meta.local_concrete_fields}
    return sorted((by_column[c] for c in columns), key=lambda name: list(by_column).index(name))


def _listed(columns: Iterable[str]) -> str:
    return ", ".join(sorted(columns))


def _foreign_keys(
    every: Iterable[type[Model]], partitioned: set[type[Model]]
) -> Iterator[CheckMessage]:
    """MySQL Manual 26.6: a partitioned InnoDB table has no foreign keys, and none leads to it."""
    for model in every:
        for field in model._meta.local_fields if _has_table(model) else ():
            relation: Any = field
            if relation.remote_field is None or not getattr(relation, "db_constraint", False):
                continue
            target = relation.remote_field.model
            if model not in partitioned and target not in partitioned:
                continue
            side, of = ("on", model) if model in partitioned else ("to", target)
            yield Error(
                f"{model._meta.label}.{field.name} is a foreign key {side} the table of "
                f"{of._meta.label}, which is partitioned: the server has none there.",
                hint="Write db_constraint=False. Django still deletes what refers to an object; "
                "that no row refers to one that is gone is then up to the code that writes it.",
                obj=field,
                id=FOREIGN_KEY,
            )
