"""Edits of a description: every one that is possible, as values that apply themselves. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import partial
from typing import Protocol

from tests.soak.description import CONSTANT, INDEXED, LENGTHS, NUMBERS, Field, Model, Rule, Site

# Few names, so that one that went comes back.
_FIELDS = ("amount", "body", "code", "note", "owner", "state")
_MODELS = ("Box", "Crate", "Shelf", "Tray")
_APPS = ("depot", "shop")
MOST = 6  # models, so that a recording stays quick


@dataclass(frozen=True)
class Edit:
    """What a person does to models.py, and what db_generate must be told of it.

    ``kind`` and ``model`` always; the rest as the kind wants it. ``rename``: the flag's value.
    ``touches``: the models that it depends on, for a merge.
    """

    kind: str
    model: str
    field: Field | None = None
    was: str = ""
    now: str = ""
    rule: Rule | None = None
    fields: tuple[Field, ...] = ()
    touches: tuple[str, ...] = ()

    def __str__(self) -> str:
        shown = [self.kind, self.model, f"{self.was} to {self.now}" if self.now else self.was]
        shown += [f"({made.render()})" for made in (self.field, self.rule) if made]
        return " ".join(part for part in shown if part)

    @property
    def rename(self) -> str:
        if self.kind == "rename field":
            return f"{self.model}.{self.was}={self.now}"
        return f"{self.model}={self.now}" if self.kind == "rename model" else ""

    def apply(self, site: Site) -> Site:
        """The description after it."""
        match self.kind:
            case "add model":
                app, name = self.model.split(".")
                return Site((*site.models, Model(app, name, self.fields, key=self.now)))
            case "remove model":
                return Site(tuple(m for m in site.models if m.path != self.model))
            case "rename model":
                return _renamed(site, self.model, self.now)
            case "move table":
                return site.changed(self.model, lambda model: replace(model, table=self.now))
            case "change key":
                return site.changed(self.model, lambda model: replace(model, key=self.now))
            case "comment table":
                return site.changed(self.model, lambda model: replace(model, comment=self.now))
            case _:
                return site.changed(self.model, self._in_model)

    def _in_model(self, model: Model) -> Model:
        fields, rules = model.fields, model.rules
        match self.kind:
            case "add field":
                assert self.field
                fields = (*fields, self.field)
            case "alter field":
                fields = tuple(
                    self.field if f.name == self.was else f for f in fields if self.field
                )
            case "remove field":
                fields = tuple(f for f in fields if f.name != self.was)
            case "rename field":
                new = {self.was: self.now}
                fields = tuple(replace(f, name=new.get(f.name, f.name)) for f in fields)
                rules = tuple(
                    replace(r, fields=tuple(new.get(name, name) for name in r.fields))
                    for r in rules
                )
            case "add rule":
                assert self.rule
                rules = (*rules, self.rule)
            case "rename rule":
                rules = tuple(replace(r, name=self.now) if r == self.rule else r for r in rules)
            case "remove rule":
                rules = tuple(r for r in rules if r != self.rule)
        return replace(model, fields=fields, rules=rules)


def _renamed(site: Site, path: str, name: str) -> Site:
    app = path.split(".")[0]
    site = site.changed(path, lambda model: replace(model, name=name))
    for model, field in site.pointing_at(path):
        new = replace(field, target=f"{app}.{name}")
        site = site.changed(model.path, partial(_with_field, field, new))
    return site


def _with_field(old: Field, new: Field, model: Model) -> Model:
    fields = tuple(new if field == old else field for field in model.fields)
    return replace(model, fields=fields)


class Possible(Protocol):
    """Gives every edit that a description allows, by kind: see ``possible``."""

    def __call__(
        self, site: Site, taken: frozenset[str], *, renames: bool
    ) -> dict[str, list[Edit]]: ...


def possible(site: Site, taken: frozenset[str], *, renames: bool) -> dict[str, list[Edit]]:
    """Every edit that a description allows, by kind.

    Args:
        taken: names that are not free, though the description has them no more: one that goes
            and comes back within one recording would be an alteration.
        renames: also renames, which must come before all else of one recording.
    """
    found: dict[str, list[Edit]] = {}
    edits = [*_of_models(site, taken)]
    for model in site.models:
        edits += [*_of_fields(site, model, taken), *_of_rules(model, taken | site.names())]
    if renames:
        edits += _renames(site, taken)
    for edit in edits:
        found.setdefault(edit.kind, []).append(edit)
    return found


def _of_models(site: Site, taken: frozenset[str]) -> Iterator[Edit]:
    for path in free_models(site, taken):
        if len(site.models) < MOST:
            fields = (
                Field("code", "char", null=False, default="new", length=20),
                Field("amount", "integer", null=False, default=7),
            )
            yield Edit("add model", path, fields=fields, touches=(path,))
    for model in site.models:
        if len(site.models) > 1 and not site.pointing_at(model.path):
            yield Edit("remove model", model.path, touches=around(site, model))
        table = f"{model.app}_{model.name.lower()}_moved"
        for name in {"", table} - {model.table}:
            if all(other.table != name or not name for other in site.models):
                yield Edit("move table", model.path, now=name, touches=around(site, model))


def _renames(site: Site, taken: frozenset[str]) -> Iterator[Edit]:
    for model in site.models:
        for path in free_models(site, taken):
            app, name = path.split(".")
            if app == model.app:
                yield Edit(
                    "rename model",
                    model.path,
                    was=model.name,
                    now=name,
                    touches=(*around(site, model), path),
                )
        for field in model.fields:
            for name in free_fields(model, taken):
                yield Edit(
                    "rename field",
                    model.path,
                    was=field.name,
                    now=name,
                    touches=around(site, model),
                )


def _of_fields(site: Site, model: Model, taken: frozenset[str]) -> Iterator[Edit]:
    near = around(site, model)
    for name in free_fields(model, taken):
        for field in _new_fields(site, name):
            yield Edit("add field", model.path, field=field, touches=(*near, field.target))
    ruled = {name for rule in model.rules for name in rule.fields}
    for field in model.fields:
        if field.name not in ruled:
            yield Edit("remove field", model.path, was=field.name, touches=near)
        for altered in _altered(field, {other.column for other in model.fields}):
            yield Edit("alter field", model.path, altered, was=field.name, now="", touches=near)


def _new_fields(site: Site, name: str) -> Iterator[Field]:
    for kind in (*NUMBERS, "char", "text", "boolean"):
        yield Field(name, kind, null=False, default=CONSTANT[kind])
        yield Field(name, kind)
    for kind in ("decimal", "moment", "uuid", "json", "binary"):
        yield Field(name, kind)
    yield Field(name, "char", null=False, default="new", indexed=True, comment="it's \\ here")
    yield Field(name, "uuid", unique=True)
    for model in site.models:
        yield Field(name, "key", target=model.path)
        yield Field(name, "many", target=model.path)


def _altered(field: Field, columns: set[str]) -> Iterator[Field]:
    if field.is_relation:
        return
    if field.kind in CONSTANT:
        toggled = None if not field.null else CONSTANT[field.kind]
        yield replace(field, null=not field.null, default=toggled)
    if field.kind in NUMBERS:
        for kind in NUMBERS:
            if kind != field.kind:
                yield replace(field, kind=kind)
    if field.kind == "char":
        for length in LENGTHS:
            if length != field.length:
                yield replace(field, length=length)
    if field.kind in INDEXED:
        yield replace(field, indexed=not field.indexed)
        if field.kind != "boolean":
            yield replace(field, unique=not field.unique)
    yield replace(field, comment="" if field.comment else "what it says")
    if field.column or f"{field.name}_col" not in columns:
        yield replace(field, column="" if field.column else f"{field.name}_col")


def _of_rules(model: Model, taken: frozenset[str]) -> Iterator[Edit]:
    for rule in model.rules:
        yield Edit("remove rule", model.path, rule=rule, touches=(model.path,))
    usable = [field for field in model.fields if field.kind in (*INDEXED, "key")]
    short = [field for field in usable if field.length <= 60]
    for kind in ("index", "unique", "check"):
        name = f"{model.app}_{model.name.lower()}_{kind}"
        if name in taken:
            continue
        if kind == "check":
            chosen: list[tuple[str, ...]] = [(f.name,) for f in usable if f.kind in NUMBERS]
        else:
            chosen = [(f.name,) for f in short]
            chosen += [(a.name, b.name) for a in short for b in short if a != b]
        for fields in chosen:
            yield Edit("add rule", model.path, rule=Rule(kind, name, fields), touches=(model.path,))


def free_models(site: Site, taken: frozenset[str]) -> list[str]:
    paths = [f"{app}.{name}" for app in _APPS for name in _MODELS]
    return [path for path in paths if path not in taken and not site.has(path)]


def free_fields(model: Model, taken: frozenset[str]) -> list[str]:
    own = {field.name for field in model.fields}
    return [n for n in _FIELDS if n not in own and f"{model.path}.{n}" not in taken]


def around(site: Site, model: Model) -> tuple[str, ...]:
    """A model, what it points at, and what points at it."""
    targets = [field.target for field in model.fields if field.target]
    pointing = [other.path for other, _ in site.pointing_at(model.path)]
    return (model.path, *targets, *pointing)
