"""A table is renamed."""

from __future__ import annotations

from collections.abc import Iterator

from nestflux.reviewing.findings import Finding, Severity
from nestflux.reviewing.reviewed import ReviewedFile
from nestflux.reviewing.rule import rule
from nestflux.reviewing.schema_rule import Group, SchemaRule

RULE = SchemaRule(
    "rename-table",
    Severity.ERROR,
    "code that is still running asks for the old name and fails with error 1146, and new code "
    "fails until the file ran",
    group=Group.RUNNING_CODE,
    summary="A table is renamed.",
    source="MySQL Manual 15.1.36, RENAME TABLE Statement",
    bad="""\
migrations.RenameModel("Post", "Article")
""",
    good="""\
class Article(models.Model):  # the code's name changes, the table does not
    class Meta:
        db_table = "blog_post"
""",
)


@rule(ReviewedFile)
def renamed_tables(file: ReviewedFile) -> Iterator[Finding]:
    for old, new in file.changes.names.items():
        if old != new and old not in file.after:
            yield RULE.speaks(
                f"The table {old} is renamed to {new}.",
                about=old,
                fix=f'keep the table: give the model db_table = "{old}", or, for the table of a '
                f'ManyToManyField, the field db_table="{old}"',
            )
