"""What a step changed in the schema: the value by which a crash is decided."""

from __future__ import annotations

import json

import pytest

from nestflux.history.records import FileRecord, StepRecord
from nestflux.schema.diff import Delta, columns_renamed_by
from nestflux.schema.equivalence import less_tables_own
from nestflux.schema.objects import ObjectKey, from_texts

TEXTS = {
    "table post": "ENGINE=InnoDB",
    "table post / order of columns": "id, title",
    "table post / column id": "int",
    "table post / column title": "varchar(9)",
}
BEFORE = from_texts(TEXTS)


def after(**columns: str) -> dict[ObjectKey, str]:
    return from_texts(
        {
            "table post": "ENGINE=InnoDB",
            "table post / order of columns": ", ".join(columns),
            **{f"table post / column {name}": text for name, text in columns.items()},
        }
    )


def test_a_delta_says_what_was_made_what_is_gone_and_what_changed() -> None:
    delta = Delta.between(BEFORE, after(id="bigint", slug="varchar(9)"))

    assert delta.lines() == [
        "~ table post / column id: int -> bigint",
        "+ table post / column slug: varchar(9)",
        "- table post / column title: varchar(9)",
        "~ table post / order of columns: id, title -> id, slug",
    ]


def test_what_is_renamed_is_not_lost() -> None:
    renamed = Delta.between(BEFORE, after(id="int", name="varchar(9)"))
    wider = Delta.between(BEFORE, after(id="int", name="varchar(20)"))
    moved = Delta.between(
        BEFORE, from_texts({k.replace("table post", "table p"): v for k, v in TEXTS.items()})
    )

    assert renamed.lost_columns("ALTER TABLE post RENAME COLUMN `title` TO name") == ()
    assert wider.lost_columns("ALTER TABLE post CHANGE COLUMN TITLE name varchar(20)") == ()
    assert moved.lost_tables() == ()
    assert moved.lost_columns("RENAME TABLE post TO p") == ()


def test_a_column_is_renamed_in_whichever_case_it_is_written() -> None:
    before = after(id="int", Title="varchar(9)")
    renamed = Delta.between(before, after(id="int", name="varchar(9)"))

    assert renamed.lost_columns("ALTER TABLE post RENAME COLUMN TITLE TO name") == ()
    assert renamed.lost_columns("ALTER TABLE post DROP COLUMN TITLE") == (("post", "Title"),)


def test_a_column_with_the_name_of_its_table_is_lost_without_it() -> None:
    lost = Delta.between(after(id="int", post="text"), after(id="int"))

    assert lost.lost_columns("ALTER TABLE post DROP COLUMN post") == (("post", "post"),)


@pytest.mark.parametrize(
    ("sql", "renamed"),
    [
        ("ALTER TABLE t CHANGE a b int", {"a": "b"}),
        ("ALTER TABLE t CHANGE COLUMN `A` `B` int, change c d int", {"a": "B", "c": "d"}),
        ("ALTER TABLE t CHANGE COLUMN IF EXISTS a b int", {"a": "b"}),
        ("ALTER TABLE t RENAME COLUMN `a``b` TO `c``d`, ADD e int", {"a`b": "c`d"}),
        ("alter table t rename column a to b", {"a": "b"}),
        ("ALTER TABLE t RENAME COLUMN IF EXISTS a TO b", {"a": "b"}),
        ("ALTER TABLE t RENAME TO u", {}),
        ("ALTER TABLE t RENAME INDEX i TO k", {}),
        ("ALTER TABLE t DROP COLUMN `change`, ADD COLUMN b int", {}),
        ("ALTER TABLE t DROP a, COMMENT 'CHANGE a b'", {}),
        ("CREATE TABLE t (a int)", {}),
        ("ALTER TABLE t RENAME COLUMN `A``` TO `b```", {"a`": "b`"}),
    ],
)
def test_a_statement_tells_which_columns_it_renames(sql: str, renamed: dict[str, str]) -> None:
    assert columns_renamed_by(sql) == renamed


