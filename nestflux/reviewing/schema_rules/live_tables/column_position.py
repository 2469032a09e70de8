"""A column of a live table is put to another place."""

from __future__ import annotations

from collections.abc import Iterator

from nestflux.database.verdicts import writes_anew
from nestflux.reviewing.findings import Finding, Severity
from nestflux.reviewing.reviewed import ReviewedStep
from nestflux.reviewing.rule import rule
from nestflux.reviewing.schema_rule import Group, SchemaRule
from nestflux.reviewing.schema_rules.live_tables.cost import changes, large_live_table
from nestflux.schema.objects import ORDER
from nestflux.sql.statement_parts import columns

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
    rewrites = table and writes_anew(step.record.verdict, step.family)
    for column in columns_placed(step) if rewrites else ():
        yield RULE.speaks(
            f"The column {column} of {table} is put to another place, for which all rows are "
            "written anew.",
            about=f"{table}.{column}",
            fix="leave FIRST or AFTER out of the statement",
        )


def columns_placed(step: ReviewedStep) -> list[str]:
    """The columns for which a statement says FIRST or AFTER and that stand elsewhere by it."""
    if not {"FIRST", "AFTER"} & set(step.words):
        return []
    for _, before, after in changes(step, ORDER):
        if before and after:
            return [name for name in columns(step.sql) if _is_moved(name, before, after)]
    return []


def _is_moved(name: str, before: str, after: str) -> bool:
    """Does a column stand elsewhere, or is it new and not the last?

    Args:
        before: the columns in their order, ``id, title, body``; ``after`` as well.
    """
    was, now = before.split(", "), after.split(", ")
    return now[-1] != name if name not in was else was.index(name) != now.index(name)
