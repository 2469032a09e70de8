"""Which models are looked at: pure, no server is asked."""

from __future__ import annotations

from typing import Any

from django.db import models
from django.db.migrations.state import ModelState, ProjectState

from nestflux.history.deploy_order import Code
from nestflux.recording.deploy_order.code import Change, models_of, touched_keys
from nestflux.schema.introspection import Schema
from nestflux.schema.objects import COLUMN, CONSTRAINT, ObjectKey

NOTHING = Schema({}, {})


def model(name: str, *fields: tuple[str, Any], **options: Any) -> ModelState:
    key = ("id", models.BigAutoField(primary_key=True))
    return ModelState("shop", name, [key, *fields], options)


def state(*found: ModelState) -> ProjectState:
    return ProjectState({(each.app_label, each.name_lower): each for each in found})


def column(table: str, name: str, text: str) -> Schema:
    return Schema({ObjectKey(COLUMN, name, table): text}, {})


def fk(to: str, **options: Any) -> Any:
    return models.ForeignKey(to, models.CASCADE, **options)


def names(found: Any) -> list[str]:
    return [each.__name__ for each in found]


def test_a_model_whose_state_differs_is_touched_with_the_fields_that_do() -> None:
    old = state(model("P", ("a", models.IntegerField()), ("b", models.IntegerField())))
    new = state(model("P", ("a", models.IntegerField()), ("b", models.BigIntegerField())))
    change = Change(NOTHING, NOTHING, old, new)

    (touched,) = models_of(Code.OLD, change, touched_keys(change)).touched

    assert touched.fields == {"b"}


def test_a_model_whose_table_differs_is_touched_though_its_state_does_not() -> None:
    same = state(model("P", ("a", models.IntegerField())), model("Q"))
    change = Change(column("shop_p", "a", "int"), column("shop_p", "a", "bigint"), same, same)

    assert touched_keys(change) == {("shop", "p")}
    (touched,) = models_of(Code.NEW, change, touched_keys(change)).touched
    assert touched.fields == {"a"}


def test_the_columns_of_a_key_or_check_that_differs_are_tried() -> None:
    same = state(model("P", ("a", models.IntegerField()), ("b", models.IntegerField())))
    check = Schema({ObjectKey(CONSTRAINT, "c", "shop_p"): "CONSTRAINT `c` CHECK (`b` > 1)"}, {})
    change = Change(NOTHING, check, same, same)

    (touched,) = models_of(Code.OLD, change, touched_keys(change)).touched

    assert touched.fields == {"b"}


def test_what_refers_to_it_and_what_it_refers_to_are_neighbors() -> None:
    others = (
        model("Parent"),
        model("Child", ("p", fk("shop.P"))),
        model("Grandchild", ("c", fk("shop.Child"))),
        model("Stranger"),
    )
    old = state(model("P", ("parent", fk("shop.Parent"))), *others)
    new = state(model("P", ("parent", fk("shop.Parent")), ("a", models.IntegerField())), *others)
    change = Change(NOTHING, NOTHING, old, new)

    found = models_of(Code.NEW, change, touched_keys(change))

    assert names(each.model for each in found.touched) == ["P"]
    assert names(found.neighbours) == ["Child", "Parent"]
    assert found.tables == {"shop_p", "shop_parent", "shop_child"}
    assert found.keys == {("shop_p", "parent_id"), ("shop_child", "p_id")}


def test_a_model_without_a_table_of_its_own_is_left_out() -> None:
    old = state(model("P"), model("View", managed=False), model("Proxy", proxy=True))
    new = state(
        model("P"),
        model("View", ("a", models.IntegerField()), managed=False),
        ModelState("shop", "Proxy", [], {"proxy": True, "verbose_name": "x"}, ("shop.p",)),
    )
    change = Change(NOTHING, NOTHING, old, new)

    assert models_of(Code.NEW, change, touched_keys(change)).touched == ()


def test_of_many_new_models_some_are_tried_and_the_rest_is_named() -> None:
    change = Change(NOTHING, NOTHING, state(), state(*(model(f"M{n}") for n in range(25))))

    found = models_of(Code.NEW, change, touched_keys(change))

    assert len(found.touched) == 20
    assert found.not_tried == ("5 more models that only new code has",)


def test_of_many_models_that_refer_to_one_some_are_tried() -> None:
    others = [model(f"C{n}", ("p", fk("shop.P"))) for n in range(22)]
    old = state(model("P"), *others)
    new = state(model("P", ("a", models.IntegerField())), *others)
    change = Change(NOTHING, NOTHING, old, new)

    found = models_of(Code.OLD, change, touched_keys(change))

    assert len(found.neighbours) == 20
    assert found.not_tried == ("2 more models of old code that are related to these",)
