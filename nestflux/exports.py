"""Model classes of a ``models`` package that its ``__init__.py`` does not export.

Django loads ``models/__init__.py`` and nothing else: a class in a file that it does not import is
no table, no migration and no error. So the package's files are parsed, not imported.
"""

from __future__ import annotations

import ast
import sys
import sysconfig
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

from django.db.models import Model

if TYPE_CHECKING:
    from django.apps import AppConfig


@dataclass(frozen=True)
class ModelClass:
    """A class that is, or would be, a table."""

    module: str
    name: str
    file: Path
    line: int

    @property
    def import_line(self) -> str:
        return f"from {self.module} import {self.name}"


@dataclass(frozen=True)
class Unreadable:
    """A file of the package that is not Python."""

    file: Path
    line: int
    why: str


@dataclass
class _Source:
    """One parsed file: its classes, and where its other names come from."""

    module: str
    classes: dict[str, ast.ClassDef] = field(default_factory=dict)
    imported: dict[str, tuple[str, str]] = field(default_factory=dict)


def is_own_code(config: AppConfig) -> bool:
    """Does the app belong to the project, and not to an installed package?"""
    path = Path(config.path).resolve()
    return not any(
        path.is_relative_to(Path(sysconfig.get_path(kind)).resolve())
        for kind in ("purelib", "platlib", "stdlib")
    )


def not_exported(config: AppConfig) -> Iterator[ModelClass | Unreadable]:
    """The model classes of an app that its ``models`` package does not export, in file order."""
    package = config.models_module
    if package is None or not hasattr(package, "__path__"):
        return
    sources: dict[str, _Source] = {}
    found: list[tuple[Path, _Source]] = []
    for file in sorted(Path(next(iter(package.__path__))).rglob("*.py")):
        module = _module_of(package, file)
        if module is None:
            continue
        try:
            tree = ast.parse(file.read_bytes(), str(file))
        except (SyntaxError, ValueError) as error:
            yield Unreadable(file, getattr(error, "lineno", None) or 1, str(error))
            continue
        sources[module] = source = _read(module, tree)
        found.append((file, source))
    for file, source in found:
        for name, definition in source.classes.items():
            if not hasattr(package, name) and _is_table(source, definition, sources):
                yield ModelClass(source.module, name, file, definition.lineno)


def _module_of(package: ModuleType, file: Path) -> str | None:
    """The dotted name of a file of the package; None for the package's own ``__init__.py`` and
    for tests and the like that lie in folders that are no packages."""
    root = Path(next(iter(package.__path__)))
    parts = list(file.relative_to(root).with_suffix("").parts)
    if not all((root.joinpath(*parts[:i]) / "__init__.py").exists() for i in range(len(parts))):
        return None
    if parts[-1] == "__init__":
        parts.pop()
    return ".".join([package.__name__, *parts]) if parts else None


def _read(module: str, tree: ast.Module) -> _Source:
    source = _Source(module)
    for node in tree.body:
        if isinstance(node, ast.ClassDef):
            source.classes[node.name] = node
        elif isinstance(node, ast.ImportFrom):
            origin = _absolute(module, node)
            for alias in node.names:
                source.imported[alias.asname or alias.name] = (origin, alias.name)
        elif isinstance(node, ast.Import):
            for alias in node.names:
                source.imported[alias.asname or alias.name] = (alias.name, "")
    return source


def _absolute(module: str, node: ast.ImportFrom) -> str:
    if not node.level:
        return node.module or ""
    base = module.split(".")[: -node.level]
    return ".".join([*base, *([node.module] if node.module else [])])


def _is_table(source: _Source, definition: ast.ClassDef, sources: dict[str, _Source]) -> bool:
    live = getattr(sys.modules.get(source.module), definition.name, None)
    if isinstance(live, type):
        return issubclass(live, Model) and not live._meta.abstract
    return not _is_abstract(definition) and _is_model(source, definition, sources, depth=0)


def _is_abstract(definition: ast.ClassDef) -> bool:
    for node in definition.body:
        if isinstance(node, ast.ClassDef) and node.name == "Meta":
            for line in node.body:
                if (
                    isinstance(line, ast.Assign)
                    and any(isinstance(t, ast.Name) and t.id == "abstract" for t in line.targets)
                    and isinstance(line.value, ast.Constant)
                ):
                    return bool(line.value.value)
    return False


def _is_model(
    source: _Source, definition: ast.ClassDef, sources: dict[str, _Source], depth: int
) -> bool:
    """Does one of its bases lead to ``django.db.models.Model``?"""
    return any(_leads_to_model(source, base, sources, depth) for base in definition.bases)


def _leads_to_model(
    source: _Source, base: ast.expr, sources: dict[str, _Source], depth: int
) -> bool:
    if depth > 20:  # classes that name each other
        return False
    if isinstance(base, ast.Subscript):  # Base[T]
        base = base.value
    path = ast.unparse(base).split(".")
    if len(path) == 1 and (local := source.classes.get(path[0])) is not None:
        return _is_model(source, local, sources, depth + 1)
    module, name = source.imported.get(path[0], ("", ""))
    names = [*([name] if name else []), *path[1:]]
    if module in sources and len(names) == 1:
        there = sources[module]
        if (parent := there.classes.get(names[0])) is not None:
            return _is_model(there, parent, sources, depth + 1)
    found: Any = sys.modules.get(module)
    for part in names:
        found = getattr(found, part, None) or sys.modules.get(f"{module}.{part}")
    return isinstance(found, type) and issubclass(found, Model)
