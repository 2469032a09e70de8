"""Statements in a row copy the same live table."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby

from nestflux.database.verdicts import copies_table
from nestflux.reviewing.findings import Finding, Severity
from nestflux.reviewing.reviewed import ReviewedFile, ReviewedStep
from nestflux.reviewing.rule import rule
from nestflux.reviewing.schema_rule import Group, SchemaRule
from nestflux.reviewing.schema_rules.live_tables.cost import large_live_table

RULE = SchemaRule(
    "several-alters-could-be-one",
    Severity.WARNING,
    "each of them copies all rows once more, where one ALTER TABLE copies them once",
    group=Group.LIVE_TABLES,
    summary="Statements in a row copy the same live table.",
    source="MySQL Manual 15.1.9, ALTER TABLE Statement: several alterations in one statement",
    bad="""\
ALTER TABLE blog_post MODIFY COLUMN views bigint NOT NULL;
ALTER TABLE blog_post MODIFY COLUMN likes bigint NOT NULL;
""",
    good="""\
ALTER TABLE blog_post MODIFY COLUMN views bigint NOT NULL, MODIFY COLUMN likes bigint NOT NULL;
""",
)


@rule(ReviewedFile)
def alters_in_a_row(file: ReviewedFile) -> Iterator[Finding]:
    for table, group in groupby(file.steps, key=_altered_table):
        copying = [step for step in group if copies_table(step.record.verdict)]
        if table and len(copying) > 1:
            ordinals = " and ".join(str(step.ordinal) for step in copying)
            yield RULE.speaks(
                f"The steps {ordinals} copy {table} {len(copying)} times.",
                about=table,
                fix="write them as one ALTER TABLE, their clauses separated by commas, and run "
                "db_generate --accept",
                details=tuple(step.sql for step in copying),
            )


def _altered_table(step: ReviewedStep) -> str:
    return large_live_table(step) if step.words[:2] == ("ALTER", "TABLE") else ""
