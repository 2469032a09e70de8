"""A unique constraint of a model is not in the database."""

from __future__ import annotations

from collections.abc import Iterator

from django.db.models import UniqueConstraint

from nestflux.reviewing.findings import Finding, Severity
from nestflux.reviewing.reviewed import ReviewedSchema
from nestflux.reviewing.rule import rule
from nestflux.reviewing.schema_rule import Group, SchemaRule

RULE = SchemaRule(
    "unenforced-unique",
    Severity.WARNING,
    "Django leaves out what the server does not know, so two requests at the same time store the "
    "same values",
    group=Group.QUALITY,
    summary="A unique constraint of a model is not in the database: it has a condition, or "
    "expressions on MariaDB.",
    source="Django documentation, System check framework: models.W036, W044 and W047",
    bad="""\
models.UniqueConstraint(fields=["email"], condition=Q(active=True), name="one_active")
""",
    good="""\
active_email = models.GeneratedField(  # NULL for the others, and NULLs are never the same
    expression=Case(When(active=True, then="email")),
    output_field=models.EmailField(), db_persist=False, unique=True,
)
""",
)


@rule(ReviewedSchema)
def unenforced_constraints(schema: ReviewedSchema) -> Iterator[Finding]:
    for table, model in schema.own_models:
        for constraint in model._meta.constraints:
            if not isinstance(constraint, UniqueConstraint) or constraint.name in table.indexes:
                continue
            if because := _reason(constraint):
                yield RULE.speaks(
                    f"The unique constraint {constraint.name} of {table.name} is not enforced, "
                    f"because it has {because}.",
                    about=f"{table.name}.{constraint.name}",
                    fix="put what it compares into a generated column, and make that one unique",
                )


def _reason(constraint: UniqueConstraint) -> str:
    if constraint.condition is not None:
        return "a condition"
    if constraint.expressions:
        return "expressions"
    return "nulls_distinct" if constraint.nulls_distinct is False else ""
