"""A partition is dropped or emptied."""

from __future__ import annotations

from collections.abc import Iterator

from nestflux.reviewing.findings import Finding, Severity
from nestflux.reviewing.reviewed import ReviewedStep
from nestflux.reviewing.rule import rule
from nestflux.reviewing.schema_rule import Group, SchemaRule
from nestflux.sql.statement_parts import partitions_emptied_by, table_of

RULE = SchemaRule(
    "drop-partition",
    Severity.WARNING,
    "its rows are gone for good, with the partition",
    group=Group.DATA_LOSS,
    summary="A partition is dropped or emptied.",
    source="MySQL Manual 15.1.9.1, ALTER TABLE Partition Operations",
    bad="""\
ALTER TABLE blog_visit DROP PARTITION p2025;
""",
    good="""\
-- Keep the rows in a table of their own, and drop the empty partition later:
CREATE TABLE blog_visit_2025 LIKE blog_visit;
ALTER TABLE blog_visit_2025 REMOVE PARTITIONING;
ALTER TABLE blog_visit EXCHANGE PARTITION p2025 WITH TABLE blog_visit_2025;
""",
)


@rule(ReviewedStep)
def dropped_partitions(step: ReviewedStep) -> Iterator[Finding]:
    for verb, names in partitions_emptied_by(step.sql):
        table = table_of(step.sql)
        if step.is_live(table):
            done = "dropped" if verb == "DROP" else "emptied"
            yield RULE.speaks(
                f"The partition {', '.join(names)} of {table} is {done} with its rows.",
                about=table,
                fix="exchange the partition with a table of its own first, or take a backup",
            )
