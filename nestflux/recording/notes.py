"""What a reviewer must be told of a migration and would not see in its SQL. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any

from django.db.migrations.migration import Migration
from django.db.migrations.operations import (
    AddConstraint,
    AddField,
    AddIndex,
    AlterField,
    CreateModel,
    RunSQL,
)
from django.db.models import Index, UniqueConstraint
from django.db.models.fields import NOT_PROVIDED

from nestflux.history.sqlfile import Section, Statement


def notes_for(
    migrations: Iterable[Migration], sections: Iterable[Section], features: Any
) -> tuple[str, ...]:
    """Header lines for a file: volatile defaults frozen, operations that do nothing on this
    server, comments that Django strips. ``sections`` are what the migrations were recorded as."""
    return tuple(
        dict.fromkeys(
            f"{kind}: {section.migration}: {text}"
            for migration, section in zip(migrations, sections, strict=True)
            for kind, text in (
                *_volatile(migration, section),
                *_no_ops(migration, features),
                *_stripped_comments(migration),
            )
        )
    )


def _volatile(migration: Migration, section: Section) -> Iterator[tuple[str, str]]:
    for operation in volatile_fields(migration, section):
        default = operation.field.default
        name = getattr(default, "__qualname__", repr(default))
        yield (
            "VOLATILE",
            f"{operation.model_name}.{operation.name}: its default {name}() was evaluated "
            "once; every existing row gets that one value",
        )


def volatile_fields(migration: Migration, section: Section) -> Iterator[AddField | AlterField]:
    """A default that gives another value at each call is evaluated once for all existing rows:
    in ADD COLUMN, or in the UPDATE that fills NULLs.

    Source: django/db/backends/base/schema.py, effective_default.
    """
    for operation in migration.operations:
        if not isinstance(operation, AddField | AlterField):
            continue
        field = operation.field
        if not field.has_default() or not callable(field.default) or field.null:
            continue
        if field.db_default is not NOT_PROVIDED or field.many_to_many:
            continue
        if isinstance(operation, AlterField) and not _fills_nulls(section, field.get_attname()):
            continue
        if _varies(field.default):
            yield operation


def _varies(default: Callable[[], Any]) -> bool:
    """A default that cannot be called here (it asks the database, say) is taken for constant."""
    try:
        return bool(default() != default())
    except Exception:
        return False


def _fills_nulls(section: Section, name: str) -> bool:
    return any(
        isinstance(step, Statement) and step.sql.startswith("UPDATE") and f"`{name}`" in step.sql
        for step in section.steps
    )


def _no_ops(migration: Migration, features: Any) -> Iterator[tuple[str, str]]:
    for operation in migration.operations:
        match operation:
            case AddIndex():
                found: list[Any] = [operation.index]
            case AddConstraint():
                found = [operation.constraint]
            case CreateModel():
                options = operation.options
                found = [*options.get("indexes", ()), *options.get("constraints", ())]
            case _:
                found = []
        for item in found:
            if why := _why_nothing(item, features):
                yield "NO EFFECT", f"{item.name}: {why}"


def _why_nothing(item: Any, features: Any) -> str:
    """Why this server gets nothing, or less, for an index or constraint (django/db/models/
    indexes.py and constraints.py)."""
    unique = issubclass(type(item), UniqueConstraint)
    if not unique and not issubclass(type(item), Index):
        return "" if features.supports_table_check_constraints else "no CHECK on this server"
    if getattr(item, "condition", None) is not None and not features.supports_partial_indexes:
        return "a condition is not supported; nothing is created"
    if getattr(item, "contains_expressions", False) and not features.supports_expression_indexes:
        return "an index on expressions is not supported; nothing is created"
    if unique and item.deferrable is not None:
        return "DEFERRABLE is not supported; nothing is created"
    if unique and item.nulls_distinct is not None:
        return "NULLS [NOT] DISTINCT is not supported; nothing is created"
    if item.include:
        return "INCLUDE is not supported; nothing is created" if unique else "INCLUDE is left out"
    descending = any(order for _, order in getattr(item, "fields_orders", ()))
    if descending and not features.supports_index_column_ordering:
        return "descending order is left out"
    return ""


def _stripped_comments(migration: Migration) -> Iterator[tuple[str, str]]:
    """Django runs RunSQL strings through sqlparse, which strips executable comments too
    (django/db/migrations/operations/special.py, RunSQL._run_sql)."""
    for operation in migration.operations:
        if not isinstance(operation, RunSQL) or not isinstance(operation.sql, str):
            continue
        if "/*!" in operation.sql or "/*M!" in operation.sql:
            yield (
                "STRIPPED",
                "Django strips the /*! … */ of a RunSQL string before it runs it; give the "
                "statements as a list to keep it",
            )
