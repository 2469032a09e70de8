"""The columns that the models join, whether or not a constraint says so."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from django.db.models import ForeignKey

from nestflux.reviewing.reviewed import ReviewedSchema
from nestflux.sql.definitions import ColumnParts, column_parts


@dataclass(frozen=True)
class Join:
    """A column and the parent's column that it refers to."""

    table: str
    column: str
    own: ColumnParts
    parent: str
    parent_column: str
    theirs: ColumnParts


def joins(schema: ReviewedSchema) -> Iterator[Join]:
    """Those of foreign keys of the models, both of whose tables are there."""
    for table, model in schema.own_models:
        for field in model._meta.local_concrete_fields:
            if not isinstance(field, ForeignKey):
                continue
            target = field.target_field
            column, referred = str(field.column), str(target.column)
            parent = schema.tables.get(target.model._meta.db_table)
            if parent and column in table.columns and referred in parent.columns:
                yield Join(
                    table.name,
                    column,
                    column_parts(table.columns[column]),
                    parent.name,
                    referred,
                    column_parts(parent.columns[referred]),
                )
