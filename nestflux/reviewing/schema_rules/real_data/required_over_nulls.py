"""A column that may hold NULL becomes NOT NULL."""

from __future__ import annotations

from collections.abc import Iterator

from nestflux.reviewing.findings import Finding, Severity
from nestflux.reviewing.reviewed import ReviewedFile
from nestflux.reviewing.rule import rule
from nestflux.reviewing.schema_rule import Group, SchemaRule
from nestflux.reviewing.schema_rules.real_data.rows_at_stake import (
    by_rows,
    has_values,
    may_be_filled,
    parts_changed,
)
from nestflux.schema.objects import COLUMN
from nestflux.schema.transform.queries import nulls_of
from nestflux.sql.definitions import column_parts

RULE = SchemaRule(
    "required-over-nulls",
    Severity.ADVICE,
    "a row with NULL stops the deploy with error 1138 or 1265",
    group=Group.REAL_DATA,
    summary="A column that may hold NULL becomes NOT NULL, and nothing fills it first.",
    source="MySQL Manual 15.1.9.1, ALTER TABLE: redefining columns; 7.1.11, Server SQL Modes",
    bad="""\
migrations.AlterField("post", "editor", models.ForeignKey(User, models.PROTECT))
""",
    good="""\
migrations.RunSQL("UPDATE blog_post SET editor_id = author_id WHERE editor_id IS NULL"),
migrations.AlterField("post", "editor", models.ForeignKey(User, models.PROTECT)),
""",
)


@rule(ReviewedFile)
def required_columns_over_nulls(file: ReviewedFile) -> Iterator[Finding]:
    for step in file.steps:
        for table, column, before, after in parts_changed(step, COLUMN):
            if not before or not has_values(file, table, (column,)):
                continue
            old, new = column_parts(before), column_parts(after or "")
            if old.not_null or not new.not_null or new.generated:
                continue
            if not may_be_filled(file, step, table, column):
                finding = RULE.speaks(
                    f"The column {column} of {table} becomes NOT NULL, and nothing in the file "
                    "fills the rows in which it is NULL.",
                    about=f"{table}.{column}",
                    fix=f"look for such rows on the real database: {nulls_of(table, column)}",
                )
                yield from by_rows(step, table, finding)
