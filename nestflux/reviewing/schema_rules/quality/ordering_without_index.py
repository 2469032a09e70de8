"""Meta.ordering begins with a column that no index begins with."""

from __future__ import annotations

from collections.abc import Iterator

from django.db.models import F, Model
from django.db.models.expressions import OrderBy

from nestflux.reviewing.findings import Finding, Severity
from nestflux.reviewing.reviewed import ReviewedSchema
from nestflux.reviewing.rule import rule
from nestflux.reviewing.schema_rule import Group, SchemaRule
from nestflux.reviewing.schema_rules.quality.keys import lacks_index

RULE = SchemaRule(
    "ordering-without-index",
    Severity.ADVICE,
    "every query of the model sorts all rows that it finds, also where it wants the first ten",
    group=Group.QUALITY,
    summary="`Meta.ordering` begins with a column that no index begins with.",
    source="MySQL Manual 10.2.1.16, ORDER BY Optimization",
    bad="""\
class Post(models.Model):
    created = models.DateTimeField()

    class Meta:
        ordering = ["-created"]
""",
    good="""\
class Post(models.Model):
    created = models.DateTimeField()

    class Meta:
        ordering = ["-created"]
        indexes = [models.Index(fields=["created"], name="post_created")]
""",
)


@rule(ReviewedSchema)
def orderings(schema: ReviewedSchema) -> Iterator[Finding]:
    for table, model in schema.own_models:
        column = _first_column(model)
        if lacks_index(table, column):
            yield RULE.speaks(
                f"{model.__name__} is ordered by {column} of {table.name}, which has no index.",
                about=f"{table.name}.{column}",
                fix=f"add models.Index(fields=[...]) that begins with {column}, or order where it "
                "is needed only",
            )


def _first_column(model: type[Model]) -> str:
    """The column of the model's own table that its ordering begins with; empty for another
    table's, for an expression and for a relation, which orders by its model's own ordering."""
    for item in list(model._meta.ordering or ())[:1]:
        expression = item.expression if isinstance(item, OrderBy) else item
        name = vars(expression)["name"] if isinstance(expression, F) else expression
        own = {field.name: field for field in model._meta.local_concrete_fields}
        if isinstance(name, str) and (field := own.get(name.lstrip("-"))):
            return "" if field.is_relation else str(field.column)
    return ""
