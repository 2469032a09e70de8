"""A live table gets another primary key."""

from __future__ import annotations

from collections.abc import Iterator

from nestflux.reviewing.findings import Finding, Severity
from nestflux.reviewing.reviewed import ReviewedStep
from nestflux.reviewing.rule import rule
from nestflux.reviewing.schema_rule import Group, SchemaRule
from nestflux.reviewing.schema_rules.live_tables.cost import (
    BY_COPYING_ELSEWHERE,
    changes,
    large_live_table,
)
from nestflux.schema.objects import PRIMARY_KEY
from nestflux.sql.definitions import key_parts

RULE = SchemaRule(
    "primary-key-redefined",
    Severity.WARNING,
    "rows are stored in the order of the primary key and every index holds its values, so the "
    "server writes the table and all its indexes anew",
    group=Group.LIVE_TABLES,
    summary="A live table gets another primary key.",
    source="MySQL Manual 17.12.1, Online DDL Operations: primary key operations",
    bad="""\
slug = models.SlugField(primary_key=True)  # the table had an id
""",
    good="""\
slug = models.SlugField(unique=True)  # and the id stays the primary key
""",
)


@rule(ReviewedStep)
def redefined_primary_keys(step: ReviewedStep) -> Iterator[Finding]:
    table = large_live_table(step)
    if table and primary_key_changed(step):
        before = step.before[table].primary
        was = f"({', '.join(key_parts(before).parts)})" if before else "none"
        yield RULE.speaks(
            f"The primary key of {table} is redefined (it was {was}), and the table is rebuilt.",
            about=table,
            fix=f"add a unique key beside the primary key, or {BY_COPYING_ELSEWHERE}",
        )


def primary_key_changed(step: ReviewedStep) -> bool:
    """Does a statement add a primary key to its table, drop it or make another of it?"""
    if not any(changes(step, PRIMARY_KEY)):
        return False
    before, after = (_columns(pair) for pair in next(_pairs(step)))
    return before != after


def _pairs(step: ReviewedStep) -> Iterator[tuple[str | None, str | None]]:
    return ((before, after) for _, before, after in changes(step, PRIMARY_KEY))


def _columns(text: str | None) -> tuple[str, ...]:
    return key_parts(text).parts if text else ()
