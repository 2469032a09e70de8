"""A column's values become values of another kind."""

from __future__ import annotations

from collections.abc import Iterator

from django.db.models import UUIDField

from nestflux.reviewing.column_kinds import changes_kind, kind_of_values
from nestflux.reviewing.findings import Finding, Severity
from nestflux.reviewing.reviewed import ReviewedFile
from nestflux.reviewing.rule import rule
from nestflux.reviewing.schema_rule import Group, SchemaRule
from nestflux.reviewing.table_changes import KeptColumn
from nestflux.sql.column_types import column_type

RULE = SchemaRule(
    "type-changed",
    Severity.ERROR,
    "neither the code that is still running nor the new one can use what the other expects: some "
    "queries fail, and others give values of the wrong type without an error",
    group=Group.RUNNING_CODE,
    summary="A column's values become values of another kind.",
    source="MySQL Manual 14.3, Type Conversion in Expression Evaluation",
    bad="""\
number = models.CharField(max_length=20)  # it was an IntegerField
""",
    good="""\
# 1. Add a second column, and write both:
number = models.IntegerField()
number_text = models.CharField(max_length=20, null=True)
# 2. Fill it for the rows that are there, and let the code read it.
# 3. Drop the first one in a later release.
""",
)


@rule(ReviewedFile)
def changed_types(file: ReviewedFile) -> Iterator[Finding]:
    for table in file.changes.tables:
        for column in table.kept:
            old, new = kind_of_values(column.before), kind_of_values(column.after)
            if changes_kind(column) and (old, new) != ("text", "json"):
                yield _speak(table.name, column, f"from {old} to {new}")
            elif _becomes_uuid(column, file):
                yield _speak(table.name, column, f"from {old} to uuid")


def _becomes_uuid(column: KeptColumn, file: ReviewedFile) -> bool:
    """MySQL has no type for it: Django's UUIDField is a char(32) without hyphens."""
    if column.after.type != "char(32)" or column.before.type == "char(32)":
        return False
    field = file.field_of(column.about)
    return field is not None and isinstance(field.after, UUIDField)


def _speak(table: str, column: KeptColumn, how: str) -> Finding:
    before, after = (column_type(text) for text in column.definitions)
    return RULE.speaks(
        f"The column {column.name} of {table} changes {how}: {before} becomes {after}.",
        about=column.about,
        fix="add a second column of the new type, write both, fill it, and drop the first one in "
        "a later release",
    )
