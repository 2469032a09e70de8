"""A column loses its default in the database."""

from __future__ import annotations

from collections.abc import Iterator

from django.db.models.fields import NOT_PROVIDED

from nestflux.reviewing.column_kinds import changes_kind
from nestflux.reviewing.findings import Finding, Severity
from nestflux.reviewing.reviewed import ReviewedFile
from nestflux.reviewing.rule import rule
from nestflux.reviewing.schema_rule import Group, SchemaRule
from nestflux.reviewing.table_changes import KeptColumn
from nestflux.sql.definitions import ColumnParts

RULE = SchemaRule(
    "default-removed",
    Severity.WARNING,
    "code that is still running leaves the value to the database: its INSERT fails with error "
    "1364, or, where the column may be NULL, writes NULL",
    group=Group.RUNNING_CODE,
    summary="A column loses its default in the database.",
    source="MySQL Manual 13.6, Data Type Default Values",
    bad="""\
views = models.IntegerField(default=0)  # it had db_default=0
""",
    good="""\
# 1. Release code that gives the value itself, while the database still has a default:
views = models.IntegerField(default=0, db_default=0)
# 2. Remove db_default in the next release.
""",
)


@rule(ReviewedFile)
def removed_defaults(file: ReviewedFile) -> Iterator[Finding]:
    for table in file.changes.tables:
        for column in table.kept:
            lost = _has_default(column.before) and not _has_default(column.after)
            if lost and not changes_kind(column) and not _django_left_it(column, file):
                yield RULE.speaks(
                    f"The column {column.name} of {table.name} loses its default in the database.",
                    about=column.about,
                    fix="release code that always gives a value first, and remove the default in "
                    "the next release",
                )


def _has_default(column: ColumnParts) -> bool:
    return column.default.upper() not in ("", "NULL") or bool(column.generated)


def _django_left_it(column: KeptColumn, file: ReviewedFile) -> bool:
    """Is it a default that Django left in the database (MySQL, of a TEXT or JSON) and that no code
    relies on, because the field has no db_default?"""
    field = file.field_of(column.about)
    return bool(field and field.before and field.before.db_default is NOT_PROVIDED)
