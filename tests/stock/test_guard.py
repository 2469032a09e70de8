"""What may be destroyed: a test database, while a test runner is at work, and nothing else."""

from __future__ import annotations

import sys
from types import SimpleNamespace
from typing import Any

import pytest

from nestflux.stock.django_side import is_test_database


def database(name: str, test_name: str | None = None) -> Any:
    return SimpleNamespace(settings_dict={"NAME": name, "TEST": {"NAME": test_name}})


@pytest.mark.parametrize(
    ("name", "test_name"),
    [("test_shop", None), ("test_shop_1", None), ("scratch", "scratch"), ("scratch_2", "scratch")],
)
def test_a_test_database_and_its_clones(name: str, test_name: str | None) -> None:
    assert is_test_database(database(name, test_name))


@pytest.mark.parametrize(
    ("name", "test_name"),
    [("shop", None), ("latest_shop", None), ("shop", "scratch"), ("scratchpad", "scratch")],
)
def test_any_other_name_is_left_alone(name: str, test_name: str | None) -> None:
    assert not is_test_database(database(name, test_name))


def test_outside_a_test_runner_no_name_is_enough(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "django.test.utils", SimpleNamespace(_TestState=object()))
    assert not is_test_database(database("test_shop"))

    monkeypatch.delitem(sys.modules, "django.test.utils")
    assert not is_test_database(database("test_shop"))
