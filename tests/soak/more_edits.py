"""Edits for histories without rows: what rows may forbid, or cannot be written for. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from tests.soak import edits
from tests.soak.description import CONSTANT, KEYS, NUMBERS, Field, Model, Rule, Site
from tests.soak.edits import MOST, Edit, around, free_fields, free_models

_COLLATIONS = ("", "utf8mb4_bin", "utf8mb4_general_ci")
_RELATIONS = ("key", "one")


# Models of every kind of relation, and some rules: what edits begin with.
RICH = Site(
    (
        Model(
            "shop",
            "Box",
            (
                Field("code", "char", null=False, default="new", length=20, unique=True),
                Field("amount", "integer", null=False, default=7),
                Field("state", "positive", indexed=True),
                Field("owner", "key", target="shop.Box"),
            ),
            (
                Rule("index", "shop_box_index", ("amount", "code")),
                Rule("check", "shop_box_check", ("amount",)),
            ),
        ),
        Model(
            "depot",
            "Shelf",
            (
                Field("note", "text"),
                Field("owner", "key", target="shop.Box", null=False),
                Field("state", "one", target="shop.Box"),
                Field("code", "char", comment="of the depot"),
            ),
            (Rule("unique", "depot_shelf_unique", ("owner", "code")),),
        ),
        Model(
            "depot",
            "Tray",
            (
                Field("owner", "key", target="depot.Shelf", null=False),
                Field("state", "key", target="shop.Box"),
                Field("body", "many", target="shop.Box"),
                Field("note", "many", target="depot.Tray"),
            ),
            (Rule("together", "depot_tray_together", ("owner", "state")),),
        ),
        Model(
            "shop",
            "Crate",
            (
                Field("owner", "key", target="shop.Box", to_field="code"),
                Field("amount", "big", null=False, default=7),
                Field("code", "moment"),
            ),
            key="text",
        ),
    )
)


def possible(site: Site, taken: frozenset[str], *, renames: bool) -> dict[str, list[Edit]]:
    """As ``edits.possible``, and more kinds."""
    found = edits.possible(site, taken, renames=renames)
    further = [*_of_models(site, taken)]
    for model in site.models:
        near = around(site, model)
        for kind, field in _new_fields(site, model, taken):
            further.append(
                (kind, Edit("add field", model.path, field=field, touches=(*near, field.target)))
            )
        for field in model.fields:
            for kind, altered in _altered(site, field):
                edit = Edit("alter field", model.path, altered, was=field.name, touches=near)
                further.append((kind, edit))
        for rule in model.rules:
            now = (
                rule.name.removesuffix("_now") if rule.name.endswith("_now") else f"{rule.name}_now"
            )
            if rule.kind != "together" and now not in taken:
                edit = Edit("rename rule", model.path, rule=rule, now=now, touches=(model.path,))
                further.append(("rename rule", edit))
        for rule in _new_rules(model, taken | site.names()):
            edit = Edit("add rule", model.path, rule=rule, touches=(model.path,))
            further.append(("add another rule", edit))
    for kind, edit in further:
        found.setdefault(kind, []).append(edit)
    allowed = {kind: [e for e in some if _is_allowed(site, e)] for kind, some in found.items()}
    return {kind: some for kind, some in allowed.items() if some}


def _is_allowed(site: Site, edit: Edit) -> bool:
    """Does Django have a way? A field that another is computed from stays as it is, and Django
    changes no computed one. No server has an index on a text without a length."""
    if edit.kind not in ("alter field", "remove field", "rename field"):
        return True
    model = site.model(edit.model)
    pointed_at = {f.to_field for _, f in site.pointing_at(model.path)}
    if edit.was in {field.of for field in model.fields}:
        return False
    if edit.was in pointed_at and not (edit.field and edit.field.unique):
        return False
    if edit.field is None:
        return True
    was, ruled = model.field(edit.was), {name for rule in model.rules for name in rule.fields}
    becomes_another = was.kind != edit.field.kind
    can_be_ruled = was.kind in NUMBERS and edit.field.kind in (*NUMBERS, "positive")
    return not was.of and not (becomes_another and edit.was in ruled and not can_be_ruled)


def _of_models(site: Site, taken: frozenset[str]) -> Iterator[tuple[str, Edit]]:
    for path in free_models(site, taken) if len(site.models) < MOST else ():
        for target in site.models:
            owner = Field("owner", "key", null=False, target=target.path)
            others = (
                Field("state", "one", null=False, target=target.path),
                Field("state", "key", null=False, target=path),
                Field("state", "many", target=path),
            )
            for key in ("", *KEYS):
                for other in others:
                    edit = Edit("add model", path, now=key, fields=(owner, other), touches=(path,))
                    yield "add model with keys", edit
    for model in site.models:
        near = around(site, model)
        for key in ("", *KEYS):
            if key != model.key:
                yield "change key", Edit("change key", model.path, now=key, touches=near)
        comment = "" if model.comment else "what it holds"
        yield "comment table", Edit("comment table", model.path, now=comment, touches=near)


def _new_fields(site: Site, model: Model, taken: frozenset[str]) -> Iterator[tuple[str, Field]]:
    for name in free_fields(model, taken):
        for target in site.models:
            yield "add relation", Field(name, "one", target=target.path)
            yield "add relation", Field(name, "key", target=target.path, unindexed=True)
            yield "add relation", Field(name, "key", target=target.path, unchecked=True)
            yield "add relation", Field(name, "key", target=target.path, column=f"{name}_ref")
            for field in target.fields:
                if field.unique and not field.null:
                    yield (
                        "add relation",
                        Field(name, "key", target=target.path, to_field=field.name),
                    )
        for kind in ("positive", "date"):
            yield "add another field", Field(name, kind)
        yield "add another field", Field(name, "positive", null=False, default=7, indexed=True)
        for kind in ("char", "text"):
            for collation in _COLLATIONS[1:]:
                yield "add another field", Field(name, kind, collation=collation)
        for kind in (*NUMBERS, "char", "text", "boolean"):
            yield "add another field", _with_default(Field(name, kind))
        for number in model.fields:
            if number.kind in NUMBERS and not number.of:
                for stored in (True, False):
                    yield "add another field", Field(name, "big", of=number.name, stored=stored)


def _with_default(field: Field) -> Field:
    """NOT NULL, with a default that the column has, too."""
    return replace(field, null=False, default=CONSTANT[field.kind], database_default=True)


def _altered(site: Site, field: Field) -> Iterator[tuple[str, Field]]:
    if field.kind in _RELATIONS:
        yield from _altered_relation(site, field)
    elif field.kind in NUMBERS:
        yield "convert relation", Field(field.name, "key", target=site.models[0].path)
        yield "change type", replace(field, kind="positive")
    elif field.kind == "positive":
        yield "change type", replace(field, kind="integer")
    elif field.kind == "char":
        yield "change type", Field(field.name, "text")
        yield "change type", Field(field.name, "integer")
    elif field.kind in ("date", "moment"):
        yield "change type", replace(field, kind={"date": "moment", "moment": "date"}[field.kind])
    if field.kind in ("char", "text"):
        for collation in _COLLATIONS:
            if collation != field.collation:
                yield "change collation", replace(field, collation=collation)
    if field.kind in CONSTANT and field.default is not None:
        yield "change default", replace(field, database_default=not field.database_default)


def _altered_relation(site: Site, field: Field) -> Iterator[tuple[str, Field]]:
    other = {"key": "one", "one": "key"}[field.kind]
    yield "convert relation", replace(field, kind=other, unique=False, unindexed=False)
    if field.kind == "key":
        yield "alter relation", replace(field, unindexed=not field.unindexed)
        yield "alter relation", replace(field, unique=not field.unique)
    yield "alter relation", replace(field, unchecked=not field.unchecked)
    yield "alter relation", replace(field, column="" if field.column else f"{field.name}_ref")
    yield "alter relation", replace(field, comment="" if field.comment else "whose it is")
    if not field.null:
        yield "alter relation", replace(field, null=True)
    for target in site.models:
        if target.path != field.target and field.null:
            yield "alter relation", replace(field, target=target.path, to_field="")
    if field.null:
        yield "convert relation", Field(field.name, "big")


def _new_rules(model: Model, taken: frozenset[str]) -> Iterator[Rule]:
    """Over relations as well."""
    usable = [f for f in model.fields if f.kind in (*NUMBERS, *_RELATIONS, "char", "moment")]
    short = [field for field in usable if field.length <= 60 and not field.of]
    for kind in ("falling", "lower", "together"):
        name = f"{model.app}_{model.name.lower()}_{kind}"
        if name in taken:
            continue
        if kind == "lower":
            chosen: list[tuple[str, ...]] = [(f.name,) for f in short if f.kind == "char"]
        else:
            chosen = [(a.name, b.name) for a in short for b in short if a != b]
        for fields in chosen:
            yield Rule(kind, name, fields)
