"""A table is not InnoDB."""

from __future__ import annotations

from collections.abc import Iterator

from nestflux.reviewing.findings import Finding, Severity
from nestflux.reviewing.reviewed import ReviewedSchema
from nestflux.reviewing.rule import rule
from nestflux.reviewing.schema_rule import Group, SchemaRule
from nestflux.sql.table_options import option_parts

RULE = SchemaRule(
    "other-engine",
    Severity.WARNING,
    "without transactions a request that fails leaves half of its rows, foreign keys are not "
    "checked, and a crash may damage the table",
    group=Group.QUALITY,
    summary="A table is not InnoDB.",
    source="MySQL Manual 18.1, Setting the Storage Engine; 17.1, Introduction to InnoDB",
    bad="""\
CREATE TABLE blog_view (id bigint PRIMARY KEY) ENGINE=MyISAM;
""",
    good="""\
CREATE TABLE blog_view (id bigint PRIMARY KEY) ENGINE=InnoDB;
""",
)


@rule(ReviewedSchema)
def other_engines(schema: ReviewedSchema) -> Iterator[Finding]:
    for table in schema.own_tables:
        engine = option_parts(table.options).engine
        if engine and engine.lower() != "innodb":
            yield RULE.speaks(
                f"The engine of {table.name} is {engine}.",
                about=table.name,
                fix=f"ALTER TABLE {table.name} ENGINE=InnoDB",
            )
