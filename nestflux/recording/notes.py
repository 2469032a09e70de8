"""What a reviewer must know of a migration and would not see in its SQL."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
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
from nestflux.recording.another_time import another_time

VOLATILE = "VOLATILE"


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
    for operation, field in volatile_fields(migration, section):
        if isinstance(operation, AlterField) and not _fills_nulls(section, field.column):
            continue
        yield (
            VOLATILE,
            f"{operation.model_name}.{operation.name}: {_default_of(field)} was evaluated "
            "once; every existing row gets that one value",
        )


def volatile_field(note: str) -> tuple[str, str, str] | None:
    """The migration, model and field that a header line speaks of; None where it speaks of
    something else than a value that was evaluated once."""
    kind, _, rest = note.partition(": ")
    migration, _, rest = rest.partition(": ")
    model, _, name = rest.partition(":")[0].partition(".")
    return (migration, model, name) if kind == VOLATILE and name else None


def _default_of(field: Any) -> str:
    if not field.has_default():
        return f"its value of now ({'auto_now' if field.auto_now else 'auto_now_add'})"
    return f"its default {getattr(field.default, '__qualname__', repr(field.default))}()"


def volatile_fields(
    migration: Migration, section: Section
) -> Iterator[tuple[AddField | AlterField, Any]]:
    """The operations with a value in their SQL that another recording would not give: in ADD
    COLUMN, in SET DEFAULT or in the UPDATE that fills NULLs. With each goes its field, which knows
    its column."""
    for operation in migration.operations:
        if not isinstance(operation, AddField | AlterField):
            continue
        field = operation.field.clone()
        field.set_attributes_from_name(operation.name)
        if field.column is None or field.many_to_many or field.db_default is not NOT_PROVIDED:
            continue
        if isinstance(operation, AlterField) and not _gives_default(section, field.column):
            continue
        if _varies(field):
            yield operation, field


def _varies(field: Any) -> bool:
    """Whether the value is another one at another time, or drawn at random. A default that cannot
    be called here (it asks the database, say) is taken for constant.

    Source: django/db/backends/base/schema.py, ``_effective_default``.
    """
    if not field.has_default():
        return getattr(field, "auto_now", False) or getattr(field, "auto_now_add", False)
    if not callable(field.default):
        return False
    try:
        now = field.default()
        with another_time():
            return bool(field.default() != now)
    except Exception:
        return False


def _gives_default(section: Section, column: str) -> bool:
    """Django gives NULLs a value in two ways; of auto_now and auto_now_add in the first alone
    (django/db/backends/base/schema.py, ``_alter_field``)."""
    sets = f"ALTER COLUMN `{column}` SET DEFAULT "
    return _fills_nulls(section, column) or any(sets in sql for sql in _statements(section))


def _fills_nulls(section: Section, column: str) -> bool:
    return any(sql.startswith("UPDATE") and f"`{column}`" in sql for sql in _statements(section))


def _statements(section: Section) -> Iterator[str]:
    return (step.sql for step in section.steps if isinstance(step, Statement))


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
