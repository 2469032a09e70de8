"""A column is dropped from a table that stays."""

from __future__ import annotations

from collections.abc import Iterator

from nestflux.reviewing.findings import Finding, Severity
from nestflux.reviewing.reviewed import ReviewedStep
from nestflux.reviewing.rule import rule
from nestflux.reviewing.schema_rule import Group, SchemaRule

RULE = SchemaRule(
    "drop-column",
    Severity.WARNING,
    "its values are gone for good, and no way back brings them back",
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


@rule(ReviewedStep)
def dropped_columns(step: ReviewedStep) -> Iterator[Finding]:
    for table, column in step.delta.lost_columns(step.sql):
        if step.is_live(table):
            yield RULE.speaks(
                f"The column {column} of {table} is dropped with its values.",
                about=f"{table}.{column}",
                fix="release code without it first, then drop it in a file of its own, after a "
                "backup",
            )
