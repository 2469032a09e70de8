"""A default that differs each time gives all existing rows one value."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.db.migrations import AddField

from nestflux.recording.notes import volatile_field
from nestflux.reviewing.findings import Finding, Severity
from nestflux.reviewing.reviewed import OperationPlace, ReviewedFile
from nestflux.reviewing.rule import rule
from nestflux.reviewing.schema_rule import Group, SchemaRule
from nestflux.sql.statement_parts import table_of

RULE = SchemaRule(
    "frozen-default",
    Severity.WARNING,
    "Django calls the default once, when the file is recorded, and not for each row",
    group=Group.DATA_LOSS,
    summary="A default that differs each time gives all existing rows one value.",
    source="Django documentation, How to create database migrations: migrations that add unique "
    "fields",
    bad="""\
token = models.UUIDField(default=uuid.uuid4)  # a new field of a table with rows
""",
    good="""\
# 1. Add the field without a value for existing rows:
token = models.UUIDField(null=True, default=None)
# 2. Give each row its own in a Python step, then let the field be required:
token = models.UUIDField(default=uuid.uuid4)
""",
)


@rule(ReviewedFile)
def frozen_defaults(file: ReviewedFile) -> Iterator[Finding]:
    noted = {found for note in file.notes if (found := volatile_field(note))}
    for step in file.steps:
        place = step.source and _field_of(step.source)
        if step.source is None or place not in noted:
            continue
        noted.discard(place)
        table = table_of(step.sql)
        if step.is_live(table):
            column = _column(step.source)
            yield RULE.speaks(
                f"Every row of {table} gets one and the same {column}, computed when the file was "
                "recorded.",
                about=f"{table}.{column}",
                fix="add the field with null=True and no default, give each row a value of its "
                "own in a Python step, and make it required after that",
            )


def _field_of(source: OperationPlace) -> tuple[str, str, str] | None:
    """Migration, model and field of an AddField. An AlterField fills NULLs alone, of which
    column-becomes-required speaks."""
    if not isinstance(source.operation, AddField):
        return None
    return source.name, source.operation.model_name, source.operation.name


def _column(source: OperationPlace) -> str:
    operation: Any = source.operation
    return str(operation.field.db_column or operation.name)
