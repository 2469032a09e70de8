"""What is compiled for a half-done file: only where a value is needed that nothing has, or rows are
in the way of which the schema says nothing, there is no way."""

from __future__ import annotations

import pytest

from nestflux.applying.recovery.compiling import CompiledWay, Database, compiled_reversal
from nestflux.applying.recovery.reversing import CannotReverse, Leg
from nestflux.schema.objects import from_texts
from tests.applying.ways import DOWN, UP, Ways, went

ID, AGE, FLAT = "table a / column id", "table a / column age", "table a / column flat"
ORDER = "table a / order of columns"
TABLE = {"table a": "ENGINE=InnoDB"}
BOTH = {ID: "int NOT NULL", AGE: "int NOT NULL", ORDER: "id, age"}
ONE = {ID: "int NOT NULL", ORDER: "id"}
INDEXED = {"table a / index k": "KEY `k` (`id`)"}
WHY = CannotReverse("a part of what it changes is as after it already", 1)


def compiled(ways: Ways, live: dict[str, str], *legs: Leg, filled: bool = False) -> CompiledWay:
    tables = ("a",) if filled else ()
    database = Database(from_texts(TABLE | live), "utf8mb4_general_ci", "mariadb", tables)
    return compiled_reversal(ways.work(UP), ways.work(DOWN), legs, database, WHY)


def texts(way: CompiledWay) -> list[str]:
    return [task.text for task in way.work.to_run]


def removed_with_an_index() -> Ways:
    """A column and an index go in two statements, and come back in one."""
    ways = Ways()
    ways.up("x/0", "ALTER TABLE a DROP INDEX k", INDEXED, {})
    ways.up("x/0", "ALTER TABLE a DROP COLUMN age", BOTH, ONE)
    return ways.down("x/0", "ALTER TABLE a ADD age int, ADD INDEX k (id)", ONE, BOTH | INDEXED)


def test_what_is_gone_comes_back_and_nothing_else() -> None:
    way = compiled(removed_with_an_index(), BOTH, went(UP, 1), filled=True)

    assert texts(way) == ["ALTER TABLE `a` ADD KEY `k` (`id`)"]
    assert [task.record.delta.lines() for task in way.work.compiled] == [
        ["+ table a / index k: KEY `k` (`id`)"]
    ]
    assert way.work.skipped == {1: "statements that were compiled from the schemas take its place"}


def test_a_column_comes_back_by_the_other_files_own_statement() -> None:
    way = compiled(removed_with_an_index(), ONE, went(UP, 1, 2), filled=True)

    assert texts(way) == ["ALTER TABLE a ADD age int, ADD INDEX k (id)"]


def test_a_column_for_whose_rows_nothing_has_a_value_is_refused() -> None:
    """The index is there again, so the one statement that has a value for the column fails."""
    ways = removed_with_an_index()

    with pytest.raises(CannotReverse) as refused:
        compiled(ways, ONE | INDEXED, went(UP, 2), filled=True)

    assert refused.value.ordinal == 1
    assert refused.value.why == (
        "table a / column age is gone, and nothing has the values of the rows that are there"
    )
    assert texts(compiled(ways, ONE | INDEXED, went(UP, 2))) == [
        "ALTER TABLE `a` ADD COLUMN `age` int NOT NULL AFTER `id`"
    ]


def test_rows_that_came_half_way_are_not_for_the_schema_to_say() -> None:
    ways = Ways()
    ways.up("x/0", "ALTER TABLE a DROP INDEX k", INDEXED, {})
    ways.up("x/0", "UPDATE a SET age = age + 1")
    ways.up("x/0", "ALTER TABLE a DROP COLUMN age", BOTH, ONE)
    ways.down("x/0", "ALTER TABLE a ADD age int, ADD INDEX k (id)", ONE, BOTH | INDEXED)
    ways.down("x/0", "UPDATE a SET age = age - 1")

    with pytest.raises(CannotReverse, match="leaves no trace, and was changed in part"):
        compiled(ways, BOTH, went(UP, 1, 2))


