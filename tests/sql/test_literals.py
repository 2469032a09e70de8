"""Literals: what is written for a value gives that value back, on the server itself."""

from __future__ import annotations

import datetime
from collections.abc import Callable
from decimal import Decimal
from enum import Enum
from typing import TYPE_CHECKING, Any
from uuid import UUID

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from nestflux.database.session import PINNED, pin
from nestflux.exceptions import RecordingFailed
from nestflux.sql.literals import bind, bind_outside_quotes, literal

if TYPE_CHECKING:
    from django.db.backends.base.base import BaseDatabaseWrapper

Ask = Callable[..., Any]


@pytest.fixture
def ask(scratch: BaseDatabaseWrapper) -> Ask:
    """Ask the server, in the pinned session, what an expression is."""
    pin(scratch, PINNED)

    def value(expression: str) -> Any:
        with scratch.cursor() as cursor:
            cursor.execute(f"SELECT {expression}")
            return cursor.fetchone()[0]

    return value


on_the_server = settings(
    max_examples=150,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
naive = st.datetimes(min_value=datetime.datetime(1000, 1, 1))


@on_the_server
@given(st.text(st.characters(codec="utf-8")))
def test_text(ask: Ask, value: str) -> None:
    assert ask(literal(value)) == value
    assert "\n" not in literal(value)


@on_the_server
@given(st.text(st.sampled_from("'\"\\%`\0\n\r\x1a\t_;-#/* \u2028🎈x"), max_size=8))
def test_awkward_text(ask: Ask, value: str) -> None:
    assert ask(literal(value)) == value
    assert ask(bind("%s", [value])) == value


@on_the_server
@given(st.binary())
def test_bytes(ask: Ask, value: bytes) -> None:
    assert ask(f"CAST({literal(value)} AS BINARY)") == value
    assert literal(bytearray(value)) == literal(memoryview(value)) == literal(value)


@on_the_server
@given(st.integers(-(2**63), 2**64 - 1))
def test_whole_numbers(ask: Ask, value: int) -> None:
    assert ask(literal(value)) == value


@on_the_server
@given(st.floats(allow_nan=False, allow_infinity=False, allow_subnormal=False))
def test_floats(ask: Ask, value: float) -> None:
    assert ask(literal(value)) == value


@on_the_server
@given(st.decimals(min_value=-(10**20), max_value=10**20, places=9))
def test_decimals(ask: Ask, value: Decimal) -> None:
    assert ask(literal(value)) == value


@on_the_server
@given(naive)
def test_datetimes(ask: Ask, value: datetime.datetime) -> None:
    assert ask(f"CAST({literal(value)} AS DATETIME(6))") == value
    assert ask(f"CAST({literal(value.date())} AS DATE)") == value.date()


@on_the_server
@given(st.timedeltas(datetime.timedelta(hours=-838), datetime.timedelta(hours=838)))
def test_intervals(ask: Ask, value: datetime.timedelta) -> None:
    found = ask(f"TIME_TO_SEC({literal(value)}) + 0e0")
    seconds = value.total_seconds()
    assert int(found) == int(seconds)
    assert (
        ask(f"MICROSECOND({literal(value)})")
        == abs(value) // datetime.timedelta(microseconds=1) % 10**6
    )


class Colour(Enum):
    RED = "red"


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (None, "NULL"),
        (True, "1"),
        (False, "0"),
        (1.0, "1.0e0"),
        (1e300, "1e+300"),
        (Decimal("1E+5"), "100000"),
        (Colour.RED, "'red'"),
        ("it's \\ \0 \n \r \x1a", r"'it''s \\ \0 \n \r \Z'"),
        (b"\x00\xff", "X'00ff'"),
        (datetime.date(2026, 1, 2), "'2026-01-02'"),
        (datetime.datetime(2026, 1, 2, 3, 4, 5), "'2026-01-02 03:04:05'"),
        (datetime.datetime(2026, 1, 2, 3, 4, 5, 6, datetime.UTC), "'2026-01-02 03:04:05.000006'"),
        (datetime.time(1, 2, 3), "'01:02:03'"),
        (datetime.timedelta(), "'0:00:00.000000'"),
        (datetime.timedelta(minutes=1), "'0:01:00.000000'"),
        (datetime.timedelta(hours=100, minutes=2, seconds=3, microseconds=4), "'100:02:03.000004'"),
        (datetime.timedelta(seconds=-1), "'-0:00:01.000000'"),
        (datetime.timedelta(hours=-1, microseconds=1), "'-0:59:59.999999'"),
        (UUID(int=5), "'00000000-0000-0000-0000-000000000005'"),
        ((1, "a"), "(1, 'a')"),
    ],
)
def test_the_text_of_a_literal(value: object, expected: str) -> None:
    assert literal(value) == expected


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (object(), "A parameter of type object cannot be written as a SQL literal."),
        ({"a": 1}, "A parameter of type dict cannot be written as a SQL literal."),
        (float("nan"), "MySQL has no literal for the float nan."),
        (float("-inf"), "MySQL has no literal for the float -inf."),
        (Decimal("NaN"), "MySQL has no literal for the Decimal NaN."),
        (Decimal("Infinity"), "MySQL has no literal for the Decimal Infinity."),
    ],
)
def test_values_without_a_literal_are_refused(value: object, message: str) -> None:
    with pytest.raises(RecordingFailed) as refused:
        literal(value)

    assert str(refused.value) == message


def test_binding_follows_the_drivers_rules() -> None:
    assert bind("SELECT 100%", None) == "SELECT 100%"
    assert bind("SELECT '100%%'", ()) == "SELECT '100%'"
    assert bind("SELECT %s, %s", ["%s", 1]) == "SELECT '%s', 1"
    assert bind("SELECT %(a)s", {"a": b"\xff"}) == "SELECT X'ff'"
    with pytest.raises(TypeError):
        bind("SELECT %s", [])


@pytest.mark.parametrize(
    ("sql", "params", "bound"),
    [
        ("COMMENT '50% off, %s' DEFAULT %s", ["5%"], "COMMENT '50% off, %s' DEFAULT '5%'"),
        ("RENAME `5% a` TO `%s`", [], "RENAME `5% a` TO `%s`"),
        ("AS (`a` %% 2) COMMENT '%%'", [], "AS (`a` % 2) COMMENT '%%'"),
        ("COMMENT 'it''s 5%' DEFAULT %s + %s", [1, 2], "COMMENT 'it''s 5%' DEFAULT 1 + 2"),
        ("COMMENT '5% off' DEFAULT %s", [], None),
        ("COMMENT '5% off'", [1], None),
    ],
)
def test_a_percent_sign_in_quotes_is_no_place(
    sql: str, params: list[Any], bound: str | None
) -> None:
    assert bind_outside_quotes(sql, params) == bound
