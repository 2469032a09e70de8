"""A foreign key's column has no index."""

from __future__ import annotations

from collections.abc import Iterator

from django.db.models import ForeignKey

from nestflux.reviewing.findings import Finding, Severity
from nestflux.reviewing.reviewed import ReviewedSchema
from nestflux.reviewing.rule import rule
from nestflux.reviewing.schema_rule import Group, SchemaRule
from nestflux.reviewing.schema_rules.quality.keys import lacks_index

RULE = SchemaRule(
    "foreign-key-without-index",
    Severity.WARNING,
    "each look from the parent to its rows, and each deletion of a parent, reads the whole table; "
    "InnoDB makes the index only for a constraint",
    group=Group.QUALITY,
    summary="A foreign key's column has no index.",
    source="MySQL Manual 15.1.20.5, FOREIGN KEY Constraints: an index is created",
    bad="""\
author = models.ForeignKey(User, models.CASCADE, db_constraint=False, db_index=False)
""",
    good="""\
author = models.ForeignKey(User, models.CASCADE, db_constraint=False)
""",
)


@rule(ReviewedSchema)
def foreign_keys_without_index(schema: ReviewedSchema) -> Iterator[Finding]:
    for table, model in schema.own_models:
        for field in model._meta.local_concrete_fields:
            if isinstance(field, ForeignKey) and lacks_index(table, field.column):
                yield RULE.speaks(
                    f"The foreign key {field.column} of {table.name} has no index.",
                    about=f"{table.name}.{field.column}",
                    fix="leave db_index=False out",
                )
