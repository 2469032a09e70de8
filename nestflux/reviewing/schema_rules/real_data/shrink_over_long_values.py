"""A column with values becomes narrower."""

from __future__ import annotations

from collections.abc import Iterator

from nestflux.reviewing.findings import Finding, Severity
from nestflux.reviewing.reviewed import ReviewedFile
from nestflux.reviewing.rule import rule
from nestflux.reviewing.schema_rule import Group, SchemaRule
from nestflux.reviewing.schema_rules.real_data.rows_at_stake import (
    by_rows,
    has_values,
    parts_changed,
)
from nestflux.schema.objects import COLUMN
from nestflux.schema.transform.queries import not_fitting
from nestflux.sql.column_types import column_type, narrowed

RULE = SchemaRule(
    "shrink-over-long-values",
    Severity.ADVICE,
    "in strict mode a value that does not fit stops the deploy with error 1406, 1264 or 1265",
    group=Group.REAL_DATA,
    summary="A column with values becomes narrower.",
    source="MySQL Manual 7.1.11, Server SQL Modes: strict SQL mode",
    bad="""\
title = models.CharField(max_length=40)  # it was 80, and nobody looked how long titles are
""",
    good="""\
SELECT COUNT(*) FROM blog_post WHERE CHAR_LENGTH(title) > 40;
-- once it finds none on the real database, make the column narrower
""",
)


@rule(ReviewedFile)
def narrower_columns_over_rows(file: ReviewedFile) -> Iterator[Finding]:
    for step in file.steps:
        for table, column, before, after in parts_changed(step, COLUMN):
            if not before or not after or not has_values(file, table, (column,)):
                continue
            if how := narrowed(before, after):
                query = not_fitting(table, column, column_type(after))
                finding = RULE.speaks(
                    f"The column {column} of {table} becomes narrower ({how}) than its values may "
                    "be.",
                    about=f"{table}.{column}",
                    fix=f"look for such rows on the real database: {query}",
                )
                yield from by_rows(step, table, finding)
