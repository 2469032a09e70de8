"""A foreign key has no constraint in the database."""

from __future__ import annotations

from collections.abc import Iterator

from django.db.models import ForeignKey

from nestflux.reviewing.findings import Finding, Severity
from nestflux.reviewing.reviewed import ReviewedSchema
from nestflux.reviewing.rule import rule
from nestflux.reviewing.schema_rule import Group, SchemaRule

RULE = SchemaRule(
    "unchecked-foreign-key",
    Severity.ADVICE,
    "nothing keeps a row from referring to a parent that is gone, and code that follows it fails "
    "with DoesNotExist",
    group=Group.QUALITY,
    summary="A foreign key has no constraint in the database (`db_constraint=False`).",
    source="Django documentation, Model field reference: ForeignKey.db_constraint",
    bad="""\
author = models.ForeignKey(User, models.CASCADE, db_constraint=False)
""",
    good="""\
author = models.ForeignKey(User, models.CASCADE)
""",
)


@rule(ReviewedSchema)
def unchecked_foreign_keys(schema: ReviewedSchema) -> Iterator[Finding]:
    for table, model in schema.own_models:
        for field in model._meta.local_concrete_fields:
            if isinstance(field, ForeignKey) and not vars(field)["db_constraint"]:
                yield RULE.speaks(
                    f"The foreign key {field.column} of {table.name} has no constraint.",
                    about=f"{table.name}.{field.column}",
                    fix="leave db_constraint out, or look for rows without a parent regularly",
                )
