"""A project's models as a value: what edits change, and what models.py is rendered from. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

Default = int | str | bool | None

# What a field of each kind is made with, besides the options that every one may have. A string
# that begins a row of a test is short, so that any length here holds it.
_CLASSES = {
    "small": "SmallIntegerField",
    "integer": "IntegerField",
    "big": "BigIntegerField",
    "char": "CharField",
    "text": "TextField",
    "boolean": "BooleanField",
    "decimal": "DecimalField",
    "moment": "DateTimeField",
    "uuid": "UUIDField",
    "json": "JSONField",
    "binary": "BinaryField",
    "key": "ForeignKey",
    "many": "ManyToManyField",
}
NUMBERS = ("small", "integer", "big")
# Kinds whose default in a migration is a constant: only they may be NOT NULL.
CONSTANT: dict[str, int | str | bool] = {
    "small": 7,
    "integer": 7,
    "big": 7,
    "char": "new",
    "text": "new",
    "boolean": True,
}
INDEXED = (*NUMBERS, "char", "boolean", "moment", "uuid")
LENGTHS = (20, 40, 60, 300)


@dataclass(frozen=True)
class Field:
    """A field. ``target``: ``app.Model`` of a relation; ``default`` of None: it may be NULL and
    has none."""

    name: str
    kind: str
    null: bool = True
    default: Default = None
    length: int = 40
    indexed: bool = False
    unique: bool = False
    comment: str = ""
    column: str = ""
    target: str = ""

    @property
    def is_relation(self) -> bool:
        return self.kind in ("key", "many")

    def render(self) -> str:
        """``name = models.CharField(…)``."""
        given = [repr(self.target)] if self.is_relation else []
        if self.kind == "key":
            given += ["models.CASCADE", "related_name='+'"]
        if self.kind == "many":
            return f"{self.name} = models.ManyToManyField({self.target!r}, related_name='+')"
        if self.kind == "char":
            given.append(f"max_length={self.length}")
        if self.kind == "decimal":
            given.append("max_digits=9, decimal_places=2")
        if self.null:
            given.append("null=True")
        if self.default is not None:
            given.append(f"default={self.default!r}")
        if self.indexed:
            given.append("db_index=True")
        if self.unique:
            given.append("unique=True")
        if self.comment:
            given.append(f"db_comment={self.comment!r}")
        if self.column:
            given.append(f"db_column={self.column!r}")
        return f"{self.name} = models.{_CLASSES[self.kind]}({', '.join(given)})"


@dataclass(frozen=True)
class Rule:
    """An index or a constraint. ``kind``: index, unique, or check (that the one field is not
    negative)."""

    kind: str
    name: str
    fields: tuple[str, ...]

    def render(self) -> str:
        named = f"name={self.name!r}"
        if self.kind == "check":
            return f"models.CheckConstraint(condition=models.Q({self.fields[0]}__gte=0), {named})"
        maker = {"index": "Index", "unique": "UniqueConstraint"}[self.kind]
        return f"models.{maker}(fields={list(self.fields)!r}, {named})"


@dataclass(frozen=True)
class Model:
    app: str
    name: str
    fields: tuple[Field, ...] = ()
    rules: tuple[Rule, ...] = ()
    table: str = ""

    @property
    def path(self) -> str:
        return f"{self.app}.{self.name}"

    def field(self, name: str) -> Field:
        return next(field for field in self.fields if field.name == name)

    def render(self) -> str:
        lines = [f"class {self.name}(models.Model):"]
        lines += [f"    {field.render()}" for field in self.fields]
        meta = [f'        db_table = "{self.table}"'] if self.table else []
        for option, kinds in (("indexes", ("index",)), ("constraints", ("unique", "check"))):
            if found := [rule.render() for rule in self.rules if rule.kind in kinds]:
                meta.append(f"        {option} = [{', '.join(found)}]")
        if meta:
            lines += ["", "    class Meta:", *meta]
        return "\n".join([*lines, *([] if self.fields or meta else ["    pass"])])


@dataclass(frozen=True)
class Site:
    """Every model of a project, in the order in which they were written."""

    models: tuple[Model, ...] = ()

    def model(self, path: str) -> Model:
        return next(model for model in self.models if model.path == path)

    def has(self, path: str, field: str = "") -> bool:
        found = [model for model in self.models if model.path == path]
        return bool(found) and (not field or any(f.name == field for f in found[0].fields))

    def of(self, app: str) -> tuple[Model, ...]:
        return tuple(model for model in self.models if model.app == app)

    def fields(self) -> Iterator[tuple[Model, Field]]:
        for model in self.models:
            for field in model.fields:
                yield model, field

    def pointing_at(self, path: str) -> tuple[tuple[Model, Field], ...]:
        return tuple((m, f) for m, f in self.fields() if f.target == path)

    def changed(self, path: str, change: Callable[[Model], Model]) -> Site:
        """With one model changed in its place."""
        return Site(tuple(change(m) if m.path == path else m for m in self.models))

    def render(self, app: str) -> str:
        """An app's models.py."""
        parts = ["from django.db import models", *(model.render() for model in self.of(app))]
        return "\n\n\n".join(parts) + "\n"

    def names(self) -> frozenset[str]:
        """All that has a name: models, ``app.Model.field`` and rules."""
        found = {model.path for model in self.models}
        found |= {f"{model.path}.{field.name}" for model, field in self.fields()}
        return frozenset(found | {rule.name for model in self.models for rule in model.rules})

    def same_as(self, other: Site) -> bool:
        """The same models whatever their order and that of their fields."""
        return {_sorted(m) for m in self.models} == {_sorted(m) for m in other.models}


def _sorted(model: Model) -> Model:
    return replace(
        model,
        fields=tuple(sorted(model.fields, key=lambda field: field.name)),
        rules=tuple(sorted(model.rules, key=lambda rule: rule.name)),
    )
