"""Rows of one code, read, saved and deleted by the other: during a deploy both are at work."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import partial
from typing import TYPE_CHECKING, Any

from nestflux.recording.deploy_order.code import Models
from nestflux.recording.deploy_order.outcomes import Action, Probe, Run
from nestflux.recording.deploy_order.probing import Probing, linking_fields, shown
from nestflux.recording.deploy_order.rows import referred_to, rolled_back
from nestflux.recording.deploy_order.values import is_required_by_the_server

if TYPE_CHECKING:
    from django.db.backends.base.base import BaseDatabaseWrapper
    from django.db.models import Model, QuerySet


def run_mixed(
    connection: BaseDatabaseWrapper,
    writer: Models,
    reader: Models,
    rows: Mapping[str, Mapping[str, Any]],
    *,
    fills: bool = False,
) -> Run:
    """What ``reader`` can do with the rows of ``writer`` on the schema of the connection.

    Args:
        rows: what the writer's rows need there.
        fills: does the server fill columns that are not given, as one that is not strict does?
    """
    writing = Probing(connection, writer, rows)
    reading = Probing(connection, reader)
    by_table = {model._meta.db_table: model for model in reader.all}
    with writing.started():
        for touched in writer.touched:
            for kind in ("least", "full"):
                with rolled_back(connection):
                    for made in _written(writing, touched.model, full=kind == "full"):
                        if found := by_table.get(made._meta.db_table):
                            if fills and type(made) is touched.model:
                                _filled(reading, found, made)
                            _read(reading, found, made, f"{kind} row of {writer.code} code")
    return Run(reading.outcomes, {}, writing.queries)


def _written(writing: Probing, model: type[Model], *, full: bool) -> Iterator[Model]:
    """A row, what it refers to, and what is linked to it; nothing where none goes in."""
    made: list[Model] = []

    def write() -> None:
        made.append(writing.rows.insert(model, {}, full=full))
        for field in linking_fields(model) if full else ():
            made.append(writing.linked(made[0], field))

    if not writing.tried(write):
        return
    for one in made:
        yield one
        yield from referred_to(one)


def _filled(reading: Probing, model: type[Model], made: Model) -> None:
    """What the server put into columns that only the reader knows, and that a row must have."""
    given = {field.column for field in made._meta.local_concrete_fields}
    for field in model._meta.local_concrete_fields:
        if field.column not in given and is_required_by_the_server(field):
            probe = Probe(str(model._meta.label), Action.READ_BACK, field.name)
            reading.attempt(probe, partial(_put_in, reading.rows_of(model), made.pk, field))


def _put_in(rows: QuerySet[Any], key: Any, field: Any) -> str:
    """Empty where it is what the reader's own code puts in that gives nothing."""
    value = rows.values_list(field.attname, flat=True).get(pk=key)
    if value is not None and value == field.get_default():
        return ""
    return f"its rows get {field.column} = {shown(value)}, which it does not give"


def _read(reading: Probing, model: type[Model], made: Model, row: str) -> None:
    label = str(model._meta.label)
    found = reading.rows_of(model)

    def select() -> None:
        found.get(pk=made.pk)

    def save() -> None:
        reading.rows.save(found.get(pk=made.pk), anew=False)

    def delete() -> None:
        reading.rows.delete(found.get(pk=made.pk))

    if not reading.attempt(Probe(label, Action.SELECT, row), select).failed:
        reading.attempt(Probe(label, Action.UPDATE, row), save)
        reading.attempt(Probe(label, Action.DELETE, row), delete)
