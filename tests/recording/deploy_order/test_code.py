"""Which models are looked at: pure, no server is asked."""

from __future__ import annotations

from typing import Any

from django.db import models
from django.db.migrations.state import ModelState, ProjectState

from nestflux.history.deploy_order import Code
from nestflux.recording.deploy_order.code import Change, models_of, touched_keys
from nestflux.recording.deploy_order.measure import tables_to_load
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


def test_behind_neighbors_only_what_their_rows_cannot_do_without() -> None:
    """A row of the parent is made with as little as possible: of a project whose tables hang
    together most lies behind what it leaves empty."""
    others = (
        model("Parent", ("needs", fk("shop.Needed")), ("may", fk("shop.Spare", null=True))),
        model(
            "Needed",
            ("needs", fk("shop.Deeper")),
            ("may", fk("shop.Far", null=True)),
            ("back", fk("shop.P", null=True)),
            ("many", models.ManyToManyField("shop.Far")),
            unique_together={("needs", "may")},
            indexes=[models.Index(fields=["may"], name="ix")],
        ),
        model("Spare", ("may", fk("shop.Far", null=True))),
        model("Deeper"),
        model("Far"),
    )
    old = state(model("P", ("parent", fk("shop.Parent"))), *others)
    new = state(model("P", ("parent", fk("shop.Parent")), ("a", models.IntegerField())), *others)
    change = Change(NOTHING, NOTHING, old, new)

    found = models_of(Code.NEW, change, touched_keys(change))

    # Needed refers to P itself, and so is a neighbor; what it may do without is not left out.
    assert names(found.neighbours) == ["Needed", "Parent"]
    assert found.tables == {
        "shop_p", "shop_parent", "shop_needed", "shop_needed_many", "shop_deeper", "shop_far",
        "shop_spare",
    }  # fmt: skip


def test_of_what_is_only_referred_to_the_optional_relations_are_left_out() -> None:
    others = (
        model("Parent", ("spare", fk("shop.Spare", null=True))),
        model(
            "Spare",
            ("needs", fk("shop.Needed")),
            ("may", fk("shop.Far", null=True)),
            ("near", fk("shop.Parent", null=True)),
            ("many", models.ManyToManyField("shop.Far")),
            unique_together={("needs", "may")},
            indexes=[models.Index(fields=["may"], name="ix")],
        ),
        model("Needed", ("may", fk("shop.Far", null=True))),
        model("Far"),
    )
    same = ("parent", fk("shop.Parent"))
    old = state(model("P", same), *others)
    new = state(model("P", same, ("a", models.IntegerField())), *others)
    change = Change(NOTHING, NOTHING, old, new)

    found = models_of(Code.OLD, change, touched_keys(change))

    assert names(found.neighbours) == ["Parent"]
    assert found.tables == {"shop_p", "shop_parent", "shop_spare", "shop_needed"}
    assert found.keys == {
        ("shop_p", "parent_id"),
        ("shop_parent", "spare_id"),
        ("shop_spare", "needs_id"),
        ("shop_spare", "near_id"),  # it leads to what is there
    }


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


def test_what_changes_is_loaded_and_what_the_models_need() -> None:
    before = column("changed_without_a_model", "a", "int")
    after = column("changed_without_a_model", "a", "bigint")
    parent = ("parent", fk("shop.Parent"))
    old = state(model("P", parent), model("Parent"), model("Stranger"))
    new = state(
        model("P", parent, ("a", models.IntegerField())),
        model("Parent"),
        model("Stranger"),
        model("Child", ("p", fk("shop.P"))),
    )
    change = Change(before, after, old, new)
    touched = touched_keys(change)

    found = tables_to_load(change, [models_of(code, change, touched) for code in Code])

    assert found == {"shop_p", "shop_parent", "shop_child", "changed_without_a_model"}
