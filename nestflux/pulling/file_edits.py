"""Changes of one file of models: its text, what it has to import, and how a person reads them."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from nestflux.pulling.merging import field_classes
from nestflux.pulling.partitioning import IMPORTED, names_in
from nestflux.pulling.python_text import Call, Layout, one_line
from nestflux.pulling.source import CannotEdit, Source
from nestflux.pulling.writing import import_lines, uses_settings

ADDED, CHANGED, REMOVED = "+", "~", "-"


@dataclass(frozen=True)
class Change:
    """What becomes of a statement, on one line."""

    path: Path
    sign: str
    text: str


@dataclass
class FileEdits:
    """A file that is being changed. ``classes`` are those of ``sql.py`` that its new text uses,
    ``tables`` those whose models are changed in it, ``beside`` new files that it imports, and
    ``classes_beside`` what these use."""

    path: Path
    source: Source
    tables: list[str] = field(default_factory=list)
    changes: list[Change] = field(default_factory=list)
    classes: set[str] = field(default_factory=set)
    beside: dict[Path, str] = field(default_factory=dict)
    classes_beside: set[str] = field(default_factory=set)
    _uses: set[str] = field(default_factory=set)

    @classmethod
    def of(cls, path: Path) -> FileEdits:
        """A file, empty where it is not there. Raises CannotEdit where it cannot be parsed."""
        return cls(path, Source(path.read_bytes() if path.exists() else b""))

    def note(self, sign: str, text: str, call: Call | None = None) -> None:
        """A change was made, with this call in the new text."""
        self.changes.append(Change(self.path, sign, text))
        if call is not None:
            self.needs(call)

    def needs(self, call: Call) -> None:
        """The new text has this call, and names what it names."""
        self.classes |= field_classes(call)
        if "models." in one_line(call):
            self._uses.add("models")
        if uses_settings(call):
            self._uses.add("settings")
        self._uses.update(names_in(one_line(call)))

    def import_all(self, app: str, layout: Layout) -> None:
        """Import what the new text names; ``app`` is the dotted name of the app. Raises CannotEdit
        where an import cannot be changed, or a name means something else."""
        bound = self.source.bound()
        known = {"models": "django.db", "settings": "django.conf", **IMPORTED}
        for name, module in known.items():
            if name not in self._uses:
                continue
            if name not in bound:
                self.source.import_names(module, [name], [f"from {module} import {name}"])
            elif not bound[name].endswith(f"{module.removeprefix('django.')}.{name}"):
                raise CannotEdit(f"the file calls something else `{name}`: {bound[name]}")
        missing = sorted(self.classes - set(bound) - self.source.defined())
        if missing:
            module = f"{app}.sql"
            names = sorted({*missing, *self.source.names_from(module)})
            self.source.import_names(module, missing, list(import_lines(module, names, layout)))
