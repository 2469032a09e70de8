"""A Python step uses the application's own models."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from types import ModuleType
from typing import Any

from django.contrib.auth import get_user_model
from django.db.models import Model

from nestflux.graph.step_code import StepCode
from nestflux.reviewing.findings import Finding, Severity
from nestflux.reviewing.reviewed import ReviewedStep
from nestflux.reviewing.rule import rule
from nestflux.reviewing.schema_rule import Group, SchemaRule
from nestflux.reviewing.step_queries import MANAGERS

RULE = SchemaRule(
    "step-imports-models",
    Severity.WARNING,
    "the application's models are those of today's code: once they have a field that the "
    "database does not have yet at this step, it fails with error 1054",
    group=Group.PYTHON,
    summary="A Python step uses the application's own models.",
    source="Django documentation, Writing database migrations: data migrations",
    bad="""\
from blog.models import Post

def fill(apps, schema_editor):
    Post.objects.update(state="draft")
""",
    good="""\
def fill(apps, schema_editor):
    Post = apps.get_model("blog", "Post")
    Post.objects.update(state="draft")
""",
)


@rule(ReviewedStep)
def steps_with_own_models(step: ReviewedStep) -> Iterator[Finding]:
    if step.source is None or not step.source.is_own:
        return
    for name, model in sorted(_used_models(step.source.code).items()):
        yield RULE.speaks(
            f"The step {step.source.code.name} uses the application's own model {name}.",
            about=model._meta.db_table or step.source.name,
            fix=f'{model.__name__} = apps.get_model("{model._meta.app_label}", "{model.__name__}")',
        )


def _used_models(code: StepCode) -> dict[str, type[Model]]:
    """The models that a step asks for rows, or makes one of, by the names under which it has them:
    of its module, imported within, or what get_user_model() gives."""
    names = dict(code.names)
    for node in code.nodes():
        if isinstance(node, ast.ImportFrom):
            names |= _imported(node, code)
    found: dict[str, type[Model]] = {}
    bound = _bound(code)
    for name in _asked(code):
        head, *rest = name.split(".")
        value: Any = None if head in bound else names.get(head)
        for attribute in rest:  # of modules alone: other objects may do something when asked
            value = getattr(value, attribute, None) if isinstance(value, ModuleType) else None
        if value is get_user_model:
            found["get_user_model()"] = get_user_model()
        elif isinstance(value, type) and issubclass(value, Model) and not value._meta.abstract:
            found[name] = value
    return found


def _asked(code: StepCode) -> set[str]:
    """What is called, or asked for a manager: ``Post``, ``models.Post``."""
    found = set()
    for node in code.nodes():
        match node:
            case ast.Attribute(value=value, attr=attribute) if attribute in MANAGERS:
                found.add(ast.unparse(value))
            case ast.Call(func=ast.Name() | ast.Attribute(value=ast.Name()) as called):
                found.add(ast.unparse(called))
    return found


def _bound(code: StepCode) -> set[str]:
    """The names that functions give to values of their own: ``Post = apps.get_model(…)``."""
    found = set()
    for node in code.nodes():
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            found.add(node.id)
        elif isinstance(node, ast.arg):
            found.add(node.arg)
    return found


def _imported(node: ast.ImportFrom, code: StepCode) -> dict[str, object]:
    """The names of an import within a function, as the modules that are loaded have them."""
    package = str(code.names.get("__package__") or "")
    parts = package.split(".")
    base = ".".join(parts[: len(parts) - node.level + 1]) if node.level else ""
    module = sys.modules.get(".".join(filter(None, (base, node.module))))
    return {alias.asname or alias.name: getattr(module, alias.name, None) for alias in node.names}
