"""A column is dropped that every INSERT must name."""

from __future__ import annotations

from collections.abc import Iterator

from nestflux.reviewing.column_kinds import dropped_columns, is_required
from nestflux.reviewing.findings import Finding, Severity
from nestflux.reviewing.reviewed import ReviewedFile
from nestflux.reviewing.rule import rule
from nestflux.reviewing.schema_rule import Group, SchemaRule

RULE = SchemaRule(
    "drop-required-column",
    Severity.ERROR,
    "no order of the deploy works: before the file runs new code's INSERT does not name it and "
    "fails with error 1364, after it old code asks for it and fails with error 1054",
    group=Group.RUNNING_CODE,
    summary="A column is dropped that every INSERT must name.",
    source="MySQL Manual 13.6, Data Type Default Values",
    bad="""\
class Post(models.Model):
    ...  # subtitle = models.CharField(max_length=40) was here yesterday
""",
    good="""\
# 1. Let the database do without it, while the code still has it:
subtitle = models.CharField(max_length=40, null=True)
# 2. Release code without it; it stays in the database:
migrations.SeparateDatabaseAndState(state_operations=[
    migrations.RemoveField("post", "subtitle"),
])
# 3. In the next release, with a backup, drop it:
migrations.RunSQL("ALTER TABLE blog_post DROP COLUMN subtitle", migrations.RunSQL.noop)
""",
)


@rule(ReviewedFile)
def dropped_required_columns(file: ReviewedFile) -> Iterator[Finding]:
    for column in dropped_columns(file.changes):
        if not column.has_successor and is_required(column.parts):
            yield RULE.speaks(
                f"The column {column.name} of {column.table} is dropped with its values, and it "
                "is NOT NULL without a default.",
                about=column.about,
                fix="make it null=True, or give it a db_default, in one release; release code "
                "without it; then drop it, after a backup",
            )
