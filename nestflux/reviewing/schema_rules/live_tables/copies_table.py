"""A statement copies a live table."""

from __future__ import annotations

from collections.abc import Iterator

from nestflux.database.verdicts import copies_table
from nestflux.reviewing.findings import Finding, Severity
from nestflux.reviewing.reviewed import ReviewedStep
from nestflux.reviewing.rule import rule
from nestflux.reviewing.schema_rule import Group, SchemaRule
from nestflux.reviewing.schema_rules.live_tables.causes import is_explained
from nestflux.reviewing.schema_rules.live_tables.cost import (
    BY_COPYING_ELSEWHERE,
    changes,
    large_live_table,
)
from nestflux.schema.objects import COLUMN
from nestflux.sql.column_types import column_type

RULE = SchemaRule(
    "copies-table",
    Severity.WARNING,
    "the server writes all rows into a second table, which needs the same room on the disk, and "
    "writes wait until it is done",
    group=Group.LIVE_TABLES,
    summary="A statement copies a live table.",
    source="MySQL Manual 17.12.1, Online DDL Operations: changing the column data type",
    bad="""\
views = models.BigIntegerField()  # it was an IntegerField: every row is copied
""",
    good="""\
# 1. A second column, which is added at once; the code writes both:
views_big = models.BigIntegerField(null=True)
# 2. Fill it in batches, let the code read it, and drop the first in a later release.
""",
)


@rule(ReviewedStep)
def copied_tables(step: ReviewedStep) -> Iterator[Finding]:
    table = large_live_table(step)
    if not table or not copies_table(step.record.verdict) or is_explained(step):
        return
    retyped = _retyped(step)
    for column, why in retyped.items():
        yield RULE.speaks(
            f"The table {table} is copied, because its column {column} changes {why}.",
            about=f"{table}.{column}",
            fix="add a second column, write both, fill it in batches and drop the first later; or "
            f"{BY_COPYING_ELSEWHERE}",
        )
    if not retyped:
        yield RULE.speaks(
            f"The table {table} is copied by a statement.",
            about=table,
            fix=BY_COPYING_ELSEWHERE,
            details=(step.sql,),
        )


def _retyped(step: ReviewedStep) -> dict[str, str]:
    """The columns of a statement's table that have another type."""
    found = {}
    for name, before, after in changes(step, COLUMN):
        if before and after and (old := column_type(before)) != (new := column_type(after)):
            found[name] = f"from {old} to {new}"
    return found
