"""The classes that an app's ``sql.py`` may hold, as the text of ``field_templates.py``.

It is read and not imported: a class that is a model wants Django to be set up.
"""

from __future__ import annotations

import ast
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

_FILE = Path(__file__).with_name("field_templates.py")


@dataclass(frozen=True)
class Template:
    """A class: its name, its source, and the names of the classes that it derives from."""

    name: str
    source: str
    bases: tuple[str, ...]


@cache
def templates() -> Mapping[str, Template]:
    """The classes by name; each behind those that it derives from."""
    text = _FILE.read_text(encoding="utf-8")
    lines = text.splitlines(keepends=True)
    return {
        node.name: Template(
            node.name,
            "".join(lines[node.lineno - 1 : node.end_lineno]),
            tuple(base.id for base in node.bases if isinstance(base, ast.Name)),
        )
        for node in ast.parse(text).body
        if isinstance(node, ast.ClassDef)
    }


def imports() -> list[str]:
    """The lines of the import statements, with the blank ones between them."""
    text = _FILE.read_text(encoding="utf-8")
    return text[text.index("from __future__") : text.index("\n\n\nclass ")].splitlines()


def with_bases(names: Collection[str]) -> list[Template]:
    """The classes of these names and all that they derive from, in the order of the file."""
    wanted = set(names)
    for name, template in reversed(list(templates().items())):
        if name in wanted:
            wanted |= set(template.bases)
    return [template for name, template in templates().items() if name in wanted]
