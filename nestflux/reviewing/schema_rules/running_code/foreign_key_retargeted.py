"""A foreign key refers to another table than before."""

from __future__ import annotations

from collections.abc import Iterator

from nestflux.reviewing.findings import Finding, Severity
from nestflux.reviewing.reviewed import ReviewedFile
from nestflux.reviewing.rule import rule
from nestflux.reviewing.schema_rule import Group, SchemaRule
from nestflux.schema.transform.tables import TableSchema

RULE = SchemaRule(
    "foreign-key-retargeted",
    Severity.ERROR,
    "the values mean rows of the other table: running code writes keys that are refused with "
    "error 1452 or that belong to another row, and follows the old ones to a wrong row",
    group=Group.RUNNING_CODE,
    summary="A foreign key refers to another table than before.",
    source="MySQL Manual 15.1.20.5, FOREIGN KEY Constraints",
    bad="""\
author = models.ForeignKey("blog.Author", models.PROTECT)  # it was auth.User
""",
    good="""\
# 1. Add a second field, and write both:
author = models.ForeignKey("auth.User", models.PROTECT)
writer = models.ForeignKey("blog.Author", models.PROTECT, null=True)
# 2. Fill it for the rows that are there, let the code read it, and drop the first one later.
""",
)


@rule(ReviewedFile)
def retargeted_keys(file: ReviewedFile) -> Iterator[Finding]:
    for table in file.changes.tables:
        parents = _parents(table.before_renamed)
        for columns, parent in _parents(table.after).items():
            old = parents.get(columns, parent)
            if file.changes.name_now(old) != parent:
                column = table.origins[columns[0]]
                yield RULE.speaks(
                    f"The foreign key {column} of {table.name} refers to {parent} and no longer "
                    f"to {old}.",
                    about=f"{table.name}.{column}",
                    fix="add a second column for the new table, write both, fill it, and drop the "
                    "first one in a later release",
                )


def _parents(table: TableSchema) -> dict[tuple[str, ...], str]:
    return {key.columns: key.parent for key in table.foreign_keys.values()}
