"""Models that follow their tables: the new texts of an app's files. What is not to change in a file
stays as it is. Files are read, none is written."""

from __future__ import annotations

import ast
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from nestflux.pulling.class_edits import ClassEdits
from nestflux.pulling.describing import DescribedTable
from nestflux.pulling.file_edits import ADDED, Change, FileEdits
from nestflux.pulling.following import ByHand, Wanted
from nestflux.pulling.modelling import AppPlan, ModelPlan
from nestflux.pulling.project import InstalledModel
from nestflux.pulling.python_text import Layout, quoted
from nestflux.pulling.source import CannotEdit, Source
from nestflux.pulling.templates import with_bases
from nestflux.pulling.writing import (
    class_lines,
    exported,
    import_lines,
    imports_for,
    model_text,
    sql_text,
)
from nestflux.schema.objects import TABLE, ObjectKey

if TYPE_CHECKING:
    from django.db.backends.base.base import BaseDatabaseWrapper


@dataclass(frozen=True)
class Rewrite:
    """The new texts of files, what they change, and what is left to a person."""

    files: Mapping[Path, bytes] = field(default_factory=dict, repr=False)
    changes: tuple[Change, ...] = ()
    by_hand: tuple[ByHand, ...] = ()


class Rewriter:
    """Collects the changes of one app, whose folder is ``folder``."""

    def __init__(
        self, connection: BaseDatabaseWrapper, app: AppPlan, folder: Path, layout: Layout
    ) -> None:
        self._connection = connection
        self._app = app
        self._folder = folder
        self._layout = layout
        self._files: dict[Path, FileEdits] = {}
        self._by_hand: list[ByHand] = []

    def follow(
        self, model: InstalledModel, table: DescribedTable, plan: ModelPlan, wanted: Wanted
    ) -> None:
        """Change the class of a model that is there."""
        self._by_hand += wanted.by_hand
        try:
            file = self._file(model.path)
            edits = ClassEdits(self._connection, file, model, table, plan, self._layout)
        except CannotEdit as error:
            self.leave(table.name, str(error))
            return
        file.tables.append(table.name)
        edits.change(wanted)
        self._by_hand += edits.by_hand

    def add(self, model: ModelPlan) -> None:
        """The model of a table that has none: a file in the package of models, which exports it;
        or a class at the end of ``models.py``."""
        try:
            if (self._folder / "models.py").exists():
                self._append(self._file(self._folder / "models.py"), model)
            else:
                self._add_file(self._file(self._folder / "models" / "__init__.py"), model)
        except CannotEdit as error:
            self.leave(model.table, str(error))

    def result(self) -> Rewrite:
        """All of it. A file whose imports cannot be changed stays as it is."""
        files: dict[Path, bytes] = {}
        changes: list[Change] = []
        classes: set[str] = set()
        for path, file in self._files.items():
            try:
                file.import_all(self._app.name, self._layout)
            except CannotEdit as error:
                for table in file.tables:
                    self.leave(table, str(error))
                continue
            if file.changes:
                files[path] = file.source.result()
                files |= {place: text.encode() for place, text in file.beside.items()}
                changes += file.changes
                classes |= file.classes | file.classes_beside
        path = self._folder / "sql.py"
        try:
            text, missing = _sql_with(path, classes) if classes else (b"", [])
        except CannotEdit as error:
            for table in (table for file in self._files.values() for table in file.tables):
                self.leave(table, f"sql.py: {error}")
            return Rewrite(by_hand=tuple(self._by_hand))
        if missing:
            files[path] = text
            changes.append(Change(path, ADDED, ", ".join(missing)))
        return Rewrite(files, tuple(changes), tuple(self._by_hand))

    def _file(self, path: Path) -> FileEdits:
        if path not in self._files:
            self._files[path] = FileEdits.of(path)
        return self._files[path]

    def leave(self, table: str, why: str) -> None:
        """A table that no file follows."""
        self._by_hand.append(left_whole(table, why))

    def _append(self, file: FileEdits, model: ModelPlan) -> None:
        if model.name in file.source.defined():
            raise CannotEdit(f"the file has another class {model.name}")
        file.source.append(["", "", *class_lines(model, self._layout)])
        file.tables.append(model.table)
        for call in model.calls:
            file.needs(call)
        file.classes |= model.kept
        file.note(ADDED, f"class {model.name}")

    def _add_file(self, package: FileEdits, model: ModelPlan) -> None:
        path = package.path.with_name(f"{model.module}.py")
        if path.exists():
            raise CannotEdit(f"{path.name} is there already")
        _export(package.source, self._app, model, self._layout)
        package.tables.append(model.table)
        package.beside[path] = model_text(self._app, model, self._layout)
        package.changes.append(Change(path, ADDED, f"class {model.name}"))
        package.classes_beside |= model.kept


def left_whole(table: str, why: str) -> ByHand:
    """A table of which nothing is written."""
    return ByHand(ObjectKey(TABLE, table), why, whole=True)


def _export(source: Source, app: AppPlan, model: ModelPlan, layout: Layout) -> None:
    """Import a new model in ``models/__init__.py`` as the others, and name it in ``__all__``."""
    statement = source.assigned("__all__")
    value = statement.value if statement is not None else None
    if value is not None and not isinstance(value, ast.List | ast.Tuple):
        raise CannotEdit("__all__ of models/__init__.py is no plain list")
    relative = any(isinstance(node, ast.ImportFrom) and node.level for node in source.tree.body)
    module = f".{model.module}" if relative else f"{app.name}.models.{model.module}"
    source.import_names(module, [model.name], list(import_lines(module, [model.name], layout)))
    if value is None or statement is None:
        return
    names = [str(item.value) for item in value.elts if isinstance(item, ast.Constant)]
    if source.comments(value) or len(names) != len(value.elts):
        source.change_list(value, {}, [[f"    {quoted(model.name)},"]])
        return
    new = [*names, model.name]
    new = sorted(new) if names == sorted(names) else new
    source.replace(statement, "\n".join(exported(new, layout)))


def _sql_with(path: Path, names: Collection[str]) -> tuple[bytes, list[str]]:
    """``sql.py`` with these classes too, and those of them that it lacks."""
    if not path.exists():
        return sql_text(names).encode(), sorted(names)
    content = path.read_bytes()
    source = Source(content)
    there = source.defined()
    missing = [each for each in with_bases(names) if each.name not in there]
    lacks = [each.name for each in missing]
    if content == sql_text(there).encode():
        return sql_text(there | set(names)).encode(), lacks
    body = "\n\n".join(["", *(each.source for each in missing)])
    bound = source.bound()
    for line in imports_for(body):
        name = line.rpartition(" ")[2]
        if line and name != "annotations" and name not in bound:
            source.import_names(line.split()[1], [name], [line])
    source.append(body.rstrip("\n").splitlines())
    return source.result(), lacks
