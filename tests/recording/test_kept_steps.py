"""Which operation a statement of an edited file came from."""

from __future__ import annotations

import pytest

from nestflux.history.records import StepRecord
from nestflux.history.sqlfile import Direction, Section, SqlFile, Statement
from nestflux.recording.unchanged_steps import operations_of_steps

COUNT, NAME = "UPDATE shop_item SET count = 0", "UPDATE shop_item SET name = ''"
# Both migrations begin and end with the same statement.
KNOWN = [("shop.0001_a/0", COUNT), ("shop.0001_a/1", NAME), ("shop.0002_b/5", NAME)]


def origins(sections: dict[str, list[str]], known: list[tuple[str, str]] = KNOWN) -> list[str]:
    records = [
        StepRecord(Statement(sql).sha256, "data", "", operation=where) for where, sql in known
    ]
    made = tuple(
        Section(migration, items=tuple(map(Statement, texts)))
        for migration, texts in sections.items()
    )
    file = SqlFile("0001_initial", Direction.UP, "id", "MariaDB", (), made)
    return operations_of_steps(records, file)


def test_equal_statements_of_two_migrations_are_each_their_own() -> None:
    found = origins({"shop.0001_a": [COUNT, NAME], "shop.0002_b": [NAME]})

    assert found == ["shop.0001_a/0", "shop.0001_a/1", "shop.0002_b/5"]


@pytest.mark.parametrize(
    ("sections", "found"),
    [
        ({"shop.0001_a": [COUNT], "shop.0002_b": [NAME]}, ["shop.0001_a/0", "shop.0002_b/5"]),
        ({"shop.0001_a": [COUNT, NAME], "shop.0002_b": []}, ["shop.0001_a/0", "shop.0001_a/1"]),
        ({"shop.0001_a": [NAME, COUNT], "shop.0002_b": []}, ["shop.0001_a/1", "shop.0001_a/0"]),
    ],
    ids=["the first is gone", "the second is gone", "moved within its migration"],
)
def test_one_that_is_gone_says_nothing_of_its_like(
    sections: dict[str, list[str]], found: list[str]
) -> None:
    assert origins(sections) == found


def test_an_edited_one_and_one_that_moved_to_another_migration_are_of_none() -> None:
    found = origins({"shop.0001_a": [f"{COUNT} WHERE id = 1"], "shop.0002_b": [COUNT, NAME]})

    assert found == ["", "", "shop.0002_b/5"]


def test_of_equal_ones_in_one_migration_it_is_not_known_which_is_gone() -> None:
    twice = [("shop.0001_a/0", COUNT), ("shop.0001_a/3", COUNT)]

    assert origins({"shop.0001_a": [COUNT, COUNT]}, twice) == ["shop.0001_a/0", "shop.0001_a/3"]
    assert origins({"shop.0001_a": [COUNT]}, twice) == [""]


def test_a_path_without_its_migration_is_not_believed() -> None:
    assert origins({"shop.0001_a": [COUNT]}, [("0", COUNT)]) == [""]
