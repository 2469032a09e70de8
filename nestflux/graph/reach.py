"""What a piece of code says, with the helpers and constants that it uses: names are followed.

Nothing depends on values: a constant that is read from the environment is known by the expression
that reads it. So two machines find the same.
"""

from __future__ import annotations

import ast
import importlib.util
import linecache
import symtable
import sys
from collections.abc import Callable
from copy import deepcopy
from dataclasses import dataclass, field
from functools import cache, partial
from types import FunctionType, MethodType, ModuleType
from typing import Any

from django.db.models import Model

from nestflux.graph.source import (
    SourceMissing,
    Text,
    dump_tree,
    is_own,
    package_of,
    text_of,
    without_docstrings,
)


@dataclass
class Reach:
    """Collects code and what it reaches, each piece once.

    Args:
        counts: does a module's code count? ``is_own``, or a test of the packages that counted
            when a print was taken: where a project is installed, no path tells its code apart.

    ``packages`` are the top-level packages of what was collected.
    """

    counts: Callable[[str], bool] = is_own
    packages: set[str] = field(default_factory=set)
    _parts: list[str] = field(default_factory=list)
    _seen: set[tuple[str, str]] = field(default_factory=set)

    @property
    def parts(self) -> list[str]:
        """The pieces in an order that does not depend on where they stand."""
        return sorted(self._parts)

    def code(self, value: Any) -> None:
        """A function, as an operation has it in its arguments. Raises SourceMissing."""
        if isinstance(value, partial):
            self._parts.append(f"partial {_literal(value.args)} {_literal(value.keywords)}")
            value = value.func
        if isinstance(value, MethodType):
            value = value.__func__
        if not isinstance(value, FunctionType):
            kind = value if isinstance(value, type) else type(value)
            if not self.counts(kind.__module__):
                raise SourceMissing(kind.__module__)
            self.name(text_of(kind.__module__), kind.__qualname__.partition(".")[0])
            return
        text = text_around(value)
        for node in nodes_of(value, text):
            self._once(text, node)
        for name, cell in zip(value.__code__.co_freevars, value.__closure__ or (), strict=False):
            self._cell(name, cell)

    def module(self, text: Text) -> None:
        """A whole module."""
        self.packages.add(package_of(text.name))
        for statement in text.tree.body:
            if not isinstance(statement, ast.Import | ast.ImportFrom):
                self._once(text, statement)

    def name(self, text: Text, name: str, further: tuple[str, ...] = ()) -> None:
        """What a name of a module stands for. ``further``: the attributes that are asked of it."""
        place = (text.name, f"name {'.'.join((name, *further))}")
        if place in self._seen:
            return
        self._seen.add(place)
        if name not in text.bound:
            self._by_star(text, name)
            return
        for statement in text.bound[name]:
            if isinstance(statement, ast.Import):
                for alias in statement.names:
                    if alias.asname == name:
                        self._attributes(alias.name, further)
                    elif alias.asname is None and alias.name.partition(".")[0] == name:
                        self._attributes(name, further)
            elif isinstance(statement, ast.ImportFrom):
                for alias in statement.names:
                    if (alias.asname or alias.name) == name:
                        self._imported(text.imported(statement), alias.name, further)
            elif not (isinstance(statement, ast.ClassDef) and _is_model(text.name, name)):
                self._once(text, statement)

    def _once(self, text: Text, node: ast.stmt | ast.expr) -> None:
        place = (text.name, f"{node.lineno}:{node.col_offset}")
        if place not in self._seen:
            self._seen.add(place)
            self._add(text, node)

    def _add(self, text: Text, node: ast.AST) -> None:
        clean = without_docstrings(deepcopy(node))
        self.packages.add(package_of(text.name))
        self._parts.append(dump_tree(clean))
        chains = _chains(clean)
        for name in sorted(_free_names(clean)):
            for further in chains.get(name, [()]):
                self.name(text, name, further)
        for inner in ast.walk(clean):
            if isinstance(inner, ast.ImportFrom):
                for alias in inner.names:
                    called = alias.asname or alias.name
                    for further in chains.get(called, [()]):
                        self._imported(text.imported(inner), alias.name, further)
            elif isinstance(inner, ast.Import):
                for alias in inner.names:
                    called = alias.asname or alias.name.partition(".")[0]
                    start = alias.name if alias.asname else called
                    for further in chains.get(called, []):
                        self._attributes(start, further)

    def _imported(self, module: str, name: str, further: tuple[str, ...]) -> None:
        if not self.counts(module):
            return
        if _is_module(f"{module}.{name}"):
            self._attributes(f"{module}.{name}", further)
        else:
            self.name(text_of(module), name, further)

    def _attributes(self, module: str, further: tuple[str, ...]) -> None:
        """``module.further[0].further[1]…``: submodules first, then a name of the last one."""
        if not self.counts(module):
            return
        while further and _is_module(f"{module}.{further[0]}"):
            module, further = f"{module}.{further[0]}", further[1:]
        if further:
            self.name(text_of(module), further[0], further[1:])

    def _by_star(self, text: Text, name: str) -> None:
        """A name that may have come by ``from … import *``; else it is one of Python's own."""
        for statement in text.bound.get("*", ()):
            if isinstance(statement, ast.ImportFrom) and self.counts(text.imported(statement)):
                self.name(text_of(text.imported(statement)), name)

    def _cell(self, name: str, cell: Any) -> None:
        """A variable of the function that made the code."""
        try:
            value = cell.cell_contents
        except ValueError:  # not bound (yet)
            return
        if isinstance(value, FunctionType) and self.counts(value.__module__):
            if (value.__module__, value.__qualname__) not in self._seen:
                self._seen.add((value.__module__, value.__qualname__))
                self.code(value)
        else:
            self._parts.append(f"{name}={_literal(value)}")


