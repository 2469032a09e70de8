"""A statement blocks writes to a live table without copying it."""

from __future__ import annotations

from collections.abc import Iterator

from nestflux.database.verdicts import blocks, copies_table
from nestflux.reviewing.findings import Finding, Severity
from nestflux.reviewing.reviewed import ReviewedStep
from nestflux.reviewing.rule import rule
from nestflux.reviewing.schema_rule import Group, SchemaRule
from nestflux.reviewing.schema_rules.live_tables.causes import is_explained
from nestflux.reviewing.schema_rules.live_tables.cost import (
    BY_COPYING_ELSEWHERE,
    large_live_table,
)

RULE = SchemaRule(
    "blocks-writes",
    Severity.WARNING,
    "every INSERT, UPDATE and DELETE of the table waits until the statement is done",
    group=Group.LIVE_TABLES,
    summary="A statement blocks writes to a live table without copying it.",
    source="MySQL Manual 17.12.2, Online DDL Performance and Concurrency",
    bad="""\
CREATE FULLTEXT INDEX blog_post_body ON blog_post (body);
""",
    good="""\
-- pt-online-schema-change copies the table while it is written:
-- pt-online-schema-change --alter "ADD FULLTEXT INDEX blog_post_body (body)" D=blog,t=blog_post
""",
)


@rule(ReviewedStep)
def blocked_writes(step: ReviewedStep) -> Iterator[Finding]:
    table, verdict = large_live_table(step), step.record.verdict
    if table and blocks(verdict) and not copies_table(verdict) and not is_explained(step):
        yield RULE.speaks(
            f"Writes to {table} wait until a statement is done.",
            about=table,
            fix=BY_COPYING_ELSEWHERE,
        )
