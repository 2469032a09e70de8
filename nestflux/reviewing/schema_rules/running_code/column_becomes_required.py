"""A column that may be NULL becomes NOT NULL."""

from __future__ import annotations

from collections.abc import Iterator

from nestflux.reviewing.column_kinds import changes_kind
from nestflux.reviewing.findings import Finding, Severity
from nestflux.reviewing.reviewed import ReviewedFile
from nestflux.reviewing.rule import rule
from nestflux.reviewing.schema_rule import Group, SchemaRule
from nestflux.reviewing.table_changes import KeptColumn

RULE = SchemaRule(
    "column-becomes-required",
    Severity.WARNING,
    "code that is still running writes NULL and fails with error 1048, and a row that it writes "
    "while the file runs stops the file with error 1138 or 1265",
    group=Group.RUNNING_CODE,
    summary="A column that may be NULL becomes NOT NULL.",
    source="MySQL Manual 13.6, Data Type Default Values; django-migration-linter issue 158",
    bad="""\
author = models.ForeignKey(User, models.PROTECT)  # it had null=True
""",
    good="""\
# 1. Release code that always gives a value, with the column as it is.
# 2. Fill the rows that have none, and make the field required in the next release.
""",
)


@rule(ReviewedFile)
def columns_become_required(file: ReviewedFile) -> Iterator[Finding]:
    for table in file.changes.tables:
        for column in table.kept:
            if _becomes_required(column) and not changes_kind(column):
                yield RULE.speaks(
                    f"The column {column.name} of {table.name} becomes NOT NULL.",
                    about=column.about,
                    fix="release code that always gives a value first, fill the rows that have "
                    "none, and make the column required in a release after that",
                )


def _becomes_required(column: KeptColumn) -> bool:
    computed = column.before.generated or column.after.generated
    return column.before.nullable and column.after.not_null and not computed
