"""A field that is there already and its column as it is now, to one field: what the database
decides comes from the column, what only Django knows stays as it is written. Pure."""

from __future__ import annotations

import ast
from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from django.db import models

from nestflux.pulling.python_text import Call, Code, Value, one_line, quoted
from nestflux.pulling.source import CannotEdit, Source
from nestflux.pulling.templates import templates

if TYPE_CHECKING:
    from django.db.backends.base.base import BaseDatabaseWrapper

# Arguments that say what the column is; all others are kept.
_OF_THE_COLUMN = frozenset(
    {
        "db_collation",
        "db_column",
        "db_comment",
        "db_constraint",
        "db_default",
        "db_index",
        "db_persist",
        "decimal_places",
        "expression",
        "max_digits",
        "max_length",
        "null",
        "output_field",
        "primary_key",
        "sql_check",
        "sql_more",
        "sql_type",
        "to_field",
        "unique",
    }
)
_FOR_PEOPLE = frozenset({"verbose_name", "help_text"})
_RELATIONS = ("ForeignKey", "OneToOneField")


def merged(
    connection: BaseDatabaseWrapper,
    source: Source,
    written: ast.expr | None,
    field: Any,
    pulled: Call,
    *,
    same_target: bool,
) -> Call:
    """The field's new call.

    Args:
        written: the call as it stands in the source.
        field: the field that it made.
        pulled: as db_pull would write the column.
        same_target: does a relation lead where it led before?

    Raises CannotEdit where the statement is none that db_pull understands.
    """
    if not isinstance(written, ast.Call):
        raise CannotEdit("its field is not written as a call")
    if any(keyword.arg is None for keyword in written.keywords):
        raise CannotEdit("its arguments are not all written out")
    arguments, keywords = _given(source, written, field)
    is_relation = pulled.function.endswith(_RELATIONS)
    if is_relation != bool(field.remote_field):
        arguments.pop("to", None)
        keywords = {k: v for k, v in keywords.items() if k not in ("on_delete", "related_name")}
    kept = {k: v for k, v in keywords.items() if k not in _OF_THE_COLUMN}
    if pulled.function.endswith("GeneratedField"):
        kept = {k: v for k, v in kept.items() if k in _FOR_PEOPLE}
    given = dict(pulled.keywords)
    if "choices" in kept:
        kept["choices"] = _choices(kept["choices"], given)
    if field.null == bool(given.get("null", False)):
        given = {k: v for k, v in given.items() if k != "blank" or k in kept}
    else:
        kept.pop("blank", None)
    if field.remote_field and is_relation:
        given.pop("related_name", None)
    target = (arguments["to"],) if "to" in arguments and same_target else pulled.arguments
    function = _function(connection, source.of(written.func), field, pulled)
    is_kept = function == source.of(written.func)
    if is_kept and field.db_index and "db_index" not in keywords and not field.remote_field:
        given["db_index"] = False  # of SlugField; Meta states the index
    return replace(pulled, function=function, arguments=target, keywords={**given, **kept})


def field_classes(value: Value) -> set[str]:
    """The classes of ``sql.py`` that a call uses."""
    if not isinstance(value, Call):
        return set()
    inner = [field_classes(each) for each in (*value.arguments, *value.keywords.values())]
    return ({value.function} & set(templates())).union(*inner)


def _given(source: Source, call: ast.Call, field: Any) -> tuple[dict[str, Value], dict[str, Value]]:
    """The arguments as they are written: those of a place by the names that they have."""
    names = ("to", "on_delete") if field.remote_field else ("verbose_name",)
    if len(call.args) > len(names) or any(isinstance(each, ast.Starred) for each in call.args):
        raise CannotEdit("its arguments are given by their places")
    found: dict[str, Value] = {
        name: Code(source.of(value)) for name, value in zip(names, call.args, strict=False)
    }
    found |= {each.arg: Code(source.of(each.value)) for each in call.keywords if each.arg}
    to = {"to": found.pop("to")} if "to" in found else {}
    return to, found


def _function(connection: BaseDatabaseWrapper, written: str, field: Any, pulled: Call) -> str:
    """The class: the one that is written where its column is of the same kind."""
    mine, theirs = type(field), getattr(models, pulled.function.removeprefix("models."), None)
    if mine is theirs:
        return written
    of_django = mine.__module__.startswith("django.db.models.")
    is_computed = models.GeneratedField in (mine, theirs)
    if mine.__name__ in templates() or (of_django and (theirs is None or is_computed)):
        return pulled.function
    if mine.db_type is not models.Field.db_type and not of_django:
        raise CannotEdit(f"its class {mine.__name__} decides the type of its column")
    if theirs is not None and _kind(connection, mine) == _kind(connection, theirs):
        return written
    if not of_django:
        raise CannotEdit(f"its class {mine.__name__} is none of Django's")
    return pulled.function


def _kind(connection: BaseDatabaseWrapper, field_class: Any) -> tuple[object, ...]:
    """What decides a field's column beside its arguments."""
    internal = field_class.get_internal_type(field_class.__new__(field_class))
    checks: Mapping[str, object] = connection.data_type_check_constraints
    return (connection.data_types.get(internal, internal), checks.get(internal))


def _choices(written: Value, pulled: dict[str, Value]) -> Value:
    """Those of an enum, with the labels that are written; what is no plain list stays."""
    values = pulled.get("choices")
    if not isinstance(values, tuple):
        return written
    try:
        labels = dict(ast.literal_eval(one_line(written)))
        new = [ast.literal_eval(one_line(each))[0] for each in values]
    except (ValueError, TypeError, SyntaxError):
        return written
    pairs = ((value, str(labels.get(value, value))) for value in new)
    return tuple(Code(f"({quoted(value)}, {quoted(label)})") for value, label in pairs)
