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
from nestflux.sql.definitions import column_parts

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
    reasons = [*_retyped(step), *_computed_defaults(step)]
    for column, why, instead in reasons:
        yield RULE.speaks(
            f"The table {table} is copied, because {why}.",
            about=f"{table}.{column}",
            fix=f"{instead}; or {BY_COPYING_ELSEWHERE}",
        )
    if not reasons:
        yield RULE.speaks(
            f"The table {table} is copied by a statement.",
            about=table,
            fix=BY_COPYING_ELSEWHERE,
            details=(step.sql,),
        )


def _retyped(step: ReviewedStep) -> Iterator[tuple[str, str, str]]:
    """The columns of a statement's table that get another type: what they do, and what to do."""
    instead = "add a second column, write both, fill it in batches and drop the first later"
    for name, before, after in changes(step, COLUMN):
        if before and after and (old := column_type(before)) != (new := column_type(after)):
            yield name, f"its column {name} changes from {old} to {new}", instead


def _computed_defaults(step: ReviewedStep) -> Iterator[tuple[str, str, str]]:
    """The columns that a statement adds with an expression as their default. MySQL computes it for
    each row; Django writes every default of a TextField or JSONField so."""
    instead = "add it with null=True, fill it in batches, and make it required later"
    for name, before, after in changes(step, COLUMN):
        if before is None and column_parts(after or "").default.startswith("("):
            yield name, f"the default of its new column {name} is an expression", instead
