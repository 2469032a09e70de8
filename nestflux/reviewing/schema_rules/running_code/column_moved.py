"""A column moves to another table."""

from __future__ import annotations

from collections.abc import Iterator

from nestflux.reviewing.column_kinds import dropped_columns
from nestflux.reviewing.findings import Finding, Severity
from nestflux.reviewing.reviewed import ReviewedFile
from nestflux.reviewing.rule import rule
from nestflux.reviewing.schema_rule import Group, SchemaRule

RULE = SchemaRule(
    "column-moved-to-another-table",
    Severity.ERROR,
    "running code asks for it where it was and fails with error 1054, new code asks for it where "
    "it is not yet, and nothing copies its values",
    group=Group.RUNNING_CODE,
    summary="A column moves to another table.",
    source="MySQL Manual 15.1.9, ALTER TABLE Statement",
    bad="""\
migrations.AddField("profile", "city", models.CharField(max_length=40, null=True)),
migrations.RemoveField("user", "city"),
""",
    good="""\
# 1. Add it to the other table, and write both.
# 2. Copy the values of the rows that are there, and let the code read the new one.
# 3. Drop the old one in a later release.
""",
)


@rule(ReviewedFile)
def moved_columns(file: ReviewedFile) -> Iterator[Finding]:
    for column in dropped_columns(file.changes):
        if column.moved_to:
            yield RULE.speaks(
                f"The column {column.name} of {column.table} is dropped, and {column.moved_to} "
                "gets one of the same name and type.",
                about=column.about,
                fix="add the new one in one release, write both and copy the values; drop the "
                "old one in the next",
            )
