"""A column is dropped and one just like it is added, as if it were renamed."""

from __future__ import annotations

from collections.abc import Iterator

from nestflux.reviewing.column_kinds import dropped_columns
from nestflux.reviewing.findings import Finding, Severity
from nestflux.reviewing.reviewed import ReviewedFile
from nestflux.reviewing.rule import rule
from nestflux.reviewing.schema_rule import Group, SchemaRule

RULE = SchemaRule(
    "removed-and-added",
    Severity.WARNING,
    "if it was to be renamed, all its values are lost: Django cannot tell unless somebody "
    "answers its question",
    group=Group.DATA_LOSS,
    summary="A column is dropped and one just like it is added, as if it were renamed.",
    source="Django documentation, Migration Operations, RenameField",
    bad="""\
migrations.RemoveField("post", "summary"),
migrations.AddField("post", "excerpt", models.TextField(null=True)),
""",
    good="""\
class Post(models.Model):
    excerpt = models.TextField(null=True, db_column="summary")
""",
)


@rule(ReviewedFile)
def removed_and_added(file: ReviewedFile) -> Iterator[Finding]:
    for column in dropped_columns(file.changes):
        if column.replaced_by:
            yield RULE.speaks(
                f"The column {column.name} of {column.table} is dropped with its values, and "
                f"{column.replaced_by} is added with the same definition.",
                about=column.about,
                fix=f'if it is the same field, keep the column: db_column="{column.name}"; if it '
                "is another one, add it in one release and drop the old one in the next",
            )
