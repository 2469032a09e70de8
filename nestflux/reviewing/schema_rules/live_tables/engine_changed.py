"""A live table gets another storage engine."""

from __future__ import annotations

from collections.abc import Iterator

from nestflux.reviewing.findings import Finding, Severity
from nestflux.reviewing.reviewed import ReviewedStep
from nestflux.reviewing.rule import rule
from nestflux.reviewing.schema_rule import Group, SchemaRule
from nestflux.reviewing.schema_rules.live_tables.cost import (
    BY_COPYING_ELSEWHERE,
    changes,
    large_live_table,
)
from nestflux.schema.objects import TABLE
from nestflux.sql.table_options import option_parts

RULE = SchemaRule(
    "engine-changed",
    Severity.WARNING,
    "the server copies the table into the other engine, and writes to it wait that long",
    group=Group.LIVE_TABLES,
    summary="A live table gets another storage engine.",
    source="MySQL Manual 17.6.1.5, Converting Tables from MyISAM to InnoDB",
    bad="""\
ALTER TABLE blog_post ENGINE=InnoDB;  -- it was MyISAM
""",
    good="""\
-- gh-ost or pt-online-schema-change copy it while it is written:
-- pt-online-schema-change --alter "ENGINE=InnoDB" D=blog,t=blog_post --execute
""",
)


@rule(ReviewedStep)
def changed_engines(step: ReviewedStep) -> Iterator[Finding]:
    table = large_live_table(step)
    for old, new in engines_changed(step) if table else ():
        yield RULE.speaks(
            f"The engine of {table} changes from {old} to {new}, and the table is copied.",
            about=table,
            fix=BY_COPYING_ELSEWHERE,
        )


def engines_changed(step: ReviewedStep) -> list[tuple[str, str]]:
    """A statement's old and new engine, where these are two."""
    pairs = [
        (option_parts(before).engine, option_parts(after).engine)
        for _, before, after in table_changes(step)
    ]
    return [(old, new) for old, new in pairs if old.lower() != new.lower()]


def table_changes(step: ReviewedStep) -> Iterator[tuple[str, str, str]]:
    """The options of a statement's table, before and after it."""
    for name, before, after in changes(step, TABLE):
        if before is not None and after is not None:
            yield name, before, after
