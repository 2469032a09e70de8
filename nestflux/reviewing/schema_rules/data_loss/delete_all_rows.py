"""A statement deletes every row of a table that stays."""

from __future__ import annotations

from collections.abc import Iterator

from nestflux.reviewing.findings import Finding, Severity
from nestflux.reviewing.reviewed import ReviewedStep
from nestflux.reviewing.rule import rule
from nestflux.reviewing.schema_rule import Group, SchemaRule
from nestflux.sql.statement_parts import table_changed_whole

RULE = SchemaRule(
    "delete-all-rows",
    Severity.WARNING,
    "its rows are gone for good, and no way back brings them back",
    group=Group.DATA_LOSS,
    summary="A statement deletes every row of a table that stays.",
    source="MySQL Manual 15.1.37, TRUNCATE TABLE Statement",
    bad="""\
migrations.RunSQL("TRUNCATE TABLE blog_visit")
""",
    good="""\
migrations.RunSQL("DELETE FROM blog_visit WHERE created < '2025-01-01'")
""",
)


@rule(ReviewedStep)
def deleted_rows(step: ReviewedStep) -> Iterator[Finding]:
    verb, table = table_changed_whole(step.sql)
    if verb in ("TRUNCATE", "DELETE") and step.is_live(table):
        how = "DELETE without WHERE" if verb == "DELETE" else verb
        yield RULE.speaks(
            f"Every row of {table} is deleted ({how}).",
            about=table,
            fix="say which rows in a WHERE, or take a backup of the table first",
        )
