"""What rules find in the code of Python steps, where a table's size or the user model counts."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.db.migrations import Migration, RunPython

from nestflux.graph.step_code import code_of_step
from nestflux.history.records import StepRecord
from nestflux.reviewing.findings import Finding
from nestflux.reviewing.reviewed import OperationPlace, ReviewedStep
from nestflux.reviewing.rule import look_at
from nestflux.schema.transform.tables import TableSchema
from nestflux.sql.lexer import quoted

TABLE = {"shop_product": TableSchema("shop_product", columns={"id": f"{quoted('id')} int"})}


def step_of(code: Callable[..., Any], rows: int | None = None) -> ReviewedStep:
    migration = type("Migration", (Migration,), {"__module__": __name__})("0002_fill", "shop")
    operation = RunPython(code, RunPython.noop)
    return ReviewedStep(
        family="mysql",
        ordinal=1,
        sql="",
        record=StepRecord("", "python", "", operation="shop.0002_fill/0"),
        before=TABLE,
        after=TABLE,
        source=OperationPlace(migration, operation),
        rows=lambda table: rows,
    )


def found(step: ReviewedStep) -> list[Finding]:
    return [finding for finding in look_at(step) if finding.code != "step-without-way-back"]


def loads(apps: Any, schema_editor: Any) -> None:
    for product in apps.get_model("shop", "Product").objects.exclude(name="lamp"):
        product.save()


def updates(apps: Any, schema_editor: Any) -> None:
    Product = apps.get_model(app_label="shop", model_name="Product")
    Product.objects.update(name="lamp")


def updates_some(apps: Any, schema_editor: Any) -> None:
    products = apps.get_model("shop", "Product").objects
    products.filter(pk__lt=1000).update(name="lamp")


def asks_for_users(apps: Any, schema_editor: Any) -> None:
    users = get_user_model().objects
    users.filter(is_active=False).delete()


def counts_up(apps: Any, schema_editor: Any) -> None:
    def inner(number: int) -> int:
        return number + 1

    inner(1)


@pytest.mark.parametrize(("rows", "said"), [(None, 1), (9_999, 0), (10_000, 1)])
def test_a_small_table_may_be_loaded_whole(rows: int | None, said: int) -> None:
    assert [f.code for f in found(step_of(loads, rows))] == ["step-loads-whole-table"] * said


@pytest.mark.parametrize(("rows", "said"), [(None, 0), (9_999, 0), (10_000, 1)])
def test_an_update_of_all_rows_is_advice_for_a_large_table(rows: int | None, said: int) -> None:
    findings = found(step_of(updates, rows))

    assert [(f.code, f.severity) for f in findings] == [("unbatched-update", "advice")] * said


def test_a_new_table_may_be_loaded_and_updated() -> None:
    for code in (loads, updates):
        assert found(replace(step_of(code, 10_000), new=frozenset(TABLE))) == []


def test_an_update_of_some_rows_is_fine() -> None:
    assert found(step_of(updates_some, 10_000)) == []


def test_the_user_model_is_the_applications_own() -> None:
    (finding,) = found(step_of(asks_for_users))

    user = get_user_model()
    assert finding.code == "step-imports-models"
    assert finding.about == user._meta.db_table
    assert finding.fix == (
        f'{user.__name__} = apps.get_model("{user._meta.app_label}", "{user.__name__}")'
    )


def test_a_step_of_a_package_is_left_alone() -> None:
    step = step_of(loads)
    assert step.source is not None
    package = type("Migration", (Migration,), {"__module__": "django.contrib.auth.migrations"})
    source = replace(step.source, migration=package("0001_initial", "auth"))

    assert found(replace(step, source=source)) == []


def test_code_without_a_def_has_no_functions() -> None:
    lambdas = RunPython(lambda apps, schema_editor: None)

    assert code_of_step(lambdas).functions == ()
    assert code_of_step(RunPython(partial(loads, None))).name == "loads"
    assert [each.name for each in code_of_step(RunPython(counts_up)).functions] == ["counts_up"]
