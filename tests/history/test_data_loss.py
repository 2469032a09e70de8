"""What the steps of a file take away."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from nestflux.history.data_loss import Lost, Names, losses_of, tables_emptied_by
from nestflux.history.records import StepRecord
from nestflux.schema.diff import Delta
from nestflux.schema.objects import from_texts


@dataclass(frozen=True)
class Step:
    text: str
    record: StepRecord


Changes = dict[str, tuple[str | None, str | None]]


def step(sql: str, changes: Changes, *tables: str, kind: str = "ddl") -> Step:
    shown = from_texts({f"table {key}": pair for key, pair in changes.items()})
    return Step(sql, StepRecord("", kind, "", tables=tables, delta=Delta(shown)))


DROP_TABLE = step("DROP TABLE post", {"post": ("InnoDB", None), "post / column a": ("int", None)})
DROP_COLUMN = step("ALTER TABLE post DROP COLUMN a", {"post / column a": ("int", None)})
NARROW = step(
    "ALTER TABLE post MODIFY b varchar(9)", {"post / column b": ("varchar(20)", "varchar(9)")}
)
MAKE_TABLE = step("CREATE TABLE post (a int)", {"post": (None, "I"), "post / column a": (None, "")})
ADD_COLUMN = step("ALTER TABLE post ADD COLUMN a int", {"post / column a": (None, "int")})


@pytest.mark.parametrize(
    ("lossy", "lost"),
    [
        (DROP_TABLE, Lost("post", "table")),
        (DROP_COLUMN, Lost("post", "column", "a")),
        (NARROW, Lost("post", "narrowed", "b", "varchar(20) -> varchar(9)")),
        (step("TRUNCATE post", {}), Lost("post", "rows")),
        (step("DELETE FROM post WHERE a = 1", {}, kind="data"), Lost("post", "rows")),
    ],
)
def test_each_kind_of_loss(lossy: Step, lost: Lost) -> None:
    assert losses_of([lossy]) == (lost,)


def test_what_the_steps_made_themselves_is_not_lost() -> None:
    assert losses_of([MAKE_TABLE, DROP_TABLE]) == ()
    assert losses_of([MAKE_TABLE, step("DELETE FROM post", {}), DROP_COLUMN]) == ()
    assert losses_of([ADD_COLUMN, DROP_COLUMN]) == ()


def test_a_table_that_is_dropped_counts_as_a_whole() -> None:
    assert losses_of([DROP_COLUMN, NARROW, DROP_TABLE]) == (Lost("post", "table"),)


def test_what_is_lost_twice_counts_once() -> None:
    dropped_later = step("ALTER TABLE post DROP b", {"post / column b": ("varchar(9)", None)})

    assert losses_of([NARROW, dropped_later]) == (Lost("post", "column", "b"),)


def test_a_renamed_column_is_followed_back_to_its_first_name() -> None:
    renamed = step(
        "ALTER TABLE post RENAME COLUMN old TO b",
        {"post / column old": ("varchar(20)", None), "post / column b": (None, "varchar(20)")},
    )

    assert losses_of([renamed]) == ()
    assert losses_of([renamed, NARROW]) == (
        Lost("post", "narrowed", "old", "varchar(20) -> varchar(9)"),
    )


def test_a_change_that_renames_and_narrows_at_once_narrows() -> None:
    changed = step(
        "ALTER TABLE post CHANGE a b varchar(9)",
        {"post / column a": ("varchar(20)", None), "post / column b": (None, "varchar(9)")},
    )

    assert losses_of([changed]) == (Lost("post", "narrowed", "a", "varchar(20) -> varchar(9)"),)


def test_a_renamed_table_is_followed_over_several_files() -> None:
    renamed = step(
        "RENAME TABLE page TO post",
        {
            "page": ("I", None),
            "post": (None, "I"),
            "page / column a": ("int", None),
            "post / column a": (None, "int"),
        },
    )
    names = Names()

    assert losses_of([renamed], names) == ()
    assert losses_of([DROP_COLUMN], names) == (Lost("page", "column", "a"),)
    assert losses_of([DROP_TABLE], names) == (Lost("page", "table"),)


def test_a_generated_column_holds_nothing_of_its_own() -> None:
    generated: Changes = {"post / column a": ("int GENERATED ALWAYS AS (`b` + 1) VIRTUAL", None)}

    assert losses_of([step("ALTER TABLE post DROP a", generated)]) == ()


@pytest.mark.parametrize(
    ("sql", "tables"),
    [
        ("TRUNCATE TABLE `a b`", ("a b",)),
        ("truncate a", ("a",)),
        ("DELETE FROM shop.a WHERE x IN (1, 2)", ("a",)),
        ("DELETE QUICK FROM a", ("a",)),
        ("DELETE FROM a WHERE id IN (SELECT a_id FROM b)", ("a",)),
        ("DELETE a FROM a JOIN b ON a.id = b.id", ("a", "b")),
        ("DELETE FROM a USING a JOIN b", ("a", "b")),
        ("WITH x AS (SELECT 1) DELETE FROM a", ("a",)),
        ("CREATE OR REPLACE TABLE a (x int)", ("a",)),
        ("ALTER TABLE a DROP PARTITION p0", ("a",)),
        ("ALTER TABLE a TRUNCATE PARTITION p0", ("a",)),
        ("ALTER TABLE a EXCHANGE PARTITION p0 WITH TABLE b", ("a", "b")),
        ("ALTER TABLE IF EXISTS shop.a EXCHANGE PARTITION p0 WITH TABLE shop.b", ("a", "b")),
        ("ALTER TABLE a DISCARD TABLESPACE", ("a",)),
        ("ALTER TABLE a DROP COLUMN x", ()),
        ("ALTER TABLE a COALESCE PARTITION 2", ()),
        ("INSERT INTO a VALUES (1)", ()),
        ("UPDATE a SET x = 'DELETE FROM a'", ()),
    ],
)
def test_what_takes_rows_out_of_a_table(sql: str, tables: tuple[str, ...]) -> None:
    assert tables_emptied_by(sql, ("a", "b")) == tables


def test_a_column_of_the_same_definition_takes_anothers_name() -> None:
    """No delta has it: only the text says that the values are another column's."""
    names = Names()

    names.follow(Delta(), "ALTER TABLE `shop` RENAME COLUMN a TO b, RENAME COLUMN b TO a")
    names.follow(Delta(), "ALTER TABLE `shop` DROP c, ADD c int")

    found = [names.column("shop", name) for name in ("a", "b", "c", "d")]
    assert found == ["b", "a", None, "d"]
