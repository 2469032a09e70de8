"""A column is renamed."""

from __future__ import annotations

from collections.abc import Iterator

from nestflux.reviewing.findings import Finding, Severity
from nestflux.reviewing.reviewed import ReviewedStep
from nestflux.reviewing.rule import rule
from nestflux.reviewing.schema_rule import Group, SchemaRule
from nestflux.schema.diff import columns_renamed_by
from nestflux.sql.statement_parts import table_of

RULE = SchemaRule(
    "rename-column",
    Severity.ERROR,
    "code that is still running asks for the old name and fails with error 1054, and new code "
    "fails until the file ran",
    group=Group.RUNNING_CODE,
    summary="A column is renamed.",
    source="MySQL Manual 15.1.9.1, ALTER TABLE: renaming, redefining and reordering columns",
    bad="""\
migrations.RenameField("post", "summary", "excerpt")
""",
    good="""\
class Post(models.Model):
    excerpt = models.TextField(db_column="summary")  # the code's name changes, the table does not
""",
)


@rule(ReviewedStep)
def renamed_columns(step: ReviewedStep) -> Iterator[Finding]:
    table = table_of(step.sql)
    if not step.is_live(table):
        return
    there = {name.lower(): name for name in step.before[table].columns}
    for old, new in columns_renamed_by(step.sql).items():
        if old in there and old != new.lower():
            yield RULE.speaks(
                f"The column {there[old]} of {table} is renamed to {new}.",
                about=f"{table}.{there[old]}",
                fix=f'keep the column: give the field db_column="{there[old]}"; or add a second '
                "column, write both, copy, and drop the first in a later release",
            )
