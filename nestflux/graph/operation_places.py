"""Where an operation of a migration is written: its file and its line."""

from __future__ import annotations

import ast
import inspect
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path

from django.db.migrations import Migration


def migration_path(migration: Migration) -> Path | None:
    """The file of a migration; None where its source is not at hand."""
    try:
        return Path(inspect.getsourcefile(type(migration)) or "") or None
    except TypeError:  # made in memory, and not written yet
        return None


def operation_line(path: Path, indexes: Sequence[int]) -> int | None:
    """The line where an operation begins.

    Args:
        indexes: its index in ``operations``, and in the ``database_operations`` of those around it.

    None where ``operations`` is no plain list, or holds another number of operations.
    """
    try:
        found = _operations(_tree(path, path.stat().st_mtime_ns))
    except (OSError, ValueError, SyntaxError):
        return None
    for index in indexes:
        held = _nested(found) if isinstance(found, ast.Call) else found
        if not isinstance(held, ast.List) or index >= len(held.elts):
            return None
        if any(isinstance(each, ast.Starred) for each in held.elts[:index]):
            return None
        found = held.elts[index]
    return found.lineno if found is not None else None


@lru_cache(maxsize=4)  # the operations of a migration are asked for one after the other
def _tree(path: Path, changed: int) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def _operations(tree: ast.Module) -> ast.expr | None:
    for node in tree.body:
        if isinstance(node, ast.ClassDef) and node.name == "Migration":
            for statement in node.body:
                match statement:
                    case ast.Assign(targets=[ast.Name("operations")], value=value):
                        return value
                    case ast.AnnAssign(target=ast.Name("operations"), value=value):
                        return value
    return None


def _nested(call: ast.Call) -> ast.expr | None:
    """What a SeparateDatabaseAndState does to the database."""
    named = {keyword.arg: keyword.value for keyword in call.keywords}
    return named.get("database_operations", call.args[0] if call.args else None)
