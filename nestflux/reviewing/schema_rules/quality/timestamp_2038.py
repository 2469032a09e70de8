"""A column is a TIMESTAMP."""

from __future__ import annotations

from collections.abc import Iterator

from nestflux.reviewing.findings import Finding, Severity
from nestflux.reviewing.reviewed import ReviewedSchema
from nestflux.reviewing.rule import rule
from nestflux.reviewing.schema_rule import Group, SchemaRule
from nestflux.sql.definitions import column_parts

RULE = SchemaRule(
    "timestamp-2038",
    Severity.ADVICE,
    "it ends on 2038-01-19 (from MariaDB 11.5 on, on a 64-bit system, in 2106), and its values "
    "follow the session's time zone",
    group=Group.QUALITY,
    summary="A column is a TIMESTAMP.",
    source="MySQL Manual 13.2.2, The DATE, DATETIME, and TIMESTAMP Types; MariaDB 11.5 Changes",
    bad="""\
ALTER TABLE blog_post ADD COLUMN expires timestamp NULL;
""",
    good="""\
ALTER TABLE blog_post ADD COLUMN expires datetime(6) NULL;
""",
)


@rule(ReviewedSchema)
def timestamps(schema: ReviewedSchema) -> Iterator[Finding]:
    for table in schema.own_tables:
        for name, text in table.columns.items():
            if column_parts(text).type_name == "timestamp":
                yield RULE.speaks(
                    f"The column {name} of {table.name} is a TIMESTAMP, which ends in 2038.",
                    about=f"{table.name}.{name}",
                    fix="make it datetime(6), as Django's DateTimeField is",
                )
