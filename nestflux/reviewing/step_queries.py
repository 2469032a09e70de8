"""What a Python step asks of models, by its syntax tree. Pure, but for the models of a module.

Only what is certain is found: ``Post = apps.get_model("blog", "Post")``, ``Post.objects.all()``,
and names that are bound to one such expression.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

from django.db.models import Model

from nestflux.graph.step_code import StepCode
from nestflux.reviewing.reviewed import OperationPlace

# What leaves a queryset as large as it is, or nearly so.
_KEEP = {
    *("all", "order_by", "select_related", "prefetch_related", "only", "defer", "using"),
    *("values", "values_list", "exclude", "select_for_update", "reverse"),
}
MANAGERS = {"objects", "_default_manager", "_base_manager"}


@dataclass(frozen=True)
class Query:
    """A chain of methods of a model's manager: ``Post.objects.filter(…).update(…)``."""

    table: str
    methods: tuple[tuple[str, ast.Call], ...]

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(name for name, _ in self.methods)

    @property
    def is_of_all_rows(self) -> bool:
        """Is nothing known to leave many rows out?"""
        return all(
            name in _KEEP or (name == "filter" and _keeps_many(call)) for name, call in self.methods
        )


def _keeps_many(call: ast.Call) -> bool:
    """Does a filter ask for what most rows may have: NULL, an empty text, a flag?"""
    return not call.args and all(
        isinstance(each.value, ast.Constant)
        and (each.value.value in (None, "") or isinstance(each.value.value, bool))
        for each in call.keywords
    )


@dataclass(frozen=True)
class StepQueries:
    """The queries of a step, function by function."""

    place: OperationPlace

    @property
    def code(self) -> StepCode:
        return self.place.code

    def models(self) -> Iterator[tuple[str, str]]:
        """The app and name of each model that the step asks its own ``apps`` for."""
        found: dict[tuple[str, str], None] = {}
        for function in self.code.functions:
            given = {each.arg for each in function.args.args}
            for node in ast.walk(function):
                match node:
                    case ast.Call(func=ast.Attribute(value=ast.Name(name))) if name in given:
                        if asked := _model_asked_by(node):
                            found[asked] = None
        yield from found

    def looped_over(self) -> Iterator[Query]:
        """Those whose rows are all held in memory while a loop goes through them."""
        for function in self.code.functions:
            reader = _Reader(function, self.place)
            for node in ast.walk(function):
                if not isinstance(node, ast.For | ast.comprehension):
                    continue
                if query := reader.query(_unwrapped(node.iter)):
                    yield query

    def updates(self) -> Iterator[Query]:
        """Those that end in ``.update(…)``; less that."""
        for function in self.code.functions:
            reader = _Reader(function, self.place)
            for node in ast.walk(function):
                if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
                    query = reader.query(node.func.value)
                    if node.func.attr == "update" and query:
                        yield query


def _unwrapped(node: ast.expr) -> ast.expr:
    """``enumerate(list(x))`` → ``x``."""
    while isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.args:
        if node.func.id not in ("list", "tuple", "set", "sorted", "enumerate", "reversed"):
            break
        node = node.args[0]
    return node


@dataclass(frozen=True)
class _Reader:
    """One function: its names, and what they are bound to where that is one expression."""

    function: ast.FunctionDef
    place: OperationPlace

    @cached_property
    def bound(self) -> Mapping[str, ast.expr]:
        found: dict[str, list[ast.expr]] = {}
        for node in ast.walk(self.function):
            if isinstance(node, ast.Assign) and len(node.targets) == 1:
                target = node.targets[0]
                if isinstance(target, ast.Name):
                    found.setdefault(target.id, []).append(node.value)
        return {name: values[0] for name, values in found.items() if len(values) == 1}

    def query(self, node: ast.expr) -> Query | None:
        methods: list[tuple[str, ast.Call]] = []
        node = self._followed(node)
        while isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            methods.insert(0, (node.func.attr, node))
            node = self._followed(node.func.value)
        if not (isinstance(node, ast.Attribute) and node.attr in MANAGERS):
            return None
        table = self._table(self._followed(node.value))
        return Query(table, tuple(methods)) if table else None

    def _followed(self, node: ast.expr) -> ast.expr:
        seen: set[str] = set()
        while isinstance(node, ast.Name) and node.id in self.bound and node.id not in seen:
            seen.add(node.id)
            node = self.bound[node.id]
        return node

    def _table(self, node: ast.expr) -> str:
        """The table of ``apps.get_model("blog", "Post")`` or of a model of the module."""
        if isinstance(node, ast.Name):
            value = self.place.code.names.get(node.id)
            if isinstance(value, type) and issubclass(value, Model):
                return value._meta.db_table
            return ""
        asked = _model_asked_by(node)
        return self.place.table(*asked) if asked else ""


def _model_asked_by(node: ast.AST) -> tuple[str, str] | None:
    """The app and the model of ``apps.get_model("blog", "Post")``, where both are literals."""
    if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)):
        return None
    named = {each.arg: each.value for each in node.keywords}
    keywords = [named[name] for name in ("app_label", "model_name") if name in named]
    given = [arg.value for arg in (*node.args, *keywords) if isinstance(arg, ast.Constant)]
    texts = [part for each in given if isinstance(each, str) for part in each.split(".")]
    is_lookup = node.func.attr == "get_model" and len(texts) == 2
    return (texts[0], texts[1]) if is_lookup else None
