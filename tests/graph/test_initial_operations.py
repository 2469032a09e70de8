"""The operations of a large first migration are arranged in one pass, and make the same models."""

from __future__ import annotations

from django.db import models
from django.db.migrations import AddConstraint, AddField, AddIndex, CreateModel, RunSQL
from django.db.migrations.operations.base import Operation
from django.db.migrations.state import ProjectState

from nestflux.graph.initial_operations import arrange

ID = ("id", models.BigAutoField(primary_key=True))


def _create(name: str) -> CreateModel:
    return CreateModel(name, [ID, ("name", models.CharField(max_length=9))])


def _relation(model: str, to: str) -> AddField:
    return AddField(model, to, models.ForeignKey(f"app.{to}", models.CASCADE, related_name="+"))


def _made(operations: list[Operation]) -> dict[str, tuple[list[str], list[str]]]:
    """The models that are left in the end, with the names of their fields and rules."""
    state = ProjectState()
    for operation in operations:
        operation.state_forwards("app", state)
    assert state.apps.get_models(), "it can be rendered"
    return {
        name: (
            sorted(model.fields),
            sorted(r.name for r in (*model.options["indexes"], *model.options["constraints"])),
        )
        for (_, name), model in state.models.items()
    }


def _names(operations: list[Operation]) -> list[str]:
    return [
        f"{type(each).__name__} {vars(each).get('model_name') or vars(each)['name']}"
        for each in operations
    ]


def test_a_model_comes_behind_those_that_it_leads_to_and_whole() -> None:
    operations: list[Operation] = [
        _create("a"),
        _create("b"),
        _create("c"),
        _relation("a", "b"),
        _relation("b", "c"),
        _relation("c", "c"),
        AddIndex("a", models.Index(fields=["b", "name"], name="by_b")),
        AddConstraint("a", models.UniqueConstraint(fields=["b"], name="one_b")),
    ]

    found = arrange(operations, "app")

    assert found is not None
    assert _names(found)[:3] == ["CreateModel c", "CreateModel b", "CreateModel a"]
    assert not [each for each in found if isinstance(each, AddField)]
    assert _made(found) == _made(operations)


def test_of_a_circle_one_relation_is_added_later_and_its_rules_with_it() -> None:
    operations: list[Operation] = [
        _create("a"),
        _create("b"),
        _relation("a", "b"),
        _relation("b", "a"),
        AddIndex("a", models.Index(fields=["b"], name="by_b")),
        AddIndex("a", models.Index(fields=["name"], name="by_name")),
    ]

    found = arrange(operations, "app")

    assert found is not None
    assert _names(found) == [
        "CreateModel a",
        "CreateModel b",
        "AddField a",
        "AddIndex a",
    ]
    assert _made(found) == _made(operations)


def test_what_it_does_not_know_is_left_to_django() -> None:
    assert arrange([_create("a"), RunSQL("SELECT 1")], "app") is None
    assert arrange([_relation("a", "b")], "app") is None
