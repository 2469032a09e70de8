"""A column is added that every INSERT must name."""

from __future__ import annotations

from collections.abc import Iterator

from nestflux.reviewing.column_kinds import is_required
from nestflux.reviewing.findings import Finding, Severity
from nestflux.reviewing.reviewed import ReviewedFile
from nestflux.reviewing.rule import rule
from nestflux.reviewing.schema_rule import Group, SchemaRule

RULE = SchemaRule(
    "required-column-without-default",
    Severity.ERROR,
    "code that is still running does not know it, and its INSERT fails with error 1364: Django "
    "drops a Python default from the column again once the rows have it",
    group=Group.RUNNING_CODE,
    summary="A column is added that every INSERT must name.",
    source="Django ticket 470; MySQL Manual 13.6, Data Type Default Values",
    bad="""\
views = models.IntegerField(default=0)
""",
    good="""\
views = models.IntegerField(default=0, db_default=0)  # the database keeps this one
""",
)


@rule(ReviewedFile)
def required_columns(file: ReviewedFile) -> Iterator[Finding]:
    for table in file.changes.tables:
        for name, column in table.added.items():
            if is_required(column):
                yield RULE.speaks(
                    f"The new column {name} of {table.name} is NOT NULL and has no default in the "
                    "database.",
                    about=f"{table.name}.{name}",
                    fix=f"give the field {_db_default(file, table.after.name, name)}, which can go "
                    "in the next release; or add it with null=True, fill it, and make it required "
                    "in the next release",
                )


def _db_default(file: ReviewedFile, table: str, column: str) -> str:
    """``db_default=0`` of a field with default=0."""
    field = file.field_of(f"{table}.{column}")
    default = field.after.default if field else None
    is_plain = type(default) in (bool, int, float, str)
    return f"db_default={default!r}" if is_plain else "a db_default"
