"""A foreign key may be NULL."""

from __future__ import annotations

from collections.abc import Iterator

from nestflux.reviewing.findings import Finding, Severity
from nestflux.reviewing.reviewed import ReviewedSchema
from nestflux.reviewing.rule import rule
from nestflux.reviewing.schema_rule import Group, SchemaRule
from nestflux.sql.definitions import column_parts

RULE = SchemaRule(
    "nullable-foreign-key",
    Severity.ADVICE,
    "every query has to expect a missing parent, and a row without one is seldom meant",
    group=Group.QUALITY,
    summary="A foreign key may be NULL.",
    source="MySQL Manual 15.1.20.5, FOREIGN KEY Constraints",
    bad="""\
author = models.ForeignKey(User, models.SET_NULL, null=True)
""",
    good="""\
author = models.ForeignKey(User, models.PROTECT)
""",
)


@rule(ReviewedSchema)
def nullable_foreign_keys(schema: ReviewedSchema) -> Iterator[Finding]:
    for name in sorted(schema.judged & schema.models.keys()):
        table = schema.tables[name]
        for key in table.foreign_keys.values():
            nullable = [c for c in key.columns if column_parts(table.columns[c]).nullable]
            if nullable:
                yield RULE.speaks(
                    f"The foreign key {nullable[0]} of {name} may be NULL.",
                    about=f"{name}.{nullable[0]}",
                    fix="make the field required, or exempt it with the reason why a row may have "
                    "no parent",
                )
