"""A column that is called like money is a floating-point number."""

from __future__ import annotations

from collections.abc import Iterator

from nestflux.reviewing.findings import Finding, Severity
from nestflux.reviewing.reviewed import ReviewedSchema
from nestflux.reviewing.rule import rule
from nestflux.reviewing.schema_rule import Group, SchemaRule
from nestflux.sql.definitions import column_parts

RULE = SchemaRule(
    "float-for-money",
    Severity.WARNING,
    "it holds 0.1 and most other sums only nearly, and sums of many rows come out wrong",
    group=Group.QUALITY,
    summary="A column that is called like money is a floating-point number.",
    source="MySQL Manual B.3.4.8, Problems with Floating-Point Values",
    bad="""\
price = models.FloatField()
""",
    good="""\
price = models.DecimalField(max_digits=12, decimal_places=2)
""",
)
_MONEY = frozenset(
    "price prices amount cost costs fee fees salary wage balance revenue subtotal total payment "
    "deposit refund".split()
)


@rule(ReviewedSchema)
def floating_money(schema: ReviewedSchema) -> Iterator[Finding]:
    for table in schema.own_tables:
        for name, text in table.columns.items():
            kind = column_parts(text).type_name
            if kind in ("float", "double") and name.lower().split("_")[-1] in _MONEY:
                yield RULE.speaks(
                    f"The column {name} of {table.name} is {kind}.",
                    about=f"{table.name}.{name}",
                    fix="make it decimal(12,2), or as exact as the currency",
                )
