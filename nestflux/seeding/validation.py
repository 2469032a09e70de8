"""What only Django's own validation tells of rows: ``clean()`` knows rules that no server holds and
that cannot be read. So the first rows of each model are shown to it, and what it says is passed on;
the rows stay."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.core.exceptions import NON_FIELD_ERRORS, ValidationError
from django.db.models import Model

from nestflux.seeding.plan import Plan, Table

# Rows of each model that are looked at.
SAMPLE = 10


@dataclass(frozen=True)
class Invalid:
    """What ``full_clean()`` says of rows that were made.

    Args:
        field: empty where it is said of the row as a whole.
        message: of the first of them.
        rows: how many of those looked at.
        of: how many were looked at.
    """

    model: str
    field: str
    message: str
    rows: int
    of: int

    def __str__(self) -> str:
        place = f"{self.model}.{self.field}" if self.field else self.model
        return f"{place}: {self.rows} of the first {self.of} rows do not pass full_clean(): " + (
            self.message
        )


def invalid(plan: Plan) -> list[Invalid]:
    """What a look at the first rows of each table finds, once they are written."""
    return [one for table in plan.tables for one in _of_table(table, plan.alias)]


def _of_table(table: Table, alias: str) -> Iterator[Invalid]:
    if table.model._meta.auto_created:  # between two models: nobody validates those
        return
    rows = list(_first_rows(table, alias))
    found: dict[str, list[str]] = {}
    for row in rows:
        for field, message in _messages(row).items():
            found.setdefault(field, []).append(message)
    for field, messages in found.items():
        yield Invalid(table.label, field, messages[0], len(messages), len(rows))


def _first_rows(table: Table, alias: str) -> Iterator[Model]:
    """Read as Django reads them: what a person would be shown in a form."""
    sample = table.rows[:SAMPLE]
    keys: list[Sequence[Any]] = [column.values(sample) for column in table.key_columns]
    names = [column.field.attname for column in table.key_columns]
    manager = table.model._base_manager.using(alias)
    for values in zip(*keys, strict=True):
        yield from manager.filter(**dict(zip(names, values, strict=True)))


def _messages(row: Model) -> Mapping[str, str]:
    """Field → what is said of it. Not of NULL where the column may be, whether or not a form may
    leave it out; nor of unique keys, which the server holds."""
    empty = [
        field.name
        for field in row._meta.concrete_fields
        if field.null and getattr(row, field.attname) is None
    ]
    try:
        row.full_clean(exclude=empty, validate_unique=False)
    except ValidationError as error:
        return {
            "" if field == NON_FIELD_ERRORS else field: " ".join(ValidationError(said).messages)
            for field, said in error.update_error_dict({}).items()
        }
    except Exception as error:  # whatever a project's clean() does
        return {"": f"{type(error).__name__}: {error}"}
    return {}
