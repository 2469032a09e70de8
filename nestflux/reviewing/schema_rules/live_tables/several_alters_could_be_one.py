"""Statements in a row copy the same live table."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import groupby

from nestflux.database.verdicts import copies_table
from nestflux.reviewing.findings import Finding, Severity
from nestflux.reviewing.reviewed import ReviewedFile, ReviewedStep
from nestflux.reviewing.rule import rule
from nestflux.reviewing.schema_rule import Group, SchemaRule
from nestflux.reviewing.schema_rules.live_tables.cost import large_live_table
from nestflux.schema.objects import ObjectKey
from nestflux.sql.lexer import opening

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
        copying = _on_different_parts(s for s in group if copies_table(s.record.verdict))
        if table and len(copying) > 1:
            ordinals = " and ".join(str(step.ordinal) for step in copying)
            yield RULE.speaks(
                f"The steps {ordinals} copy {table} {len(copying)} times.",
                about=table,
                fix="write these as one ALTER TABLE, their clauses separated by commas, and run "
                "db_generate --accept",
                details=tuple(step.sql for step in copying),
            )


def _on_different_parts(steps: Iterable[ReviewedStep]) -> list[ReviewedStep]:
    """The steps less those that change what one before them changed: a key that is made twice."""
    found: list[ReviewedStep] = []
    changed: set[ObjectKey] = set()
    for step in steps:
        parts = {key for key in step.delta.changes if key.name}
        if not parts & changed:
            found.append(step)
        changed |= parts
    return found


def _altered_table(step: ReviewedStep) -> str:
    begins = [token.text.upper() for token in opening(step.sql, 2)]
    return large_live_table(step) if begins == ["ALTER", "TABLE"] else ""
