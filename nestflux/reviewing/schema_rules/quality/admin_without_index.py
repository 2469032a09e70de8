"""The admin filters, searches or sorts by a column without an index."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from django.db.models import BooleanField, Field

from nestflux.reviewing.findings import Finding, Severity
from nestflux.reviewing.reviewed import ReviewedSchema
from nestflux.reviewing.rule import rule
from nestflux.reviewing.schema_rule import Group, SchemaRule
from nestflux.reviewing.schema_rules.quality.keys import lacks_index

if TYPE_CHECKING:
    from django.contrib.admin import ModelAdmin

RULE = SchemaRule(
    "admin-without-index",
    Severity.ADVICE,
    "the list in the admin reads the whole table each time that somebody opens or searches it",
    group=Group.QUALITY,
    summary="The admin filters, searches or sorts by a column that no index begins with.",
    source="Django documentation, The Django admin site: list_filter, search_fields, "
    "date_hierarchy, ordering",
    bad="""\
class Post(models.Model):
    created = models.DateTimeField()

class PostAdmin(admin.ModelAdmin):
    date_hierarchy = "created"
""",
    good="""\
class Post(models.Model):
    created = models.DateTimeField(db_index=True)

class PostAdmin(admin.ModelAdmin):
    date_hierarchy = "created"
""",
)
# Lookups of search_fields that an index serves; the others look within a text.
_SERVED = ("^", "=")


@rule(ReviewedSchema)
def columns_of_the_admin(schema: ReviewedSchema) -> Iterator[Finding]:
    tables = {model: table for table, model in schema.own_models}
    for admin in schema.admins:
        table = tables.get(admin.model)
        for column, option in _columns(admin).items() if table else ():
            if table and lacks_index(table, column):
                yield RULE.speaks(
                    f"{type(admin).__name__}.{option} uses {column} of {table.name}, which has no "
                    "index.",
                    about=f"{table.name}.{column}",
                    fix=f"add an index that begins with {column}, or take it out of {option}",
                )


def _columns(admin: ModelAdmin[Any]) -> dict[str, str]:
    """The columns of the model's own table that the admin looks for, each with the option."""
    own = {field.name: field for field in admin.model._meta.local_concrete_fields}
    named = [
        *(("date_hierarchy", name) for name in (admin.date_hierarchy,) if name),
        *(("ordering", name) for name in list(admin.ordering or ())[:1]),
        *(("list_filter", _filtered(item)) for item in admin.list_filter),
        *(("search_fields", n[1:]) for n in admin.search_fields if n.startswith(_SERVED)),
    ]
    found: dict[str, str] = {}
    for option, name in named:
        field = own.get(name.lstrip("-")) if isinstance(name, str) else None
        if field and not (option == "list_filter" and _has_few_values(field)):
            found.setdefault(field.column, option)
    return found


def _filtered(item: object) -> object:
    """``("created", DateFieldListFilter)`` names its field first."""
    return item[0] if isinstance(item, tuple | list) else item


def _has_few_values(field: Field[Any, Any]) -> bool:
    """An index on it would be read no sooner than the table."""
    return isinstance(field, BooleanField) or bool(field.choices)
