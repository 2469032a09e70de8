"""Fingerprints of migrations, by which an edited ``.py`` is found without a server.

A migration has two. That of its *operations* is made of their values, as Django deconstructs
them, less what makes no SQL. That of its *source* is its syntax tree. Only where both are others
was it edited so that it would make other SQL: operations alone differ where a value comes from
settings, source alone where code was tidied up.
"""

from __future__ import annotations

import datetime
import decimal
import enum
import hashlib
import re
import uuid
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

import django
from django.conf import SettingsReference
from django.db.migrations.operations import (
    AlterModelManagers,
    AlterModelOptions,
    RunPython,
    SeparateDatabaseAndState,
)
from django.db.migrations.operations.base import Operation
from django.db.models import Field
from django.utils.functional import Promise

from nestflux.django_compat import ALTER_CONSTRAINT, database_on_delete, setting_of
from nestflux.graph.reach import Reach
from nestflux.graph.source import (
    SourceMissing,
    Text,
    is_own,
    lies_in_own,
    package_of,
    text_of,
)

if TYPE_CHECKING:
    from django.db.migrations.migration import Migration

# The way in which code is printed. Prints of another way are not compared.
_VERSION = "2:"
# What makes no SQL: Field.non_db_attrs (django/db/models/fields/__init__.py), but for the column's
# name and for `blank`, of which a new column's default depends (BaseDatabaseSchemaEditor.
# _effective_default); where a file field keeps its files; and an on_delete that Django carries out
# (from 6.1 it is not in that list, for the server may carry it out: see _is_silent).
_SILENT = set(Field.non_db_attrs) - {"blank", "db_column"} | {"storage", "upload_to", "on_delete"}
_SILENT_OPTIONS = set(AlterModelOptions.ALTER_OPTION_KEYS) - {"managed"}
_LITERALS = (
    str | bytes | int | float | complex | bool | None | decimal.Decimal | uuid.UUID | datetime.date
    | datetime.time | datetime.timedelta | datetime.tzinfo | range
)  # fmt: skip

# Those of them, to the letter, that most values are: nothing else is to be asked of them.
_PLAIN = frozenset((str, int, bool, type(None), float, bytes))

Counts = Callable[[str], bool]


def django_series() -> str:
    """``5.2``: operations of another series may be deconstructed in another way."""
    return ".".join(map(str, django.VERSION[:2]))


@dataclass(frozen=True)
class Prints:
    """A migration's fingerprints. ``packages`` are the top-level packages whose code was
    followed; none for a package's migration. ``source`` is empty where it cannot be read."""

    packages: tuple[str, ...]
    operations: str
    source: str


def prints_of(
    migration: Migration, packages: Collection[str] | None = None, text: str | None = None
) -> Prints:
    """The fingerprints of a migration.

    Args:
        packages: whose code counts: those that counted when it was recorded; None: what lies
            outside the libraries' folders.
        text: the module's text, where it is not written yet.
    """
    module = type(migration).__module__
    counts = _counting(module, packages)
    reach = Reach(counts)
    try:
        package = module.rpartition(".")[0]
        reach.module(Text(module, package, text) if text is not None else text_of(module))
        for operation in _all(migration.operations):
            for code in _codes(operation):
                if counts(_module_of(code)):
                    reach.code(code)
        source = _hashed(reach.parts)
    except SourceMissing:
        source = ""
    own = lies_in_own(module) if packages is None else package_of(module) in packages
    found = tuple(sorted(filter(None, reach.packages))) if own else ()
    return Prints(found, operations_print(migration, packages), source)


def operations_print(migration: Migration, packages: Collection[str] | None = None) -> str:
    """The fingerprint of a migration's operations alone, without reading any source: a tenth of the
    work of both."""
    counts = _counting(type(migration).__module__, packages)
    dumped = (_operation(operation, counts) for operation in migration.operations)
    return _hashed(filter(None, dumped))


def fingerprint(operation: Operation, module: str, packages: Collection[str] | None = None) -> str:
    """A Python step's code as a hash; a library's code is known by its name. Empty where a source
    cannot be had.

    Args:
        module: the migration's.
        packages: as for ``prints_of``.
    """
    counts = _counting(module, packages)
    parts = [] if isinstance(operation, RunPython) else [_operation(operation, counts)]
    for code in _codes(operation):
        reach = Reach(counts)
        try:
            if counts(_module_of(code)):
                reach.code(code)
            else:
                parts.append(_value(code, counts))
        except SourceMissing:
            return ""
        parts.append("\n".join(reach.parts))
    return _VERSION + _hashed(parts)


def _module_of(code: Any) -> str:
    code = code.func if isinstance(code, partial) else code
    return str(getattr(code, "__module__", None) or type(code).__module__)


