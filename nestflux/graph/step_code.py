"""What a Python step runs, as syntax trees: its function, and those of its module that it calls."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from types import FunctionType
from typing import Any

from django.db.migrations.operations import RunPython
from django.db.migrations.operations.base import Operation

from nestflux.graph.reach import nodes_of, text_around
from nestflux.graph.source import SourceMissing


@dataclass(frozen=True)
class StepCode:
    """``functions`` begin with the step's own; none where its source is not at hand. ``names`` are
    those of its module with their values."""

    functions: tuple[ast.FunctionDef, ...] = ()
    names: Mapping[str, Any] = field(default_factory=dict)

    @property
    def name(self) -> str:
        return self.functions[0].name if self.functions else ""

    def nodes(self) -> Iterator[ast.AST]:
        for function in self.functions:
            yield from ast.walk(function)


def code_of_step(operation: Operation) -> StepCode:
    """Nothing of an operation that is no RunPython, of a lambda and of a method."""
    code = operation.code if isinstance(operation, RunPython) else None
    if isinstance(code, partial):
        code = code.func
    if not isinstance(code, FunctionType):
        return StepCode()
    try:
        found = nodes_of(code, text_around(code))
    except SourceMissing:
        return StepCode()
    functions = {node.name: node for node in found if isinstance(node, ast.FunctionDef)}
    waiting = list(functions.values())
    while waiting:
        for called in _called(waiting.pop(), code):
            if called.name not in functions:
                functions[called.name] = called
                waiting.append(called)
    return StepCode(tuple(functions.values()), code.__globals__)


def _called(function: ast.FunctionDef, code: FunctionType) -> Iterator[ast.FunctionDef]:
    """The functions of the same module that a function calls by their names."""
    for node in ast.walk(function):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            value = code.__globals__.get(node.func.id)
            if isinstance(value, FunctionType) and value.__module__ == code.__module__:
                try:
                    found = nodes_of(value, text_around(value))
                except SourceMissing:
                    continue
                yield from (each for each in found if isinstance(each, ast.FunctionDef))
