"""A table or column is called by a reserved word."""

from __future__ import annotations

from collections.abc import Iterator

from nestflux.reviewing.findings import Finding, Severity
from nestflux.reviewing.reviewed import ReviewedSchema
from nestflux.reviewing.rule import rule
from nestflux.reviewing.schema_rule import Group, SchemaRule
from nestflux.sql.reserved_words import RESERVED

RULE = SchemaRule(
    "reserved-word",
    Severity.ADVICE,
    "SQL that a person or a report writes without backquotes fails with error 1064",
    group=Group.QUALITY,
    summary="A table or column is called by a reserved word.",
    source="MySQL Manual 11.3, Keywords and Reserved Words; MariaDB documentation, Reserved Words",
    bad="""\
order = models.IntegerField()
""",
    good="""\
position = models.IntegerField()
""",
)


@rule(ReviewedSchema)
def reserved_names(schema: ReviewedSchema) -> Iterator[Finding]:
    for table in schema.own_tables:
        if table.name.upper() in RESERVED:
            yield RULE.speaks(
                f"The table {table.name} is called by a reserved word.",
                about=table.name,
                fix="give the model another db_table",
            )
        for name in table.columns:
            if name.upper() in RESERVED:
                yield RULE.speaks(
                    f"The column {name} of {table.name} is called by a reserved word.",
                    about=f"{table.name}.{name}",
                    fix="give the field another name, or another db_column",
                )
