"""A live schema against the one that the files make."""

from __future__ import annotations

import pytest

from nestflux.schema.compare import Comparison, compare, differing, same_columns
from nestflux.schema.objects import ORDER, ObjectKey, from_texts

TABLE, COLUMNS = ObjectKey("table", "post"), ObjectKey(ORDER, table="post")
ID, TITLE = ObjectKey("column", "id", "post"), ObjectKey("column", "title", "post")
FILES = {
    TABLE: "ENGINE=InnoDB",
    COLUMNS: "id, title",
    ID: "int",
    TITLE: "varchar(9)",
}
OTHER = from_texts(
    {
        "table other": "ENGINE=InnoDB",
        "table other / order of columns": "id",
        "table other / column id": "int",
    }
)


def less(definitions: dict[ObjectKey, str], *keys: ObjectKey) -> dict[ObjectKey, str]:
    return {key: text for key, text in definitions.items() if key not in keys}


def test_a_schema_that_is_the_one_of_the_files_has_no_difference() -> None:
    assert compare(FILES, dict(FILES), ()) == Comparison()


def test_what_is_missing_besides_or_differs_is_said_with_both_definitions() -> None:
    live = {**less(FILES, TITLE), ID: "bigint", ObjectKey("index", "k", "post"): "KEY `k` (`id`)"}

    assert compare(FILES, live, ()) == Comparison(
        differences=(
            f"differs: {ID}: bigint, and in the files: int",
            f"missing: {TITLE}: varchar(9)",
            "not in the files: table post / index k: KEY `k` (`id`)",
        )
    )


def test_values_of_a_set_in_another_order_are_no_difference() -> None:
    files = {**FILES, TITLE: "int AS (if(`id` in (1,2),1,0)) STORED"}

    assert compare(files, {**files, TITLE: "int AS (if(`id` in (2,1),1,0)) STORED"}, ()) == (
        Comparison()
    )


def test_a_table_that_is_missing_is_one_difference() -> None:
    assert compare({**FILES, **OTHER}, FILES, ()) == Comparison(
        differences=("missing: table other: ENGINE=InnoDB",)
    )


def test_a_table_of_a_later_file_is_one_difference_and_one_of_no_file_a_remark() -> None:
    live = {**FILES, **OTHER}

    assert compare(FILES, live, {ObjectKey("table", "other")}) == Comparison(
        differences=("not in the files: table other: ENGINE=InnoDB",)
    )
    assert compare(FILES, live, ()) == Comparison(
        remarks=("table other is in no file of the history; it is left alone",)
    )


def test_another_order_of_the_same_columns_is_a_remark() -> None:
    moved = {**FILES, COLUMNS: "title, id"}

    for known in ((), {TABLE}):
        assert compare({**FILES, **OTHER}, {**moved, **OTHER}, known) == Comparison(
            remarks=("table post has its columns in another order: title, id",)
        )


def test_another_order_that_a_column_more_brings_is_none() -> None:
    live = {**FILES, COLUMNS: "title, id, n", ObjectKey("column", "n", "post"): "int"}

    assert compare(FILES, live, ()) == Comparison(
        differences=("not in the files: table post / column n: int",)
    )


def test_a_check_whose_names_differ_in_their_case_is_the_same() -> None:
    key = ObjectKey("constraint", "c", "post")
    files = {**FILES, key: "CONSTRAINT `c` CHECK ((`id` > 0))"}

    assert compare(files, {**files, key: "CONSTRAINT `c` CHECK ((`ID` > 0))"}, ()) == Comparison()
    assert list(differing(files, FILES, ())) == [(key, files[key], None)]
    assert list(differing(FILES, files, ())) == [(key, None, files[key])]


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("id, title", "title, id", True),
        ("id, title", "id", False),
        ("id, title", None, False),
        (None, None, False),
    ],
)
def test_two_orders_of_the_same_columns(one: str | None, other: str | None, same: bool) -> None:
    assert same_columns(one, other) is same
