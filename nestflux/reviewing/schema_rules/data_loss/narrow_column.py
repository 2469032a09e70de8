"""A column's type holds less than before."""

from __future__ import annotations

from collections.abc import Iterator

from nestflux.reviewing.column_kinds import changes_kind, holds_less, removed_values
from nestflux.reviewing.findings import Finding, Severity
from nestflux.reviewing.reviewed import ReviewedFile
from nestflux.reviewing.rule import rule
from nestflux.reviewing.schema_rule import Group, SchemaRule
from nestflux.reviewing.table_changes import KeptColumn
from nestflux.sql.column_types import ColumnType, column_type, integer_range

RULE = SchemaRule(
    "narrow-column",
    Severity.WARNING,
    "a value that does not fit stops the file in strict mode (1264, 1265, 1406) and is cut "
    "without it, and code that is still running writes such values",
    group=Group.DATA_LOSS,
    summary="A column's type holds less than before.",
    source="MySQL Manual 7.1.11, Server SQL Modes: strict mode",
    bad="""\
title = models.CharField(max_length=40)  # it was 200
""",
    good="""\
# 1. Release code that accepts no longer value, with the column as it is:
title = models.CharField(max_length=200, validators=[MaxLengthValidator(40)])
# 2. Look for what does not fit, and shorten it: Post.objects.filter(title__length__gt=40)
# 3. Narrow the column in the next release.
""",
)


@rule(ReviewedFile)
def narrowed_columns(file: ReviewedFile) -> Iterator[Finding]:
    for table in file.changes.tables:
        for column in table.kept:
            if holds_less(column) and not changes_kind(column) and not removed_values(column):
                old, new = (column_type(text) for text in column.definitions)
                yield RULE.speaks(
                    f"The column {column.name} of {table.name} holds less: {old} becomes {new}.",
                    about=column.about,
                    fix="release code that writes no value that does not fit, correct the rows "
                    f"that have one{_query(column, new)}, and narrow the column in the release "
                    "after",
                )


def _query(column: KeptColumn, new: ColumnType) -> str:
    """What finds these rows, where that is one comparison."""
    if new.name in ("char", "varchar") and column.before.textual:
        which = f"CHAR_LENGTH({column.name}) > {new.length}"
    elif new.is_integer:
        lowest, highest = integer_range(new)
        which = f"{column.name} NOT BETWEEN {lowest} AND {highest}"
    else:
        return ""
    return f" (SELECT * FROM {column.table} WHERE {which})"
