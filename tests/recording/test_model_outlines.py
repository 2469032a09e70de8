"""What an operation's model points at is made as far as it is looked at, and no further."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import models
from django.db.migrations import AddIndex
from django.db.migrations.state import ModelState, ProjectState
from django.db.models.signals import class_prepared

from nestflux.recording.model_outlines import needed_models
from nestflux.recording.model_subset import few_models


class OwnKey(models.ForeignKey[models.Model, models.Model]):
    """One of a package, whose code may look at what it points at."""


class OwnBase(models.Model):
    """One of a package, whose code may look at the fields of the classes that inherit from it."""

    class Meta:
        abstract = True
        app_label = "shop"


def key(to: str, **more: Any) -> models.Field[Any, Any]:
    return models.ForeignKey(f"shop.{to}", models.CASCADE, **more)


def model(
    name: str, bases: tuple[type[models.Model] | str, ...] = (models.Model,), **fields: Any
) -> ModelState:
    own = [] if "pk" in fields else [("id", models.BigAutoField(primary_key=True))]
    options = {
        "db_table": f"t_{name.lower()}",
        "indexes": [models.Index(fields=["note"], name="by_note")],
        "ordering": ["note"],
    }
    text = ("note", models.TextField())
    return ModelState("shop", name, [*own, text, *fields.items()], options, bases)


def made(*states: ModelState, outlines: bool = True) -> dict[str, list[str]] | None:
    """By model, the fields of what the first one needs."""
    known = {(state.app_label, state.name_lower): state for state in states}
    found = needed_models(known, [("shop", states[0].name_lower)], outlines=outlines)
    if found is None:
        return None
    return {state.name: list(state.fields) for state in found.values()}


FAR = model("Far")
NEAR = model("Near", far=key("Far"))


def test_of_what_is_pointed_at_the_primary_key_is_made_and_nothing_behind_it() -> None:
    line = model("Line", near=key("Near"), itself=key("Line"))

    assert made(line, NEAR, FAR) == {
        "Line": ["id", "note", "near", "itself"],
        "Near": ["id"],
    }


def test_a_field_that_is_named_is_made_wherever_it_is_pointed_at_from() -> None:
    line = model("Line", near=key("Near"), again=key("Near", to_field="code"))
    near = model("Near", code=models.CharField(max_length=9, unique=True), far=key("Far"))

    assert made(line, near, FAR) == {
        "Line": ["id", "note", "near", "again"],
        "Near": ["id", "code"],
    }


def test_a_primary_key_that_points_on_is_followed() -> None:
    one = models.OneToOneField("shop.Near", models.CASCADE, primary_key=True)

    found = made(model("Line", visa=key("Visa")), model("Visa", pk=one, far=key("Far")), NEAR, FAR)

    assert found == {"Line": ["id", "note", "visa"], "Visa": ["pk"], "Near": ["id"]}


def test_what_is_inherited_from_is_whole_with_the_model_and_in_outline_with_an_outline() -> None:
    link = models.OneToOneField("shop.Near", models.CASCADE, parent_link=True)
    child = model("Child", ("shop.Near",), near_ptr=link)
    line = model("Line", child=key("Child", to_field="note"))

    assert made(child, NEAR, FAR) == {
        "Child": ["id", "note", "near_ptr"],
        "Near": ["id", "note", "far"],
        "Far": ["id"],
    }
    assert made(line, child, NEAR, FAR) == {
        "Line": ["id", "note", "child"],
        "Child": ["id", "note", "near_ptr"],
        "Near": ["id", "note"],
    }


def test_a_table_in_between_is_whole() -> None:
    many = models.ManyToManyField("shop.Near", through="shop.Stay")

    found = made(model("Line", many=many), model("Stay", near=key("Near")), NEAR, FAR)

    assert found == {
        "Line": ["id", "note", "many"],
        "Stay": ["id", "note", "near"],
        "Near": ["id"],
    }


@pytest.mark.parametrize(
    ("line", "near"),
    [
        (model("Line", near=OwnKey("shop.Near", models.CASCADE)), NEAR),
        (model("Line", near=key("Near")), model("Near", (OwnBase,), far=key("Far"))),
    ],
    ids=["a key of a package", "a base of a package"],
)
def test_with_code_of_a_package_it_is_whole(line: ModelState, near: ModelState) -> None:
    assert made(line, near, FAR) == {
        "Line": ["id", "note", "near"],
        "Near": ["id", "note", "far"],
        "Far": ["id"],
    }


def test_whole_where_no_outlines_are_wanted() -> None:
    found = made(model("Line", near=key("Near")), NEAR, FAR, outlines=False)

    assert found == {
        "Line": ["id", "note", "near"],
        "Near": ["id", "note", "far"],
        "Far": ["id", "note"],
    }


def test_none_where_a_model_is_missing() -> None:
    assert made(model("Line", near=key("Near"))) is None


def test_an_outline_keeps_its_table_and_says_nothing_of_fields_that_it_lacks() -> None:
    known = {("shop", "line"): model("Line", near=key("Near")), ("shop", "near"): NEAR}
    found = needed_models(known, [("shop", "line")])
    assert found

    outline = found["shop", "near"]

    assert outline.options["db_table"] == "t_near"
    assert not outline.options["indexes"]
    assert "ordering" not in outline.options


@pytest.mark.parametrize("watches", [False, True], ids=["nobody", "a receiver"])
def test_whoever_looks_at_every_class_gets_whole_ones(watches: bool) -> None:
    def receiver(**kwargs: object) -> None: ...

    state = ProjectState()
    for one in (model("Line", near=key("Near")), NEAR, FAR):
        state.add_model(one)
    operation = AddIndex("Line", models.Index(fields=["near"], name="by_near"))
    if watches:
        class_prepared.connect(receiver)
    try:
        (few,) = few_models(operation, "shop", [state])
    finally:
        class_prepared.disconnect(receiver)

    assert (("shop", "far") in few.models) is watches
    assert few.apps.get_model("shop", "Near")._meta.db_table == "t_near"
