"""A stored generated column is added to a live table."""

from __future__ import annotations

from collections.abc import Iterator

from nestflux.database.verdicts import copies_table
from nestflux.reviewing.findings import Finding, Severity
from nestflux.reviewing.reviewed import ReviewedStep
from nestflux.reviewing.rule import rule
from nestflux.reviewing.schema_rule import Group, SchemaRule
from nestflux.reviewing.schema_rules.live_tables.cost import changes, large_live_table
from nestflux.schema.objects import COLUMN
from nestflux.sql.definitions import column_parts

RULE = SchemaRule(
    "stored-generated-column",
    Severity.WARNING,
    "the server copies the table to compute each row's value, and writes to it wait that long",
    group=Group.LIVE_TABLES,
    summary="A stored generated column is added to a live table.",
    source="MySQL Manual 17.12.1, Online DDL Operations: adding a STORED column",
    bad="""\
full_name = models.GeneratedField(
    expression=Concat("first", "last"), output_field=models.CharField(max_length=80),
    db_persist=True,
)
""",
    good="""\
full_name = models.GeneratedField(
    expression=Concat("first", "last"), output_field=models.CharField(max_length=80),
    db_persist=False,  # added at once; it can have an index all the same
)
""",
)


@rule(ReviewedStep)
def stored_columns(step: ReviewedStep) -> Iterator[Finding]:
    table = large_live_table(step)
    for column in columns_stored(step) if table and copies_table(step.record.verdict) else ():
        yield RULE.speaks(
            f"The stored generated column {column} is added to {table}, which is copied for it.",
            about=f"{table}.{column}",
            fix="make it virtual (db_persist=False): it is added at once, and can have an index",
        )


def columns_stored(step: ReviewedStep) -> list[str]:
    """The columns that a statement adds, or changes, to stored generated ones."""
    return [
        name
        for name, before, after in changes(step, COLUMN)
        if column_parts(after or "").computed == "STORED"
        and column_parts(before or "").computed != "STORED"
    ]
