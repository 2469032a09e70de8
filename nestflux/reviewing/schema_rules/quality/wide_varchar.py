"""A varchar holds more than 1000 characters."""

from __future__ import annotations

from collections.abc import Iterator

from nestflux.reviewing.findings import Finding, Severity
from nestflux.reviewing.reviewed import ReviewedSchema
from nestflux.reviewing.rule import rule
from nestflux.reviewing.schema_rule import Group, SchemaRule
from nestflux.sql.column_types import column_type

_MOST = 1000

RULE = SchemaRule(
    "wide-varchar",
    Severity.ADVICE,
    "all varchars of a row share 65,535 bytes, four a character in utf8mb4, no index holds one "
    "whole, and sorting reserves room for the longest value",
    group=Group.QUALITY,
    summary="A varchar holds more than 1000 characters.",
    source="MySQL Manual 10.4.7, Limits on Table Column Count and Row Size",
    bad="""\
notes = models.CharField(max_length=4000)
""",
    good="""\
notes = models.TextField()
""",
)


@rule(ReviewedSchema)
def wide_varchars(schema: ReviewedSchema) -> Iterator[Finding]:
    for table in schema.own_tables:
        for name, text in table.columns.items():
            kind = column_type(text)
            if kind.name == "varchar" and kind.length > _MOST:
                yield RULE.speaks(
                    f"The column {name} of {table.name} is {kind}.",
                    about=f"{table.name}.{name}",
                    fix="make it as long as its values, or a TextField",
                )
