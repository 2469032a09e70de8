"""Planned apps to the text of their files. Pure, but for the source of the classes that are copied
(``templates.py``)."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping

from nestflux.pulling import remarks as said
from nestflux.pulling.modelling import AppPlan, ModelPlan
from nestflux.pulling.partitioning import CLASSES, IMPORTED, names_in
from nestflux.pulling.python_text import Call, Code, Layout, one_line, quoted
from nestflux.pulling.templates import imports, with_bases

_APPS = """\
from django.apps import AppConfig


class {name}Config(AppConfig):
    name = {dotted}
"""
_SQL = '''\
"""What Django has no words for, in the server's own. Written by db_pull; the project's from now
on. A class that no model and no migration uses any more may go."""

'''
# What the file of a model says that refuses to write.
_READS_ONLY = '''\
"""READS ONLY: saving, updating and deleting raise an error.

Nothing tells one row from another, so a statement for one object would hit others.
The column that Django takes for the key here is none. Give the table a primary key
before this becomes a models.Model."""
'''
_READS_A_VIEW = '''\
"""A view. READS ONLY: saving, updating and deleting raise an error.

The column that Django takes for the key here may be none."""
'''


def files_of(app: AppPlan, layout: Layout) -> Mapping[str, str]:
    """The texts of an app by their place in its folder."""
    config = "".join(part.capitalize() for part in app.label.split("_"))
    found = {
        "__init__.py": "",
        "apps.py": _APPS.format(name=config, dotted=quoted(app.name)),
        "migrations/__init__.py": "",
        "models/__init__.py": _exports(app, layout),
    }
    for model in app.models:
        found[f"models/{model.module}.py"] = model_text(app, model, layout)
    if app.kept:
        found["sql.py"] = sql_text(app.kept)
    return found


def model_text(app: AppPlan, model: ModelPlan, layout: Layout) -> str:
    """The file of one table."""
    lines = [*_imports(app, model, layout), "", "", *class_lines(model, layout)]
    return "\n".join(lines) + "\n"


def class_lines(model: ModelPlan, layout: Layout) -> list[str]:
    """The class of one table."""
    base = "ReadOnlyModel" if model.reads_only else "models.Model"
    lines = [f"class {model.name}({base}):"]
    if model.reads_only:
        text = _READS_A_VIEW if model.why_unmanaged == said.VIEW else _READS_ONLY
        lines += [f"    {line}".rstrip() for line in text.splitlines()]
        lines.append("")
    for name, value in model.fields:
        lines += layout.assigned(name, value, 4)
    lines += ["", "    class Meta:", *_meta(model, layout)]
    lines += ["", "    def __str__(self) -> str:", f'        return f"{model.name} {{self.pk}}"']
    return lines


def _imports(app: AppPlan, model: ModelPlan, layout: Layout) -> Iterator[str]:
    partitions = names_in(" ".join(map(one_line, model.rules.constraints)))
    if "date" in partitions:
        yield "from datetime import date"
        yield ""
    if any(uses_settings(value) for _, value in model.fields):
        yield "from django.conf import settings"
    yield "from django.db import models"
    if classes := [name for name in partitions if name in CLASSES]:
        yield ""
        yield from import_lines(IMPORTED[classes[0]], classes, layout)
    if named := model.kept - {"ReadOnlyQuerySet"}:
        yield ""
        yield from import_lines(f"{app.name}.sql", sorted(named), layout)


def import_lines(module: str, names: Collection[str], layout: Layout) -> Iterator[str]:
    """``from module import a, b``, a name a line where that is too long."""
    line = f"from {module} import {', '.join(names)}"
    if len(line) <= layout.width:
        yield line
        return
    yield f"from {module} import ("
    yield from (f"    {name}," for name in names)
    yield ")"


def uses_settings(value: Call) -> bool:
    """Does it name a model by a setting, as that of the user?"""
    given = (*value.arguments, *value.keywords.values())
    return any(isinstance(each, Code) and each.text.startswith("settings.") for each in given)


def _meta(model: ModelPlan, layout: Layout) -> Iterator[str]:
    if model.why_unmanaged:
        yield f"        # {model.why_unmanaged}."
        yield "        managed = False"
    yield f"        db_table = {quoted(model.table)}"
    if model.comment:
        yield f"        db_table_comment = {quoted(model.comment)}"
    if model.rules.indexes:
        yield from layout.listed("indexes", model.rules.indexes, 8)
    if model.rules.constraints:
        yield from layout.listed("constraints", model.rules.constraints, 8)


def _exports(app: AppPlan, layout: Layout) -> str:
    models = sorted(app.models, key=lambda model: model.module)
    lines = [
        line
        for model in models
        for line in import_lines(f"{app.name}.models.{model.module}", [model.name], layout)
    ]
    lines += ["", *exported(sorted(model.name for model in models), layout)]
    return "\n".join(lines) + "\n"


def exported(names: Collection[str], layout: Layout) -> list[str]:
    """The lines of ``__all__``."""
    whole = f"__all__ = [{', '.join(map(quoted, names))}]"
    if len(whole) <= layout.width:
        return [whole]
    return ["__all__ = [", *(f"    {quoted(name)}," for name in names), "]"]


def sql_text(names: Collection[str]) -> str:
    """``sql.py``: these classes and those that they derive from, in the order of the templates."""
    body = "\n\n".join(["", *(template.source for template in with_bases(names))])
    return _SQL + _squeezed(imports_for(body)) + body


def imports_for(body: str) -> list[str]:
    """The import lines of the templates that a body of classes uses, with blank ones."""
    return [line for line in imports() if not line or _is_used(line, body)]


def _is_used(line: str, body: str) -> bool:
    """Is what an import line names used: a module by its attributes, a class by its name?"""
    name = line.rpartition(" ")[2]
    return name == "annotations" or bool(
        re.search(rf"\b{name}{'[.]' if name.islower() else ''}", body)
    )


def _squeezed(lines: list[str]) -> str:
    """Imports without the blank lines of groups that are empty."""
    text = "\n".join(lines).strip("\n")
    while "\n\n\n" in text:
        text = text.replace("\n\n\n", "\n\n")
    return text + "\n"
