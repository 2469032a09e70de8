"""What cannot be partitioned is refused by system checks, in words."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Any

import pytest
from django.db import models
from django.db.models import CASCADE, F, Model, Q, UniqueConstraint
from django.test.utils import isolate_apps

from nestflux.orm.partitioning import (
    HashPartitions,
    KeyPartitions,
    ListPartitions,
    Partitions,
    RangePartitions,
)
from nestflux.orm.partitioning.checks import check_partitions


@pytest.fixture(autouse=True)
def _isolated() -> Iterator[None]:
    with isolate_apps("identity"):
        yield


def by_month(**more: Any) -> RangePartitions:
    given: dict[str, Any] = {"field": "at", "start": date(2026, 1, 1), "every": "month"}
    return RangePartitions(**{"name": "by_month", "widen_primary_key": True, **given, **more})


def model(
    *constraints: models.BaseConstraint, name: str = "Event", managed: bool = True, **fields: Any
) -> type[Model]:
    """A model ``identity.Event`` with an id, a time and these fields."""
    options = {"app_label": "identity", "constraints": list(constraints), "managed": managed}
    body = {"at": models.DateTimeField(), **fields}
    meta = type("Meta", (), options)
    return type(name, (Model,), {"__module__": __name__, "Meta": meta, **body})


def said(*every: type[Model]) -> list[str]:
    return [f"{message.id} {message.msg} {message.hint}" for message in check_partitions(every)]


@pytest.mark.parametrize(
    "partitions",
    [
        by_month(),
        by_month(every=1000, start=0, field="id", widen_primary_key=False),
        HashPartitions(name="p", field="id", count=4),
        KeyPartitions(name="p", fields=["id"], count=4),
        ListPartitions(
            name="p", field="kind", partitions={"a": ["x"], "b": ["y"]}, widen_primary_key=True
        ),
    ],
)
def test_what_is_right_is_not_spoken_of(partitions: Partitions) -> None:
    assert said(model(partitions, kind=models.CharField(max_length=1))) == []


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"every": "hour"}, "every is 'hour'"),
        ({"every": 0, "start": 0}, "every is 0"),
        ({"every": True, "start": 0}, "every is True"),
        ({"start": "2026-01-01"}, "start is '2026-01-01', and every is a month"),
        ({"every": 10}, "start is datetime.date(2026, 1, 1), and every is a number"),
        ({"every": 10, "start": -1}, "start is -1"),
        ({"ahead": 0}, "ahead is 0"),
        ({"ahead": 1001}, "ahead is 1001"),
        ({"ahead": "3"}, "ahead is '3'"),
        ({"keep": 0}, "keep is 0"),
        ({"keep": 1.5}, "keep is 1.5"),
        ({"archive": None}, "archive is None"),
        ({"catch_all": 1}, "catch_all is 1"),
        ({"field": ""}, "no field is named"),
    ],
)
def test_a_wrong_value_of_a_range_is_named(wrong: dict[str, Any], words: str) -> None:
    (message,) = said(model(by_month(**wrong)))

    assert message.startswith("nestflux.E020 The partitions 'by_month'")
    assert words in message


@pytest.mark.parametrize(
    ("partitions", "words"),
    [
        (HashPartitions(name="p", field="id", count=0), "count is 0"),
        (KeyPartitions(name="p", fields=["id"], count=8193), "count is 8193"),
        (KeyPartitions(name="p", fields=[], count=2), "no field is named"),
        (ListPartitions(name="p", field="id", partitions={}), "it lists no partitions"),
        (
            ListPartitions(name="p", field="id", partitions=[1, 2]),  # type: ignore[arg-type]
            "it lists no partitions",
        ),
        (ListPartitions(name="p", field="id", partitions={"a": []}), "'a' has the values []"),
        (ListPartitions(name="p", field="id", partitions={"a": "xy"}), "'a' has the values 'xy'"),
        (
            ListPartitions(name="p", field="id", partitions={"a": [1], "b": [2, 1]}),
            "1 is in 'a' and in 'b'",
        ),
    ],
)
def test_a_wrong_value_of_another_kind_is_named(partitions: Partitions, words: str) -> None:
    (message,) = said(model(partitions))

    assert message.startswith("nestflux.E020")
    assert words in message


@pytest.mark.parametrize(
    ("partitions", "fields", "words"),
    [
        (by_month(field="then"), {}, "it has no field 'then'"),
        (by_month(field="id"), {}, "'id' is a BigAutoField"),
        (by_month(every=5, start=0), {}, "'at' is a DateTimeField"),
        (by_month(), {"at": models.DateTimeField(null=True)}, "'at' may be NULL"),
        (by_month(), {"at": models.TimeField()}, "'at' is a TimeField"),
        (HashPartitions(name="p", field="at", count=2, widen_primary_key=True), {}, "Hashes are"),
        (
            KeyPartitions(name="p", fields=["text"], count=2, widen_primary_key=True),
            {"text": models.TextField()},
            "'text' is a TextField",
        ),
        (
            ListPartitions(name="p", field="x", partitions={"a": [1.5]}, widen_primary_key=True),
            {"x": models.FloatField()},
            "Lists are of",
        ),
    ],
)
def test_a_column_that_does_not_fit_is_named(
    partitions: Partitions, fields: dict[str, Any], words: str
) -> None:
    (message,) = said(model(partitions, **fields))

    assert message.startswith("nestflux.E021 identity.Event cannot have the partitions")
    assert words in message


def test_a_primary_key_without_the_column_is_refused_with_both_ways_out() -> None:
    (message,) = said(model(by_month(widen_primary_key=False)))

    assert message.startswith(
        "nestflux.E022 The primary key of identity.Event does not hold at, by which 'by_month'"
    )
    assert "widen_primary_key=True" in message
    assert 'models.CompositePrimaryKey("id", "at")' in message


def test_a_composite_primary_key_with_the_column_is_right() -> None:
    event = model(
        by_month(widen_primary_key=False),
        pk=models.CompositePrimaryKey("number", "at"),
        number=models.BigIntegerField(),
    )

    assert said(event) == []


@pytest.mark.parametrize(
    ("key", "fields", "words"),
    [
        (None, {"code": models.CharField(max_length=9, unique=True)}, "The unique field 'code'"),
        (UniqueConstraint(fields=["code"], name="one"), {}, "The constraint 'one'"),
        (UniqueConstraint(F("code"), name="one"), {}, "The constraint 'one'"),
    ],
)
def test_a_unique_key_without_the_column_is_refused(
    key: UniqueConstraint | None, fields: dict[str, Any], words: str
) -> None:
    given = {"code": models.CharField(max_length=9), **fields}

    (message,) = said(model(by_month(), *([key] if key else []), **given))

    assert message.startswith(f"nestflux.E022 {words} does not hold at")


def test_a_unique_key_with_the_column_is_right() -> None:
    code = models.CharField(max_length=9)
    whole = UniqueConstraint(fields=["code", "at"], name="one")
    partial = UniqueConstraint(fields=["code"], condition=Q(code="x"), name="not made on MySQL")

    assert said(model(by_month(), whole, partial, code=code)) == []


def test_a_foreign_key_of_the_table_is_refused() -> None:
    place = model(name="Place")
    with_key = model(by_month(), place=models.ForeignKey(place, CASCADE))

    (message,) = said(with_key, place)
    assert message.startswith("nestflux.E023 identity.Event.place is a foreign key on the table")
    assert "db_constraint=False" in message


def test_a_foreign_key_without_a_constraint_is_right() -> None:
    place = model(name="Place")
    free = model(by_month(), place=models.ForeignKey(place, CASCADE, db_constraint=False))

    assert said(free, place) == []


def test_a_foreign_key_that_leads_to_the_table_is_refused() -> None:
    event = model(by_month())
    note = model(name="Note", event=models.ForeignKey(event, CASCADE))

    (message,) = said(event, note)
    assert message.startswith("nestflux.E023 identity.Note.event is a foreign key to the table")


def test_partitions_are_declared_once() -> None:
    both = model(by_month(), HashPartitions(name="p", field="id", count=2))

    (message,) = said(both)
    assert message.startswith("nestflux.E024 identity.Event declares partitions twice")


def test_a_table_that_django_does_not_make_is_not_looked_at() -> None:
    assert said(model(by_month(field="none"), managed=False)) == []
