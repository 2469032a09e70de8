"""A live table's column becomes AUTO_INCREMENT."""

from __future__ import annotations

from collections.abc import Iterator

from nestflux.database.verdicts import blocks
from nestflux.reviewing.findings import Finding, Severity
from nestflux.reviewing.reviewed import ReviewedStep
from nestflux.reviewing.rule import rule
from nestflux.reviewing.schema_rule import Group, SchemaRule
from nestflux.reviewing.schema_rules.live_tables.cost import (
    BY_COPYING_ELSEWHERE,
    changes,
    large_live_table,
)
from nestflux.schema.objects import COLUMN
from nestflux.sql.definitions import column_parts

RULE = SchemaRule(
    "auto-increment-added",
    Severity.WARNING,
    "the server numbers all rows, in an order of its own that differs between a source and its "
    "replicas, and writes to the table wait that long",
    group=Group.LIVE_TABLES,
    summary="A live table's column becomes AUTO_INCREMENT.",
    source="MySQL Manual 17.12.1, Online DDL Operations: adding an auto-increment column; "
    "19.5.1.1, Replication and AUTO_INCREMENT",
    bad="""\
ALTER TABLE blog_view ADD COLUMN id bigint NOT NULL AUTO_INCREMENT PRIMARY KEY;
""",
    good="""\
CREATE TABLE blog_view_numbered (id bigint NOT NULL AUTO_INCREMENT PRIMARY KEY, post_id bigint);
-- copy the rows in an order that you choose, then RENAME TABLE
""",
)


@rule(ReviewedStep)
def counters_added(step: ReviewedStep) -> Iterator[Finding]:
    table = large_live_table(step)
    for column in columns_counted(step) if table and blocks(step.record.verdict) else ():
        yield RULE.speaks(
            f"The column {column} of {table} becomes AUTO_INCREMENT, and writes wait for it.",
            about=f"{table}.{column}",
            fix=BY_COPYING_ELSEWHERE,
        )


def columns_counted(step: ReviewedStep) -> list[str]:
    """The columns of a statement's table that have a counter and had none."""
    return [
        name
        for name, before, after in changes(step, COLUMN)
        if column_parts(after or "").auto_increment
        and not column_parts(before or "").auto_increment
    ]
