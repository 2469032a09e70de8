"""The operations of a first migration with many models, in one pass.

Django makes a model, adds each of its relations, indexes and constraints by an operation of its
own, and has its optimizer put them back together: it compares each operation with all that follow,
again and again (django/db/migrations/optimizer.py). For 232 tables these were 104 of 108 seconds,
and most relations were added one by one all the same, by an ALTER TABLE each.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db.migrations import AddConstraint, AddField, AddIndex, CreateModel
from django.db.migrations.migration import Migration
from django.db.migrations.operations import AlterIndexTogether, AlterUniqueTogether
from django.db.migrations.operations.base import Operation
from django.db.migrations.utils import resolve_relation

from nestflux.django_compat import OpenAutodetector

# A smaller migration is left to Django: what it writes is what everybody knows, and quick enough.
MANY = 100
Rule = AddIndex | AddConstraint | AlterUniqueTogether | AlterIndexTogether


class InitialAutodetector(OpenAutodetector):
    """Django's, which arranges the operations of a large first migration in one pass."""

    migrations: dict[str, list[Migration]]

    def optimize(self) -> None:
        arranged: list[tuple[Any, list[Operation]]] = []
        for label, migrations in self.migrations.items():
            for migration in migrations:
                operations = migration.operations
                if len(operations) > MANY and (found := arrange(operations, label)) is not None:
                    arranged.append((migration, found))
        for migration, _ in arranged:
            migration.operations = []  # the optimizer finds nothing to do
        super().optimize()
        for migration, found in arranged:
            migration.operations = found


@dataclass
class _Made:
    """A model that is to be made. ``needs`` are the models of the same app that it cannot be made
    without; ``relations`` are added to it, each with the models that it leads to."""

    create: CreateModel
    needs: set[str] = field(default_factory=set)
    relations: list[tuple[AddField, set[str]]] = field(default_factory=list)
    rules: list[Rule] = field(default_factory=list)

    @property
    def wants(self) -> set[str]:
        return {name for _, targets in self.relations for name in targets}


def arrange(operations: Sequence[Operation], label: str) -> list[Operation] | None:
    """The same models, each made with all that can be said of it when its turn comes: behind those
    that its relations lead to. Where these lead in a circle, some are added later. Pure.

    None where there is anything else among the operations than what makes new models.
    """
    models = {each.name_lower: _Made(each) for each in operations if isinstance(each, CreateModel)}
    if not all(_is_noted(models, operation, label) for operation in operations):
        return None
    found: list[Operation] = []
    missing = set(models)
    for name in _order(models):
        missing.remove(name)
        found += _created(models[name], missing, label)
        for model in models.values():
            if model.create.name_lower not in missing:
                found += _completed(model, missing)
    return found


def _is_noted(models: dict[str, _Made], operation: Operation, label: str) -> bool:
    """Note an operation with its model; is it one of those that make new ones?"""
    if isinstance(operation, CreateModel):
        name = operation.name_lower
        bases = [
            base
            for base in operation.bases or ()
            if isinstance(base, str) or hasattr(base, "_meta")
        ]
        found = {resolve_relation(base, label, name) for base in bases}
        needs = {base for app, base in found if app == label}
        for _, each in operation.fields:
            needs |= _targets(each, label, name)
        models[name].needs = (needs & models.keys()) - {name}
        return True
    if isinstance(operation, AddField) and operation.model_name_lower in models:
        name = operation.model_name_lower
        targets = (_targets(operation.field, label, name) & models.keys()) - {name}
        models[name].relations.append((operation, targets))
        return True
    if isinstance(operation, Rule) and (name := _model_of(operation)) in models:
        models[name].rules.append(operation)
        return True
    return False


def _model_of(rule: Rule) -> str:
    if isinstance(rule, AlterUniqueTogether | AlterIndexTogether):
        return rule.name_lower
    return rule.model_name_lower


def _targets(each: Any, label: str, model: str) -> set[str]:
    """The models of the same app that a field leads to or through."""
    remote = each.remote_field
    related = [remote.model, getattr(remote, "through", None)] if remote else []
    found = (resolve_relation(other, label, model) for other in related if other)
    return {name for app, name in found if app == label}


def _order(models: dict[str, _Made]) -> Iterator[str]:
    """The models, each behind those that it leads to; of a circle first the one that lacks least.
    What it cannot be made without comes first in any case."""
    left = dict(models)
    while left:
        lacking = {
            name: len(model.wants & left.keys())
            for name, model in left.items()
            if not model.needs & left.keys()
        }
        ready = [name for name, count in lacking.items() if not count]
        for name in ready or [min(lacking, key=lambda each: lacking[each])]:
            del left[name]
            yield name


def _created(model: _Made, missing: Collection[str], label: str) -> Iterator[Operation]:
    """The model with its relations to models that are there, and with the rules that are about
    nothing else. The others stay with it."""
    create: Operation = model.create
    late = [(each, targets) for each, targets in model.relations if targets & set(missing)]
    for relation, _ in model.relations:
        if relation not in [each for each, _ in late]:
            (create,) = _joined(create, relation, label)
    behind: list[Operation] = []
    waiting: list[Rule] = []
    for rule in model.rules:
        if _is_about(rule, [each for each, _ in late]):
            waiting.append(rule)
            continue
        create, *rest = _joined(create, rule, label)
        behind += rest
    model.relations, model.rules = late, waiting
    return iter([create, *behind])


def _joined(create: Operation, operation: Operation, label: str) -> list[Operation]:
    """Both as one operation, where Django knows how."""
    reduced = create.reduce(operation, label)
    return list(reduced) if isinstance(reduced, list) else [create, operation]


def _completed(model: _Made, missing: Collection[str]) -> Iterator[Operation]:
    """What had to wait for models that are there now."""
    ready = [each for each, targets in model.relations if not targets & set(missing)]
    model.relations = [(each, t) for each, t in model.relations if each not in ready]
    yield from ready
    if ready and not model.relations:
        yield from model.rules
        model.rules = []


def _is_about(rule: Rule, late: Sequence[AddField]) -> bool:
    """Is an index or a constraint about one of these fields? Yes, where it does not say so."""
    names = {each.name for each in late}
    if not names:
        return False
    if isinstance(rule, AlterUniqueTogether | AlterIndexTogether):
        return any(names & set(fields) for fields in rule.option_value or ())
    said: Any = rule.index if isinstance(rule, AddIndex) else rule.constraint
    if sql := getattr(said, "sql", ""):  # of db_pull: in the server's words
        columns = (each.field.db_column or f"{each.name}_id" for each in late)
        return any(f"`{column}`" in sql for column in columns)
    if getattr(said, "condition", None) or getattr(said, "expressions", ()):
        return True
    fields = [*getattr(said, "fields", ()), *(getattr(said, "include", None) or ())]
    return not fields or bool(names & {name.lstrip("-") for name in fields})