def comparable(recorded: str, found: str) -> bool:
    """Were both made in the same way, of a source that could be read?"""
    return recorded.startswith(_VERSION) and found.startswith(_VERSION)


def _counting(module: str, packages: Collection[str] | None) -> Counts:
    """A migration's own module counts always: of a package's step, it is all that counts."""
    if packages is None:
        return lambda name: name == module or is_own(name)
    return lambda name: name == module or package_of(name) in packages


def _hashed(parts: Iterable[str]) -> str:
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()


def _all(operations: Iterable[Operation]) -> Iterable[Operation]:
    for operation in operations:
        if isinstance(operation, SeparateDatabaseAndState):
            yield from _all(operation.database_operations)
        else:
            yield operation


def _codes(operation: Operation) -> list[Any]:
    if not isinstance(operation, RunPython):
        return []
    codes = [operation.code, operation.reverse_code]
    return [code for code in codes if code is not None and code is not RunPython.noop]


# ---- operations as text --------------------------------------------------------------------


def _operation(operation: Operation, counts: Counts) -> str:
    """Empty for one that makes no SQL, and for those that a receiver of ``pre_migrate`` put in."""
    kind = type(operation)
    if isinstance(operation, (AlterModelManagers, *ALTER_CONSTRAINT)):
        return ""
    if kind.__name__ == "RenameContentType":
        return ""
    if isinstance(operation, RunPython):  # its code has a fingerprint of its own
        return f"RunPython(atomic={operation.atomic})"
    if isinstance(operation, SeparateDatabaseAndState):
        inner = (operation.database_operations, operation.state_operations)
        return (
            f"Separate({', '.join(_list(_operation(o, counts) for o in each) for each in inner)})"
        )
    name, args, kwargs = operation.deconstruct()
    kwargs = {key: value for key, value in kwargs.items() if key not in ("managers", "hints")}
    if isinstance(kwargs.get("options"), dict):
        kwargs["options"] = {
            key: value for key, value in kwargs["options"].items() if key not in _SILENT_OPTIONS
        }
        if isinstance(operation, AlterModelOptions) and not kwargs["options"]:
            return ""
    dumped = _call(f"{kind.__module__}.{name}", args, kwargs, counts)
    if counts(kind.__module__):
        reach = Reach(counts)
        try:
            reach.name(text_of(kind.__module__), kind.__qualname__.partition(".")[0])
            dumped += _hashed(reach.parts)
        except SourceMissing:
            pass
    return dumped


def _is_silent(key: str, value: Any) -> bool:
    """Does a field's argument make no SQL?"""
    return key in _SILENT and not (key == "on_delete" and database_on_delete(value))


def _call(path: str, args: Iterable[Any], kwargs: dict[str, Any], counts: Counts) -> str:
    shown = [_value(each, counts) for each in args]
    shown += [f"{key}={_value(kwargs[key], counts)}" for key in sorted(kwargs)]
    return f"{path}({', '.join(shown)})"


def _list(shown: Iterable[str]) -> str:
    return f"[{', '.join(shown)}]"


def _value(value: Any, counts: Counts) -> str:
    """A value of a migration as text; what is known by no value, by its type."""
    if type(value) in _PLAIN:
        return f"{type(value).__name__}:{value!a}"
    match value:
        case SettingsReference():
            return f"settings.{setting_of(value)}"
        case Promise():
            return "words"
        case enum.Enum():
            return _value(value.value, counts)
        case Operation():
            return _operation(value, counts)
        case Field():
            _, path, args, kwargs = value.deconstruct()
            kept = {key: each for key, each in kwargs.items() if not _is_silent(key, each)}
            return _call(path, args, kept, counts)
        case list() | tuple():
            return _list(_value(each, counts) for each in value)
        case set() | frozenset():
            return _list(sorted(_value(each, counts) for each in value))
        case dict():
            return _list(
                sorted(f"{_value(k, counts)}: {_value(v, counts)}" for k, v in value.items())
            )
        case re.Pattern():
            return f"{value.pattern!a}/{int(value.flags)}"
        case partial():
            return _call("partial", (value.func, *value.args), value.keywords, counts)
    if rule := database_on_delete(value):
        return f"ON DELETE {rule}"
    if isinstance(value, _LITERALS):
        return f"{type(value).__name__}:{value!a}"
    if hasattr(value, "deconstruct") and not isinstance(value, type):
        path, args, kwargs = value.deconstruct()
        kept = {key: v for key, v in kwargs.items() if not key.startswith("violation_error_")}
        return _call(path, args, kept, counts)
    named = value if hasattr(value, "__qualname__") else type(value)
    return f"{named.__module__}.{named.__qualname__}"
