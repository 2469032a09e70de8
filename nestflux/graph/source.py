"""Modules as they are written: whose they are, and their syntax trees as text.

Layout, comments, docstrings and annotations do not count, and versions of Python find the same.
"""

from __future__ import annotations

import ast
import importlib
import importlib.util
import linecache
import site
import sys
import sysconfig
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path
from typing import Any

# Fields of a syntax tree that do not change what code does, or that only some versions have.
_SILENT = {"ctx", "type_comment", "kind", "annotation", "returns"}


class SourceMissing(Exception):
    """A module's source cannot be read: it is compiled, or was typed at a prompt."""


@cache
def libraries() -> tuple[str, ...]:
    """The folders of packages that are not the project's own: the interpreter's and pip's."""
    found = {sysconfig.get_path(name) for name in ("stdlib", "platstdlib", "purelib", "platlib")}
    found |= {*site.getsitepackages(), site.getusersitepackages()}
    return tuple(str(path) + "/" for each in found for path in {Path(each), Path(each).resolve()})


@cache
def is_own(module: str) -> bool:
    """Is a module the project's own code, by the folder that it lies in?"""
    return is_own_path(_file_of(module))


def is_own_path(path: Path | str) -> bool:
    return bool(path) and not str(path).startswith(libraries())


def lies_in_own(module: str) -> bool:
    """The same of a module that may not be written yet: by the package that it will be in."""
    while module and not _file_of(module):
        module = module.rpartition(".")[0]
    return is_own(module)


def package_of(module: str) -> str:
    """``blog.migrations.0003_fill`` → ``blog``."""
    return module.partition(".")[0]


def _file_of(module: str) -> str:
    """Where a module lies; empty where it is in no file (built in, or not there)."""
    if (there := getattr(sys.modules.get(module), "__file__", None)) is not None:
        return str(there)
    try:
        spec = importlib.util.find_spec(module)
    except (ImportError, ValueError, AttributeError):
        return ""
    return (spec.origin or "") if spec is not None and spec.has_location else ""


# ---- syntax trees --------------------------------------------------------------------------


def dump_tree(node: ast.AST) -> str:
    """A syntax tree as text, the same in every version of Python."""
    fields = []
    for name in node._fields:
        value = getattr(node, name, None)
        if name in _SILENT or value is None or value == []:
            continue
        if isinstance(node, ast.JoinedStr):
            value = _joined(node.values)
        fields.append(f"{name}={_dump_value(value)}")
    return f"{type(node).__name__}({', '.join(fields)})"


def _dump_value(value: Any) -> str:
    if isinstance(value, ast.AST):
        return dump_tree(value)
    if isinstance(value, list):
        return f"[{', '.join(_dump_value(each) for each in value)}]"
    return f"{type(value).__name__}:{value!a}"


def _joined(values: list[ast.expr]) -> list[ast.expr]:
    """The parts of an f-string: versions of Python cut its constant parts in different places."""
    parts: list[ast.expr] = []
    for each in values:
        last = parts[-1] if parts else None
        if isinstance(each, ast.Constant) and isinstance(last, ast.Constant):
            parts[-1] = ast.Constant(str(last.value) + str(each.value))
        elif not (isinstance(each, ast.Constant) and each.value == ""):
            parts.append(each)
    return parts


def without_docstrings(tree: ast.AST) -> ast.AST:
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef | ast.Module):
            first = node.body[0] if node.body else None
            if (
                isinstance(first, ast.Expr)
                and isinstance(first.value, ast.Constant)
                and isinstance(first.value.value, str)
            ):
                rest = node.body[1:]
                node.body = rest or ([] if isinstance(node, ast.Module) else [ast.Pass()])
        # `dump_tree` leaves annotations out; the names in them count for nothing either.
        if isinstance(node, ast.arg):
            node.annotation = None
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            node.returns = None
    return tree


# ---- modules -------------------------------------------------------------------------------


@dataclass(frozen=True)
class Text:
    """A module as it is written. ``package`` is what its relative imports are relative to."""

    name: str
    package: str
    source: str

    @cached_property
    def tree(self) -> ast.Module:
        return ast.parse(self.source)

    @cached_property
    def bound(self) -> dict[str, list[ast.stmt]]:
        """The statements of the module's own level that bind each name."""
        found: dict[str, list[ast.stmt]] = {}
        for statement in _statements(self.tree.body):
            for name in _names_bound_by(statement):
                found.setdefault(name, []).append(statement)
        return found

    def imported(self, statement: ast.ImportFrom) -> str:
        """The module that ``from … import`` names."""
        name = "." * statement.level + (statement.module or "")
        return importlib.util.resolve_name(name, self.package) if statement.level else name


@cache
def text_of(module: str) -> Text:
    """Raises SourceMissing."""
    try:
        found = importlib.import_module(module)
        file = str(found.__file__)
        source = "".join(linecache.getlines(file, vars(found)))
        ast.parse(source)
    except Exception as error:  # whatever a module raises when it is imported
        raise SourceMissing(module) from error
    if not source and not Path(file).is_file():
        raise SourceMissing(module)
    is_package = hasattr(found, "__path__")
    return Text(module, module if is_package else module.rpartition(".")[0], source)


def _statements(body: list[ast.stmt]) -> Iterator[ast.stmt]:
    """Those of ``if``, ``try`` and ``with`` too: they bind names of the module."""
    for statement in body:
        yield statement
        if isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            continue
        for name in ("body", "orelse", "finalbody"):
            yield from _statements(getattr(statement, name, []))
        for handler in getattr(statement, "handlers", []):
            yield from _statements(handler.body)


def _names_bound_by(statement: ast.stmt) -> set[str]:
    match statement:
        case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef():
            return {statement.name}
        case ast.Import():
            return {alias.asname or alias.name.partition(".")[0] for alias in statement.names}
        case ast.ImportFrom():
            return {alias.asname or alias.name for alias in statement.names}
        case ast.Assign() | ast.AnnAssign() | ast.AugAssign():
            stored = [n for n in ast.walk(statement) if isinstance(n, ast.Name)]
            return {name.id for name in stored if isinstance(name.ctx, ast.Store)}
    return set()
