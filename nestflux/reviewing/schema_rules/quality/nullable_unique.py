"""A unique key of several columns has one that may be NULL."""

from __future__ import annotations

from collections.abc import Iterator

from nestflux.reviewing.findings import Finding, Severity
from nestflux.reviewing.reviewed import ReviewedSchema
from nestflux.reviewing.rule import rule
from nestflux.reviewing.schema_rule import Group, SchemaRule
from nestflux.reviewing.schema_rules.quality.keys import keys_of
from nestflux.sql.definitions import column_parts

RULE = SchemaRule(
    "nullable-unique",
    Severity.ADVICE,
    "rows in which it is NULL are never the same, so any number of them may have the same others",
    group=Group.QUALITY,
    summary="A unique key of several columns has one that may be NULL.",
    source="MySQL Manual 15.1.15, CREATE INDEX Statement: multiple NULL values",
    bad="""\
parent = models.ForeignKey("self", models.CASCADE, null=True)
class Meta:
    unique_together = [("parent", "name")]  # two roots may have the same name
""",
    good="""\
parent_or_0 = models.GeneratedField(
    expression=Coalesce("parent_id", 0), output_field=models.BigIntegerField(), db_persist=False,
)
class Meta:
    unique_together = [("parent_or_0", "name")]
""",
)


@rule(ReviewedSchema)
def unique_keys_with_null(schema: ReviewedSchema) -> Iterator[Finding]:
    for table in schema.own_tables:
        for key in keys_of(table):
            if key.kind != "UNIQUE" or len(key.columns) < 2:
                continue
            nullable = [
                c
                for c in key.columns
                if (parts := column_parts(table.columns[c])).nullable and not parts.generated
            ]
            if nullable:
                yield RULE.speaks(
                    f"The unique key {key.name} of {table.name} does not hold for rows in which "
                    f"{nullable[0]} is NULL.",
                    about=f"{table.name}.{key.name}",
                    fix=f"make {nullable[0]} required, or exempt it where any number of such rows "
                    "is meant",
                )
