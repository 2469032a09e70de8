"""A column is renamed."""

from __future__ import annotations

from collections.abc import Iterator

from nestflux.reviewing.findings import Finding, Severity
from nestflux.reviewing.reviewed import ReviewedFile
from nestflux.reviewing.rule import rule
from nestflux.reviewing.schema_rule import Group, SchemaRule

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


@rule(ReviewedFile)
def renamed_columns(file: ReviewedFile) -> Iterator[Finding]:
    for table in file.changes.tables:
        for new, old in table.origins.items():
            if old.lower() != new.lower():
                yield RULE.speaks(
                    f"The column {old} of {table.name} is renamed to {new}.",
                    about=f"{table.name}.{old}",
                    fix=f'keep the column: give the field db_column="{old}"; or add a second '
                    "column, write both, copy, and drop the first in a later release",
                )
