"""A project's models as a value: what edits change, and what models.py is rendered from. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

Default = int | str | bool | None

# What a field of each kind is made with, besides the options that every one may have. A string
# that begins a row of a test is short, so that any length here holds it.
_CLASSES = {
    "small": "SmallIntegerField",
    "positive": "PositiveIntegerField",
    "integer": "IntegerField",
    "big": "BigIntegerField",
    "char": "CharField",
    "text": "TextField",
    "boolean": "BooleanField",
    "decimal": "DecimalField",
    "moment": "DateTimeField",
    "date": "DateField",
    "uuid": "UUIDField",
    "json": "JSONField",
    "binary": "BinaryField",
    "key": "ForeignKey",
    "one": "OneToOneField",
    "many": "ManyToManyField",
}
# What a model's primary key is, by a name for it; "" is the project's DEFAULT_AUTO_FIELD.
KEYS = {
    "small auto": "SmallAutoField(primary_key=True)",
    "auto": "AutoField(primary_key=True)",
    "short text": "CharField(max_length=20, primary_key=True)",
    "text": "CharField(max_length=40, primary_key=True)",
    "exact text": "CharField(max_length=40, primary_key=True, db_collation='utf8mb4_bin')",
    "uuid": "UUIDField(primary_key=True)",
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
# The options of a model's Meta, with the rules that each holds.
_OPTIONS = {
    "indexes": ("index", "falling"),
    "constraints": ("unique", "check", "lower"),
    "unique_together": ("together",),
}


@dataclass(frozen=True)
class Field:
    """A field. ``target``: ``app.Model`` of a relation; ``default`` of None: it may be NULL and
    has none. ``of``: the number from which it is computed, and ``stored``, as a column of its own.
    ``database_default``: the default is also the column's. A relation may be ``unindexed``, and
    ``unchecked``: without a constraint."""

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
    to_field: str = ""
    collation: str = ""
    database_default: bool = False
    of: str = ""
    stored: bool = True
    unindexed: bool = False
    unchecked: bool = False

    @property
    def column_name(self) -> str:
        """What the server calls it; none of a ManyToManyField."""
        return self.column or (f"{self.name}_id" if self.is_relation else self.name)

    @property
    def is_relation(self) -> bool:
        return self.kind in ("key", "one", "many")

    def render(self) -> str:
        """``name = models.CharField(…)``."""
        if self.of:
            return self._computed()
        given = [repr(self.target)] if self.is_relation else []
        if self.kind in ("key", "one"):
            given += ["models.CASCADE", "related_name='+'"]
            given += [f"to_field={self.to_field!r}"] if self.to_field else []
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
        if self.collation:
            given.append(f"db_collation={self.collation!r}")
        if self.database_default and self.default is not None:
            given.append(f"db_default={self.default!r}")
        if self.unindexed:
            given.append("db_index=False")
        if self.unchecked:
            given.append("db_constraint=False")
        return f"{self.name} = models.{_CLASSES[self.kind]}({', '.join(given)})"

    def _computed(self) -> str:
        column = f", db_column={self.column!r}" if self.column else ""
        return (
            f"{self.name} = models.GeneratedField(expression=models.F({self.of!r}) + 1, "
            f"output_field=models.{_CLASSES[self.kind]}(), db_persist={self.stored}{column})"
        )


@dataclass(frozen=True)
class Rule:
    """An index or a constraint. ``kind``: index, unique, check (that the one field is not
    negative), falling (an index, the first field downwards), lower (unique in lower case), or
    together (``unique_together``, which has no name)."""

    kind: str
    name: str
    fields: tuple[str, ...]

    def render(self) -> str:
        named = f"name={self.name!r}"
        if self.kind == "check":
            return f"models.CheckConstraint(condition=models.Q({self.fields[0]}__gte=0), {named})"
        if self.kind == "together":
            return repr(self.fields)
        if self.kind == "lower":
            return f"models.UniqueConstraint(Lower({self.fields[0]!r}), {named})"
        if self.kind == "falling":
            first, *rest = self.fields
            return f"models.Index(fields={[f'-{first}', *rest]!r}, {named})"
        maker = {"index": "Index", "unique": "UniqueConstraint"}[self.kind]
        return f"models.{maker}(fields={list(self.fields)!r}, {named})"


@dataclass(frozen=True)
class Model:
    app: str
    name: str
    fields: tuple[Field, ...] = ()
    rules: tuple[Rule, ...] = ()
    table: str = ""
    key: str = ""
    comment: str = ""

    @property
    def path(self) -> str:
        return f"{self.app}.{self.name}"

    def field(self, name: str) -> Field:
        return next(field for field in self.fields if field.name == name)

    def render(self) -> str:
        lines = [f"class {self.name}(models.Model):"]
        lines += [f"    id = models.{KEYS[self.key]}"] if self.key else []
        lines += [f"    {field.render()}" for field in self.fields]
        meta = [f'        db_table = "{self.table}"'] if self.table else []
        meta += [f'        db_table_comment = "{self.comment}"'] if self.comment else []
        for option, kinds in _OPTIONS.items():
            if found := [rule.render() for rule in self.rules if rule.kind in kinds]:
                meta.append(f"        {option} = [{', '.join(found)}]")
        if meta:
            lines += ["", "    class Meta:", *meta]
        return "\n".join([*lines, *([] if lines[1:] else ["    pass"])])


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
        imports = "from django.db import models\nfrom django.db.models.functions import Lower"
        parts = [imports, *(model.render() for model in self.of(app))]
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
