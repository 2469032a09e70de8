"""The objects of a schema, and the text in which the disk has them."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nestflux.history.records import FileRecord
from nestflux.schema.objects import COLUMN, CONSTRAINT, INDEX, PERIOD, VIEW, ObjectKey

HISTORIES = Path(__file__).parents[2] / "migrations_sql"

TEXTS = [
    ("table blog_post", ObjectKey("table", "blog_post")),
    ("table a b", ObjectKey("table", "a b")),
    ("view shown", ObjectKey("view", "shown")),
    ("trigger a / column b", ObjectKey("trigger", "a / column b")),
    ("table post / column title", ObjectKey("column", "title", "post")),
    ("table post / column a `tick", ObjectKey("column", "a `tick", "post")),
    ("table post / column a / column b", ObjectKey("column", "a / column b", "post")),
    ("table post / column primary key", ObjectKey("column", "primary key", "post")),
    ("table post / index  x", ObjectKey("index", " x", "post")),
    ("table post / index a / b", ObjectKey("index", "a / b", "post")),
    ("table post / constraint a.b", ObjectKey("constraint", "a.b", "post")),
    ("table post / primary key", ObjectKey("primary key", table="post")),
    ("table post / period", ObjectKey("period", table="post")),
    ("table post / order of columns", ObjectKey("order of columns", table="post")),
    ("table a/b / column c", ObjectKey("column", "c", "a/b")),
    ("table a // column b", ObjectKey("table", "a / column b")),
    ("table a // column b / column c", ObjectKey("column", "c", "a / column b")),
]


@pytest.mark.parametrize(("text", "key"), TEXTS)
def test_an_object_and_its_text(text: str, key: ObjectKey) -> None:
    assert str(key) == text
    assert ObjectKey.parse(text) == key


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("view shown", VIEW),
        ("table post / column title", COLUMN),
        ("table post / index a", INDEX),
        ("table post / constraint a", CONSTRAINT),
        ("table post / period", PERIOD),
    ],
)
def test_a_kind_is_known_by_its_word(text: str, kind: str) -> None:
    assert ObjectKey.parse(text).kind == kind
    assert ObjectKey.parse(text).is_column == (kind == COLUMN)


# No name ends in a blank, and none is empty (MySQL manual, "Schema Object Names").
_ODD = st.sampled_from(
    [
        " / ",
        " // ",
        " /",
        "/",
        " ",
        "`",
        ".",
        "table ",
        "column ",
        "primary key",
        "/ order of columns",
    ]
)
NAMES = (
    st.lists(_ODD | st.text(max_size=4), min_size=1, max_size=6)
    .map("".join)
    .filter(lambda name: name.rstrip(" ") == name != "")
)
KEYS = (
    st.builds(ObjectKey, st.sampled_from(["table", "view", "trigger", "procedure"]), NAMES)
    | st.builds(ObjectKey, st.sampled_from(["column", "index", "constraint"]), NAMES, NAMES)
    | st.builds(
        ObjectKey,
        st.sampled_from(["primary key", "period", "order of columns"]),
        st.just(""),
        NAMES,
    )
)


@given(KEYS)
def test_the_text_tells_every_object_from_every_other(key: ObjectKey) -> None:
    assert ObjectKey.parse(str(key)) == key


@pytest.mark.parametrize(
    "text", ["table post", "table post / column title", "table post / index a / b"]
)
def test_the_object_of_a_part_is_its_table(text: str) -> None:
    assert ObjectKey.parse(text).holder == ObjectKey("table", "post")


@given(KEYS)
def test_a_part_is_held_by_its_table_and_anything_else_by_itself(key: ObjectKey) -> None:
    assert not key.holder.is_part
    assert key.holder.name == key.holder_name
    assert str(key).startswith(str(key.holder))
    assert key.is_part == (str(key) != str(key.holder))
    assert key.is_of_table == key.holder.is_table


@pytest.mark.parametrize(
    "path",
    sorted(HISTORIES.glob("*/*.deltas.json")),
    ids=lambda path: f"{path.parent.name}/{path.name}",
)
def test_a_history_of_before_is_read_and_written_as_it_is(path: Path) -> None:
    text = path.read_text(encoding="utf-8")

    assert FileRecord.loads(text).dumps() == text
