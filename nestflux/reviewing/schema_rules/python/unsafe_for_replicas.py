"""A statement gives other rows on a replica that gets its text."""

from __future__ import annotations

from collections.abc import Iterator

from nestflux.reviewing.findings import Finding, Severity
from nestflux.reviewing.reviewed import ReviewedStep
from nestflux.reviewing.rule import rule
from nestflux.reviewing.schema_rule import Group, SchemaRule
from nestflux.sql.statement_parts import limits_without_order, table_of
from nestflux.sql.statements import differs_on_a_replica

RULE = SchemaRule(
    "unsafe-for-replicas",
    Severity.ADVICE,
    "with binlog_format=STATEMENT a replica runs it again and gets other values or other rows",
    group=Group.PYTHON,
    summary="A statement gives other rows on a replica that gets its text.",
    source="MySQL Manual 19.2.1.3, Determination of Safe and Unsafe Statements in Binary Logging",
    bad="""\
DELETE FROM blog_visit LIMIT 1000;
""",
    good="""\
DELETE FROM blog_visit ORDER BY id LIMIT 1000;
""",
)


@rule(ReviewedStep)
def statements_unsafe_for_replicas(step: ReviewedStep) -> Iterator[Finding]:
    if function := differs_on_a_replica(step.sql):
        table = table_of(step.sql)
        yield RULE.speaks(
            f"{function} gives the rows of {table} other values on each server.",
            about=table,
            fix="compute the values in a Python step, or replicate by row",
        )
    elif limits_without_order(step.sql):
        table = table_of(step.sql)
        yield RULE.speaks(
            f"LIMIT without ORDER BY takes any rows of {table}.",
            about=table,
            fix="add ORDER BY with the primary key",
        )
