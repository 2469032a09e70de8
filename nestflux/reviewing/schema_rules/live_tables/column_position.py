"""A column of a live table is put to another place."""

from __future__ import annotations

from collections.abc import Iterator

from nestflux.reviewing.findings import Finding, Severity
from nestflux.reviewing.reviewed import ReviewedStep
from nestflux.reviewing.rule import rule
from nestflux.reviewing.schema_rule import Group, SchemaRule
from nestflux.reviewing.schema_rules.live_tables.cost import changes, large_live_table
from nestflux.schema.objects import COLUMN, ORDER
from nestflux.schema.transform.tables import TableSchema
from nestflux.sql.statement_parts import columns, table_of

RULE = SchemaRule(
    "column-position",
    Severity.WARNING,
    "the server writes every row anew to put a column elsewhere, and code names its columns",
    group=Group.LIVE_TABLES,
    summary="A column of a live table is put to another place.",
    source="MySQL Manual 17.12.1, Online DDL Operations: reordering columns, adding a column",
    bad="""\
ALTER TABLE blog_post MODIFY COLUMN slug varchar(60) NOT NULL AFTER id;
""",
    good="""\
ALTER TABLE blog_post MODIFY COLUMN slug varchar(60) NOT NULL;
""",
)


@rule(ReviewedStep)
def placed_columns(step: ReviewedStep) -> Iterator[Finding]:
    table = large_live_table(step)
    rewrites = step.record.verdict.startswith(("copies", "in place"))
    for column in columns_placed(step) if table and rewrites else ():
        yield RULE.speaks(
            f"The column {column} of {table} is put to another place, for which all rows are "
            "written anew.",
            about=f"{table}.{column}",
            fix="leave FIRST or AFTER out of the statement",
        )


def columns_placed(step: ReviewedStep) -> list[str]:
    """The columns of a statement that stand elsewhere, or are new and not the last."""
    table = table_of(step.sql)
    if not any(changes(step, ORDER)) or not {"FIRST", "AFTER"} & set(step.words):
        return []
    new = {name for name, before, _ in changes(step, COLUMN) if before is None}
    named = columns(step.sql)
    return [name for name in named if _moved(name, new, step.before[table], step.after[table])]


def _moved(name: str, new: set[str], before: TableSchema, after: TableSchema) -> bool:
    return name in new or list(before.columns).index(name) != list(after.columns).index(name)
