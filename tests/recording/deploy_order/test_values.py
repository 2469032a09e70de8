"""Values to write into a field: pure."""

from __future__ import annotations

import datetime
from decimal import Decimal
from typing import Any

import pytest
from django.db import models
from django.db.models import CheckConstraint, F, Q

from nestflux.recording.deploy_order.values import (
    is_required,
    is_required_by_the_server,
    is_written,
    named_in,
    to_try,
    usual,
)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        (models.CharField(max_length=20), "a7"),
        (models.CharField(max_length=1), "7"),
        (models.TextField(), "a7"),
        (models.IntegerField(), 7),
        (models.BooleanField(), True),
        (models.DecimalField(max_digits=3, decimal_places=1), Decimal("7.1")),
        (models.DecimalField(max_digits=2, decimal_places=2), Decimal("0.01")),
        (models.DateField(), datetime.date(2001, 2, 10)),
        (models.JSONField(), {"a": 7}),
        (models.CharField(max_length=5, choices=[("", "none"), ("x", "X")]), "x"),
        (models.CharField(max_length=5, choices=[("G", [("y", "Y"), ("z", "Z")])]), "y"),
    ],
    ids=repr,
)
def test_a_usual_value_is_of_the_fields_type(field: Any, value: Any) -> None:
    assert usual(field, 7) == value
    assert type(usual(field, 7)) is type(value)


def test_a_usual_value_is_another_one_each_time() -> None:
    for field in (models.CharField(max_length=20), models.UUIDField(), models.DateTimeField()):
        assert usual(field, 1) != usual(field, 2)


def test_the_extremes_of_a_type_are_tried() -> None:
    assert set(to_try(models.SmallIntegerField())) == {-32768, 32767, 0, 1}
    assert "x" * 9 in to_try(models.CharField(max_length=9))
    assert Decimal("99.9") in to_try(models.DecimalField(max_digits=3, decimal_places=1))


def test_a_text_that_is_a_number_and_json_is_tried() -> None:
    assert "1" in to_try(models.CharField(max_length=9))
    assert "1" in to_try(models.TextField())


def test_null_is_tried_where_the_field_takes_it() -> None:
    assert None in to_try(models.IntegerField(null=True))
    assert None not in to_try(models.IntegerField())


def test_of_choices_each_is_tried_and_nothing_else() -> None:
    field = models.CharField(max_length=9, choices=[("a", "A"), ("b", "B")])

    assert to_try(field, named=["c"]) == ["a", "b"]


def test_what_a_check_names_is_tried_with_its_neighbors() -> None:
    constraint = CheckConstraint(
        condition=Q(price__gte=10) & (Q(kind__in=["a", "b"]) | ~Q(price=F("cost"))), name="c"
    )

    named = named_in([constraint])

    assert named == {"price": [10], "kind": ["a", "b"]}
    assert {9, 10, 11} <= set(to_try(models.IntegerField(), named["price"]))


def test_a_literal_of_another_type_is_left_out() -> None:
    assert "a" not in to_try(models.IntegerField(), ["a"])


def test_true_and_one_are_two_values() -> None:
    values = to_try(models.JSONField(), [True, 1])

    assert sum(value is True for value in values) == 1
    assert sum(type(value) is int for value in values) >= 1


def test_what_a_row_must_have() -> None:
    assert is_required(models.IntegerField())
    for field in (
        models.IntegerField(null=True),
        models.IntegerField(default=1),
        models.IntegerField(db_default=1),
        models.DateTimeField(auto_now=True),
    ):
        assert not is_required(field)


def test_a_foreign_key_with_a_default_must_have_a_row_of_its_own() -> None:
    assert is_required(models.ForeignKey("shop.P", models.CASCADE, default=1))
    assert not is_required(models.ForeignKey("shop.P", models.CASCADE, null=True))


def test_what_code_does_not_give() -> None:
    assert is_written(models.IntegerField())
    for field in (models.BigAutoField(primary_key=True), models.DateTimeField(auto_now_add=True)):
        assert not is_written(field)


@pytest.mark.parametrize(
    ("field", "required"),
    [
        (models.IntegerField(), True),
        (models.IntegerField(default=1), True),
        (models.DateTimeField(auto_now=True), True),
        (models.IntegerField(null=True), False),
        (models.IntegerField(db_default=1), False),
        (models.BigAutoField(primary_key=True), False),
    ],
    ids=repr,
)
def test_a_server_requires_what_has_no_default_of_its_own(field: Any, required: bool) -> None:
    assert is_required_by_the_server(field) is required
