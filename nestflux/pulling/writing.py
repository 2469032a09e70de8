"""Planned apps to the text of their files. Pure, but for the source of the classes that are
copied from ``field_templates.py``."""

from __future__ import annotations

import inspect
import re
from collections.abc import Collection, Iterator, Mapping

from nestflux.pulling import field_templates
from nestflux.pulling.modelling import AppPlan, ModelPlan
from nestflux.pulling.python_text import Call, Code, Layout, quoted

_APPS = """\
from django.apps import AppConfig


class {name}Config(AppConfig):
    name = {dotted}
"""
_SQL = '''\
"""What Django has no words for, in the server's own. Written by db_pull; the project's from now
on. A class that no model and no migration uses any more may go."""

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
    lines = list(_imports(app, model, layout))
    lines += ["", "", f"class {model.name}(models.Model):"]
    for name, value in model.fields:
        lines += layout.assigned(name, value, 4)
    lines += ["", "    class Meta:", *_meta(model, layout)]
    lines += ["", "    def __str__(self) -> str:", f'        return f"{model.name} {{self.pk}}"']
    return "\n".join(lines) + "\n"


def _imports(app: AppPlan, model: ModelPlan, layout: Layout) -> Iterator[str]:
    if any(_uses_settings(value) for _, value in model.fields):
        yield "from django.conf import settings"
    yield "from django.db import models"
    if model.kept:
        yield ""
        yield from import_lines(f"{app.name}.sql", sorted(model.kept), layout)


def import_lines(module: str, names: Collection[str], layout: Layout) -> Iterator[str]:
    """``from module import a, b``, a name a line where that is too long."""
    line = f"from {module} import {', '.join(names)}"
    if len(line) <= layout.width:
        yield line
        return
    yield f"from {module} import ("
    yield from (f"    {name}," for name in names)
    yield ")"


def _uses_settings(value: Call) -> bool:
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
    names = sorted(model.name for model in models)
    whole = f"__all__ = [{', '.join(map(quoted, names))}]"
    if len(whole) <= layout.width:
        lines += ["", whole]
    else:
        lines += ["", "__all__ = [", *(f"    {quoted(name)}," for name in names), "]"]
    return "\n".join(lines) + "\n"


def sql_text(names: Collection[str]) -> str:
    """``sql.py``: these classes and those that they derive from, in the order of the templates."""
    ours = field_templates.__name__
    wanted: set[type] = set()
    for name in names:
        derived_from = getattr(field_templates, name).__mro__
        wanted |= {each for each in derived_from if each.__module__ == ours}
    templates = vars(field_templates).values()
    classes = [each for each in templates if isinstance(each, type) and each in wanted]
    sources = [inspect.getsource(each) for each in classes]
    body = "\n\n".join(["", *sources])
    imports = [
        line for line in field_templates.IMPORTS.splitlines() if not line or _is_used(line, body)
    ]
    return _SQL + _squeezed(imports) + body


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
