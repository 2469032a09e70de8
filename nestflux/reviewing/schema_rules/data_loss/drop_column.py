"""A column is dropped from a table that stays."""

from __future__ import annotations

from collections.abc import Iterator

from nestflux.reviewing.column_kinds import dropped_columns, is_required
from nestflux.reviewing.findings import Finding, Severity
from nestflux.reviewing.reviewed import ReviewedFile
from nestflux.reviewing.rule import rule
from nestflux.reviewing.schema_rule import Group, SchemaRule

RULE = SchemaRule(
    "drop-column",
    Severity.WARNING,
    "its values are gone for good, and code that is still running asks for it: error 1054",
    group=Group.DATA_LOSS,
    summary="A column is dropped from a table that stays.",
    source="MySQL Manual 15.1.9, ALTER TABLE Statement",
    bad="""\
class Post(models.Model):
    ...  # subtitle was here yesterday
""",
    good="""\
# 1. Release code that neither reads nor writes subtitle; it stays in the database:
migrations.SeparateDatabaseAndState(state_operations=[
    migrations.RemoveField("post", "subtitle"),
])
# 2. In the next release, with a backup, drop it:
migrations.RunSQL("ALTER TABLE blog_post DROP COLUMN subtitle", migrations.RunSQL.noop)
""",
)


@rule(ReviewedFile)
def dropped(file: ReviewedFile) -> Iterator[Finding]:
    for column in dropped_columns(file.changes):
        if not column.has_successor and not is_required(column.parts):
            yield RULE.speaks(
                f"The column {column.name} of {column.table} is dropped with its values.",
                about=column.about,
                fix="release code without it first, then drop it in a file of its own, after a "
                "backup",
            )
