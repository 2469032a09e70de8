"""The partitioning of a live table changes."""

from __future__ import annotations

from collections.abc import Iterator

from nestflux.reviewing.findings import Finding, Severity
from nestflux.reviewing.reviewed import ReviewedStep
from nestflux.reviewing.rule import rule
from nestflux.reviewing.schema_rule import Group, SchemaRule
from nestflux.reviewing.schema_rules.live_tables.cost import (
    BY_COPYING_ELSEWHERE,
    large_live_table,
)
from nestflux.reviewing.schema_rules.live_tables.engine_changed import table_changes
from nestflux.sql.brackets import apart
from nestflux.sql.lexer import text_of, tokens
from nestflux.sql.table_options import option_parts

RULE = SchemaRule(
    "partitioning-changed",
    Severity.WARNING,
    "the server copies every row into its new partition, and writes to the table wait that long",
    group=Group.LIVE_TABLES,
    summary="The partitioning of a live table changes.",
    source="MySQL Manual 17.12.1, Online DDL Operations: partitioning operations",
    bad="""\
ALTER TABLE blog_view PARTITION BY HASH (id) PARTITIONS 8;
""",
    good="""\
-- partition the table when it is made, or by pt-online-schema-change:
-- pt-online-schema-change --alter "PARTITION BY HASH (id) PARTITIONS 8" D=blog,t=blog_view
""",
)


@rule(ReviewedStep)
def changed_partitioning(step: ReviewedStep) -> Iterator[Finding]:
    table = large_live_table(step)
    if table and partitioning_changed(step):
        yield RULE.speaks(
            f"The partitioning of {table} changes, and all its rows are copied.",
            about=table,
            fix=BY_COPYING_ELSEWHERE,
        )


def partitioning_changed(step: ReviewedStep) -> bool:
    """Do rows go by another rule? Another partition at the end of a range is none."""
    return any(
        _rule_of(option_parts(before).partitioning) != _rule_of(option_parts(after).partitioning)
        for _, before, after in table_changes(step)
    )


def _rule_of(partitioning: str) -> str:
    """``PARTITION BY HASH (`id`) PARTITIONS 4`` without the partitions that are listed."""
    if not partitioning:
        return ""
    head, held, behind = apart(list(tokens(partitioning)))
    count = text_of(behind).partition("(")[0].strip()
    return f"{text_of(head)} ({text_of(held)}) {count}"