@cache
def _is_module(name: str) -> bool:
    if isinstance(sys.modules.get(name), ModuleType):
        return True
    try:
        return importlib.util.find_spec(name) is not None
    except (ImportError, ValueError, AttributeError):
        return False


def _is_model(module: str, name: str) -> bool:
    """Models change all the time; a step gets those of its migration from ``apps.get_model``."""
    value = getattr(sys.modules.get(module), name, None)
    return isinstance(value, type) and issubclass(value, Model)


def text_around(function: FunctionType) -> Text:
    """The module of a function; of code without a module, the lines that it was compiled from."""
    name = function.__globals__.get("__name__", "")
    file = function.__code__.co_filename
    if name in sys.modules and getattr(sys.modules[name], "__file__", None) == file:
        return text_of(name)
    lines = linecache.getlines(file)
    if not lines:
        raise SourceMissing(file)
    package = function.__globals__.get("__package__") or ""
    return Text(name or "", package, "".join(lines))


def nodes_of(function: FunctionType, text: Text) -> list[ast.stmt | ast.expr]:
    """Where a function is written: a ``def`` by its line and name; of lambdas those of its line,
    for nothing tells two of one line apart that every version of Python has."""
    line, name = function.__code__.co_firstlineno, function.__code__.co_name
    found: list[ast.stmt | ast.expr] = []
    for node in ast.walk(text.tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name == name:
            first = min([node.lineno, *(each.lineno for each in node.decorator_list)])
            if first == line:
                return [node]
        elif isinstance(node, ast.Lambda) and name == "<lambda>" and node.lineno == line:
            found.append(node)
    if not found:
        raise SourceMissing(f"{text.name}:{line}")
    return found


def _literal(value: Any) -> str:
    """A value that code got when it was made; what is no literal is known by its type."""
    if isinstance(value, str | bytes | int | float | bool | None):
        return ascii(value)
    if isinstance(value, list | tuple):
        return f"[{', '.join(_literal(each) for each in value)}]"
    if isinstance(value, dict):
        shown = (f"{key!a}: {_literal(each)}" for key, each in value.items())
        return f"{{{', '.join(sorted(shown))}}}"
    return type(value).__qualname__


def _free_names(node: ast.AST) -> set[str]:
    """The names that a statement or expression takes from its module (or Python's own)."""
    shown = ast.unparse(ast.fix_missing_locations(node))
    if isinstance(node, ast.expr):
        shown = f"({shown})"
    found: set[str] = set()
    try:
        tables = [symtable.symtable(shown, "<code>", "exec")]
    except SyntaxError:  # the body of a closure, whose `nonlocal` has nothing to bind to here
        return {each.id for each in ast.walk(node) if isinstance(each, ast.Name)}
    module = tables[0]
    while tables:
        table = tables.pop()
        tables += table.get_children()
        for symbol in table.get_symbols():
            if symbol.is_referenced() and (table is module or symbol.is_global()):
                found.add(symbol.get_name())
    # Versions differ in whose the variables of a comprehension are (PEP 709, PEP 572).
    bound = {each.get_name() for each in module.get_symbols() if each.is_assigned()}
    bound |= {each.target.id for each in ast.walk(node) if isinstance(each, ast.NamedExpr)}
    return found - bound


def _chains(node: ast.AST) -> dict[str, list[tuple[str, ...]]]:
    """What is asked of each name: ``helpers.dates.today`` → ``helpers``: ``(dates, today)``."""
    found: dict[str, list[tuple[str, ...]]] = {}
    for each in ast.walk(node):
        parts: list[str] = []
        while isinstance(each, ast.Attribute):
            parts.insert(0, each.attr)
            each = each.value
        if isinstance(each, ast.Name) and parts:
            found.setdefault(each.id, []).append(tuple(parts))
    return found
