"""``OPTIONS["pool"]``: what it means, and what is said where it is wrong. No server."""

from __future__ import annotations

import sys
from typing import Any

import pytest
from django.core.exceptions import ImproperlyConfigured

from nestflux.exceptions import NestFluxError, PoolMisconfigured
from nestflux.pooled.base import DatabaseWrapper
from nestflux.pooled.options import PoolOptions, pool_options

WHERE = 'DATABASES["default"]["OPTIONS"]["pool"]'
ENTRY: dict[str, Any] = {
    "NAME": "shop",
    "USER": "clerk",
    "PASSWORD": "open sesame",
    "HOST": "",
    "PORT": "",
    "AUTOCOMMIT": True,
    "CONN_MAX_AGE": 0,
}


@pytest.mark.parametrize("setting", [None, False])
def test_without_the_setting_there_is_no_pool(setting: object) -> None:
    assert pool_options(setting, WHERE) is None


@pytest.mark.parametrize(
    ("setting", "sizes"),
    [
        (True, (4, 4)),
        ({}, (4, 4)),
        ({"max_size": 10}, (4, 10)),
        ({"max_size": 2}, (2, 2)),
        ({"min_size": 6}, (6, 6)),
        ({"min_size": 0, "max_size": 3}, (0, 3)),
    ],
)
def test_the_sizes_are_those_of_django_s_postgresql_pool(
    setting: object, sizes: tuple[int, int]
) -> None:
    options = pool_options(setting, WHERE)

    assert options is not None
    assert (options.min_size, options.max_size) == sizes


def test_each_key_is_read() -> None:
    given = {"min_size": 1, "max_size": 2, "timeout": 3, "max_lifetime": 4.5, "max_idle": 5}

    assert pool_options(given, WHERE) == PoolOptions(1, 2, 3, 4.5, 5)


@pytest.mark.parametrize(
    ("setting", "words"),
    [
        ("yes", "'yes' is neither True nor a dictionary"),
        (10, "10 is neither True nor a dictionary"),
        ({"maxsize": 3}, "There is no 'maxsize': did you mean 'max_size'?"),
        ({"reset": 3}, "there are min_size, max_size, timeout, max_lifetime, max_idle"),
        ({"max_size": 0}, "max_size is 0, not a whole number from 1 on"),
        ({"max_size": "10"}, "max_size is '10', not a whole number"),
        ({"max_size": True}, "max_size is True, not a whole number"),
        ({"max_size": None}, "max_size is None, not a whole number"),
        ({"min_size": -1}, "min_size is -1, not a whole number from 0 on"),
        ({"min_size": 5, "max_size": 3}, "min_size, 5, is larger than max_size, 3"),
        ({"timeout": 0}, "timeout is 0, not a positive number of seconds"),
        ({"timeout": float("nan")}, "timeout is nan, not a positive number"),
        ({"max_idle": float("inf")}, "max_idle is inf, not a positive number"),
        ({"max_lifetime": "1h"}, "max_lifetime is '1h', not a positive number"),
    ],
)
def test_a_wrong_setting_is_refused_in_words(setting: object, words: str) -> None:
    with pytest.raises(PoolMisconfigured) as refused:
        pool_options(setting, WHERE)

    assert words in str(refused.value)
    assert_four_lines(refused.value)


@pytest.mark.parametrize("age", [60, None])
def test_persistent_connections_are_refused_beside_a_pool(age: int | None) -> None:
    wrapper = DatabaseWrapper({**ENTRY, "CONN_MAX_AGE": age, "OPTIONS": {"pool": True}}, "default")

    with pytest.raises(PoolMisconfigured, match=f"CONN_MAX_AGE = {age}") as refused:
        assert wrapper.pool

    assert_four_lines(refused.value)


@pytest.mark.parametrize(
    ("entry", "options", "words"),
    [
        ({"USER": ""}, {}, "no USER"),
        ({}, {"read_default_file": "/etc/my.cnf"}, 'OPTIONS["read_default_file"] may hold'),
        ({}, {"read_default_group": "web"}, 'OPTIONS["read_default_group"] may hold'),
    ],
)
def test_a_pool_that_could_not_reset_is_refused(
    entry: dict[str, str], options: dict[str, str], words: str
) -> None:
    wrapper = DatabaseWrapper({**ENTRY, **entry, "OPTIONS": {**options, "pool": True}}, "default")

    with pytest.raises(PoolMisconfigured) as refused:
        assert wrapper.pool

    assert words in str(refused.value)
    assert_four_lines(refused.value)


def test_without_sqlalchemy_it_is_said_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "nestflux.pooled.pool", raising=False)
    monkeypatch.delattr("nestflux.pooled.pool", raising=False)
    monkeypatch.setitem(sys.modules, "sqlalchemy", None)
    wrapper = DatabaseWrapper({**ENTRY, "OPTIONS": {"pool": True}}, "default")

    with pytest.raises(PoolMisconfigured, match="needs SQLAlchemy") as refused:
        assert wrapper.pool

    assert refused.value.then.endswith('-m pip install "nestflux[pool]"')
    assert_four_lines(refused.value)


def assert_four_lines(error: NestFluxError) -> None:
    """Django's error as well as ours; and it never names the password."""
    assert isinstance(error, ImproperlyConfigured)
    lines = str(error).splitlines()
    assert [line.split(":")[0].strip() for line in lines[1:]] == ["Where", "Now", "Next"]
    assert ENTRY["PASSWORD"] not in str(error)