def test_what_the_operations_before_did_is_undone_by_reviewed_statements() -> None:
    ways = Ways()
    ways.up("x/0", "CREATE TABLE b (id int)", {}, {"table b": "ENGINE=InnoDB"})
    ways.up("x/1", "UPDATE a SET age = age + 1")
    ways.up("x/2", "ALTER TABLE a DROP INDEX k", INDEXED, {})
    ways.up("x/2", "ALTER TABLE a DROP COLUMN age", BOTH, ONE)
    ways.down("x/2", "ALTER TABLE a ADD age int, ADD INDEX k (id)", ONE, BOTH | INDEXED)
    ways.down("x/1", "UPDATE a SET age = age - 1")
    ways.down("x/0", "DROP TABLE b", {"table b": "ENGINE=InnoDB"}, {})

    way = compiled(ways, BOTH | {"table b": "ENGINE=InnoDB"}, went(UP, 1, 2, 3))

    assert [(task.ordinal, task.text) for task in way.work.to_run] == [
        (2, "ALTER TABLE `a` ADD KEY `k` (`id`)"),
        (3, "UPDATE a SET age = age - 1"),
        (4, "DROP TABLE b"),
    ]


def test_a_column_that_was_renamed_gets_its_name_back_with_its_values() -> None:
    """Never dropped and made anew, whatever else became of it since."""
    short, long = {AGE: "varchar(5)"}, {FLAT: "varchar(9)"}
    ways = Ways()
    ways.up("x/0", "ALTER TABLE a RENAME COLUMN age TO flat", short, {FLAT: "varchar(5)"})
    ways.up("x/0", "ALTER TABLE a MODIFY flat varchar(9)", {FLAT: "varchar(5)"}, long)
    ways.up("x/0", "ALTER TABLE a ADD INDEX k (id)", {}, INDEXED)
    ways.down("x/0", "ALTER TABLE a CHANGE flat age varchar(5), DROP k", long | INDEXED, short)
    id_ = {ID: "int NOT NULL"}

    way = compiled(ways, id_ | long, went(UP, 1, 2), filled=True)

    assert texts(way) == [
        "ALTER TABLE `a` RENAME COLUMN `flat` TO `age`",
        "ALTER TABLE `a` MODIFY `age` varchar(5)",
    ]


def test_what_somebody_added_by_hand_stays() -> None:
    own = {"table a / index own": "KEY `own` (`age`)", "table c": "ENGINE=InnoDB"}

    way = compiled(removed_with_an_index(), BOTH | own, went(UP, 1))

    assert texts(way) == ["ALTER TABLE `a` ADD KEY `k` (`id`)"]


def test_columns_that_stand_in_another_order_than_recorded_stay_there() -> None:
    swapped = {AGE: "int NOT NULL", ID: "int NOT NULL", ORDER: "age, id"}

    way = compiled(removed_with_an_index(), swapped, went(UP, 1))

    assert texts(way) == ["ALTER TABLE `a` ADD KEY `k` (`id`)"]


def test_a_schema_that_somebody_changed_is_refused() -> None:
    with pytest.raises(CannotReverse, match="not what the steps that ran leave") as refused:
        compiled(removed_with_an_index(), BOTH | {AGE: "bigint"}, went(UP, 1))

    assert refused.value.drifted


def test_an_attempt_that_was_compiled_and_died_is_turned_round() -> None:
    ways = removed_with_an_index()
    (made,) = compiled(ways, BOTH, went(UP, 1)).work.compiled
    back = Leg(DOWN, frozenset({1}), frozenset(), (made,))

    way = compiled(ways, BOTH | INDEXED, went(UP, 1), back)

    assert texts(way) == [
        "ALTER TABLE `a` DROP INDEX `k`",
        "ALTER TABLE `a` DROP COLUMN `age`",
    ]