def test_columns_of_a_table_that_stays_are_lost_and_those_of_one_that_goes_are_not() -> None:
    old = from_texts({"table old": "ENGINE=InnoDB", "table old / column x": "int"})

    lost = Delta.between({**BEFORE, **old}, {**after(id="int"), ObjectKey("view", "post"): "VIEW"})

    assert lost.lost_columns("") == (("post", "title"),)
    assert lost.lost_tables() == ("old",)


def test_a_view_that_comes_or_goes_is_no_table() -> None:
    view = {ObjectKey("view", "shown"): "VIEW"}

    assert Delta.between(view, {}).lost_tables() == ()
    assert Delta.between({**BEFORE}, view).lost_tables() == ("post",)


def test_what_is_dropped_is_lost_whatever_comes_in_the_same_statement() -> None:
    swapped = Delta.between(BEFORE, after(id="int", name="varchar(9)"))
    dropped = Delta.between(BEFORE, {})

    sql = "ALTER TABLE post DROP COLUMN title, ADD COLUMN name varchar(9)"
    assert swapped.lost_columns(sql) == (("post", "title"),)
    assert dropped.lost_tables() == ("post",)
    assert dropped.lost_columns("DROP TABLE post") == ()


def test_what_a_columns_comment_says_of_its_tables_collation_stays() -> None:
    table, a = ObjectKey("table", "t"), ObjectKey("column", "a", "t")
    tables = {table: "ENGINE=InnoDB DEFAULT CHARSET=latin1 COLLATE=latin1_bin"}
    clause = " CHARACTER SET latin1 COLLATE latin1_bin"
    stated = Delta({a: (f"char(3){clause} COMMENT 'x'", None)})
    said = Delta({a: (f"char(3) COMMENT 'not{clause}'", None)})

    assert less_tables_own(stated, tables).changes == {a: ("char(3) COMMENT 'x'", None)}
    assert less_tables_own(said, tables) == said
    commented = {table: "ENGINE=InnoDB COMMENT='DEFAULT CHARSET=latin1 COLLATE=latin1_bin'"}
    assert less_tables_own(stated, commented) == stated


def test_no_difference_is_no_delta() -> None:
    assert not Delta.between(BEFORE, dict(BEFORE))
    assert Delta.between({}, BEFORE)


def test_another_column_of_the_live_table_does_not_hide_a_delta() -> None:
    recorded = Delta.between(BEFORE, after(id="int", title="varchar(9)", slug="text"))
    live = Delta.between(
        after(id="int", extra="int", title="varchar(9)"),
        after(id="int", extra="int", title="varchar(9)", slug="text"),
    )

    assert recorded.same_as(live)
    assert recorded != live


def test_the_order_of_columns_counts_where_nothing_else_changed() -> None:
    moved = Delta.between(BEFORE, after(title="varchar(9)", id="int"))

    wider = Delta.between(BEFORE, after(title="varchar(9)", id="bigint"))

    assert not moved.same_as(Delta())
    assert not moved.same_as(wider)
    assert not wider.same_as(moved)
    assert moved.same_as(Delta.between(BEFORE, after(title="varchar(9)", id="int")))


def test_records_read_back_as_they_were_written_a_step_a_line() -> None:
    record = FileRecord(
        up=(
            StepRecord(
                "aa",
                "ddl",
                "instant",
                note="instant",
                tables=("post",),
                delta=Delta.between(BEFORE, after(id="int", title="varchar(9)", é="text")),
            ),
            StepRecord("bb", "python", "RunPython(f)", undecidable="why", atomic=False),
        ),
        down=(),
    )

    assert FileRecord.loads(record.dumps()) == record
    lines = record.dumps().splitlines()
    assert len(lines) == 7
    assert json.loads(lines[3].rstrip(",")) == record.up[1].to_json()
