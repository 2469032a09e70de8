"""A decimal column has no decimals."""

from __future__ import annotations

from collections.abc import Iterator

from nestflux.reviewing.findings import Finding, Severity
from nestflux.reviewing.reviewed import ReviewedSchema
from nestflux.reviewing.rule import rule
from nestflux.reviewing.schema_rule import Group, SchemaRule
from nestflux.sql.column_types import column_type

# Digits that a bigint holds whatever they are.
_OF_A_BIGINT = 18

RULE = SchemaRule(
    "decimal-scale",
    Severity.ADVICE,
    "DECIMAL without a scale rounds every value to a whole number, and for whole numbers an "
    "integer is smaller and faster",
    group=Group.QUALITY,
    summary="A decimal column has no decimals.",
    source="MySQL Manual 13.1.3, Fixed-Point Types: DECIMAL is DECIMAL(10,0)",
    bad="""\
ALTER TABLE blog_order ADD COLUMN price decimal NOT NULL;  -- 9.99 is stored as 10
""",
    good="""\
ALTER TABLE blog_order ADD COLUMN price decimal(12,2) NOT NULL;
""",
)


@rule(ReviewedSchema)
def decimals_without_scale(schema: ReviewedSchema) -> Iterator[Finding]:
    for table in schema.own_tables:
        for name, text in table.columns.items():
            kind = column_type(text)
            if kind.name != "decimal" or kind.length > _OF_A_BIGINT:
                continue
            if kind.arguments[1:] in ((), ("0",)):
                yield RULE.speaks(
                    f"The column {name} of {table.name} is {kind}, which has no decimals.",
                    about=f"{table.name}.{name}",
                    fix="give it decimals, or make it bigint",
                )
