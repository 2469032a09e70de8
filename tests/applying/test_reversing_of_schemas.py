"""The live schema when a half-done attempt is reversed: which definitions count as recorded, and
where a step of the other way meets one that it cannot take back."""

from __future__ import annotations

import pytest

from nestflux.applying.recovery.reversing import CannotReverse, reversal
from nestflux.schema.objects import from_texts
from tests.applying.ways import DOWN, NAME, TABLE, TITLE, UP, Ways, went

SHORT, LONG = {**TABLE, NAME: "varchar(9)"}, {**TABLE, NAME: "varchar(20)"}
GIVEN = {**TABLE, NAME: "varchar(20) DEFAULT 'x'"}
OWN = "CHARACTER SET latin1 COLLATE latin1_bin"
LATIN1 = "ENGINE=InnoDB DEFAULT CHARSET=latin1 COLLATE=latin1_bin"


# ---- the same definition, printed differently ----------------------------------------------


def _wider(before: str, after: str) -> Ways:
    """A column in another definition, and an index that a half-done attempt did not come to."""
    one, other = {**TABLE, NAME: before}, {**TABLE, NAME: after}
    index = {**other, "table a / index k": "KEY `k` (`name`)"}
    return (
        Ways()
        .up("0", f"ALTER TABLE a MODIFY name {after}", one, other)
        .up("1", "CREATE INDEX k ON a (name)", other, index)
        .down("1", "DROP INDEX k ON a", index, other)
        .down("0", f"ALTER TABLE a MODIFY name {before}", other, one)
    )


def test_a_column_that_states_its_tables_own_character_set_is_as_recorded() -> None:
    live = {"table a": LATIN1, NAME: f"varchar(20) {OWN}"}

    assert _wider("varchar(9)", "varchar(20)").reversal(live, went(UP, 1)) == [2]


@pytest.mark.parametrize(
    ("before", "after", "same_server"),
    [("varchar(9)", f"varchar(9) {OWN}", True), ("int", "int(11)", False)],
)
def test_a_definition_that_the_file_knows_is_taken_as_it_stands(
    before: str, after: str, same_server: bool
) -> None:
    ways, live = _wider(before, after), {"table a": LATIN1, NAME: after}

    assert ways.reversal(live, went(UP, 1), same_server=same_server) == [2]


def test_of_several_definitions_another_version_of_the_server_prints_the_one_that_reads_alike() -> (
    None
):
    ways = _wider("int", "bigint")

    assert ways.reversal({**TABLE, NAME: "bigint(20)"}, went(UP, 1), same_server=False) == [2]
    assert ways.reversal({**TABLE, NAME: "int(11)"}, went(UP), same_server=False) == []
    with pytest.raises(CannotReverse, match=r"column name: bigint -> text\Z"):
        ways.reversal({**TABLE, NAME: "text"}, went(UP, 1), same_server=False)


def test_a_definition_without_another_is_the_recorded_one_whatever_another_version_prints() -> None:
    made = {**TABLE, NAME: "json"}
    ways = (
        Ways()
        .up("0", "ALTER TABLE a ADD name json", TABLE, made)
        .up("1", "ALTER TABLE a ADD title int", made, {**made, TITLE: "int"})
        .down("1", "ALTER TABLE a DROP title", {**made, TITLE: "int"}, made)
        .down("0", "ALTER TABLE a DROP name", made, TABLE)
    )
    live = {**TABLE, NAME: "longtext CHECK (json_valid(`name`))"}

    assert ways.reversal(live, went(UP, 1), same_server=False) == [2]


def test_the_server_counts_as_the_one_of_the_recording_unless_it_is_said() -> None:
    ways = _wider("int", "bigint")

    with pytest.raises(CannotReverse, match=r"bigint -> bigint\(20\)"):
        reversal(ways.work(UP), ways.work(DOWN), [went(UP, 1)], from_texts({NAME: "bigint(20)"}))


def test_a_difference_of_two_lines_is_shown_line_by_line() -> None:
    with pytest.raises(CannotReverse) as refused:
        _two_columns().reversal({**TABLE, NAME: "text", TITLE: "text"}, went(UP, 1))

    assert refused.value.why == (
        "the schema is not what the steps that ran leave:\n"
        "    ~ table a / column name: varchar(20) -> text\n"
        "    ~ table a / column title: int -> text"
    )


def _two_columns() -> Ways:
    both = {**LONG, TITLE: "int"}
    return (
        Ways()
        .up("0", "ALTER TABLE a ADD name varchar(20), ADD title int", TABLE, both)
        .down("0", "ALTER TABLE a DROP name, DROP title", both, TABLE)
    )


# ---- what a server changes without a word ---------------------------------------------------


def _foreign_key(to: str) -> dict[str, str]:
    table, column = to.split(".")
    text = f"FOREIGN KEY (`id`) REFERENCES `{table}` (`{column}`)"
    return {"table a / constraint fk": f"CONSTRAINT `fk` {text}"}


@pytest.mark.parametrize("has_index", [True, False], ids=["is there", "is gone"])
def test_the_index_that_a_foreign_key_brings_along_says_nothing(has_index: bool) -> None:
    """It goes as soon as another index serves, and no step names it."""
    with_key = {**TABLE, **_foreign_key("b.id")}
    own, other = {"table a / index fk": "KEY `fk` (`id`)"}, {"table a / index k": "KEY `k` (`id`)"}
    ways = (
        Ways()
        .up("0", "ALTER TABLE a ADD CONSTRAINT fk", TABLE, {**with_key, **own})
        .up("1", "CREATE INDEX k ON a (id)", {**with_key, **own}, {**with_key, **other})
        .up("2", "ANALYZE TABLE a")
        .down("1", "DROP INDEX k ON a", {**with_key, **other}, with_key)
        .down("0", "ALTER TABLE a DROP FOREIGN KEY fk", with_key, TABLE)
    )
    live = {**with_key, **other, **(own if has_index else {})}

    assert ways.reversal(live, went(UP, 1, 2)) == [1, 2]


def test_a_foreign_key_follows_a_table_with_its_columns_that_is_renamed() -> None:
    old = {"table b": "ENGINE=InnoDB", "table b / column id": "int"}
    new = {"table c": "ENGINE=InnoDB", "table c / column id": "int"}
    made, moved = {**TABLE, **_foreign_key("b.id")}, {**TABLE, **_foreign_key("c.id")}
    ways = (
        Ways()
        .up("0", "ALTER TABLE a ADD CONSTRAINT fk", TABLE, made)
        .up("1", "RENAME TABLE b TO c", old, new)
        .up("2", "ANALYZE TABLE c")
        .down("1", "RENAME TABLE c TO b", new, old)
        .down("0", "ALTER TABLE a DROP FOREIGN KEY fk", made, TABLE)
    )

    assert ways.reversal({**moved, **new}, went(UP, 1, 2)) == [1, 2]


OLD, NEW = {"table b / column id": "int"}, {"table b / column key": "int"}
TO_OLD, TO_NEW = {**TABLE, **_foreign_key("b.id")}, {**TABLE, **_foreign_key("b.key")}


def test_a_foreign_key_follows_a_column_that_is_renamed() -> None:
    """Between two steps of one way: no change of either holds it."""
    ways = (
        Ways()
        .up("0", "ALTER TABLE a ADD CONSTRAINT fk", TABLE, TO_OLD)
        .up("1", "ALTER TABLE b RENAME COLUMN id TO `key`", OLD, NEW)
        .up("2", "ALTER TABLE a DROP FOREIGN KEY fk", TO_NEW, TABLE)
        .down("2", "ALTER TABLE a ADD CONSTRAINT fk", TABLE, TO_NEW)
        .down("1", "ALTER TABLE b RENAME COLUMN `key` TO id", NEW, OLD)
        .down("0", "ALTER TABLE a DROP FOREIGN KEY fk", TO_OLD, TABLE)
    )

    assert ways.reversal({**TO_NEW, **NEW}, went(UP, 1, 2)) == [2, 3]


def test_a_foreign_key_that_followed_a_column_is_known_on_the_way_back() -> None:
    """Between the end of the one way and the beginning of the other."""
    index = {"table b / index k": "KEY `k` (`key`)"}
    ways = (
        Ways()
        .up("0", "ALTER TABLE a ADD CONSTRAINT fk", TABLE, TO_OLD)
        .up("0", "ALTER TABLE b RENAME COLUMN id TO `key`", OLD, NEW)
        .up("1", "CREATE INDEX k ON b (`key`)", NEW, {**NEW, **index})
        .down("1", "DROP INDEX k ON b", {**NEW, **index}, NEW)
        .down("0", "ALTER TABLE a DROP FOREIGN KEY fk", TO_NEW, TABLE)
        .down("0", "ALTER TABLE b RENAME COLUMN `key` TO id", NEW, OLD)
    )

    assert ways.reversal({**TO_NEW, **NEW}, went(UP, 1, 2)) == [2, 3]
    assert ways.reversal({**TO_NEW, **NEW}, went(DOWN, 1)) == [3]


# ---- what can only be finished --------------------------------------------------------------


def test_a_way_forward_that_leaves_what_the_way_back_made_is_refused() -> None:
    """Django looks names up: the foreign key that the way back made has another one."""
    one, two, three = ({f"table a / constraint fk{n}": f"FOREIGN KEY {n}"} for n in (1, 2, 3))
    ways = (
        Ways()
        .up("0", "ALTER TABLE a DROP FOREIGN KEY fk1", {**TABLE, **one}, TABLE)
        .up("0", "ALTER TABLE a ADD CONSTRAINT fk2", TABLE, {**TABLE, **two})
        .down("0", "ALTER TABLE a DROP FOREIGN KEY fk2", {**TABLE, **two}, TABLE)
        .down("0", "ALTER TABLE a ADD CONSTRAINT fk3", TABLE, {**TABLE, **three})
        .down("", "ANALYZE TABLE a")
    )

    assert ways.reversal(TABLE, went(DOWN, 1)) == [2]
    with pytest.raises(CannotReverse) as refused:
        ways.reversal({**TABLE, **three}, went(DOWN, 1, 2))
    assert refused.value.why == (
        "table a / constraint fk3 would not be as the whole file leaves it"
    )


@pytest.mark.parametrize(
    "sql",
    [
        "ALTER TABLE a MODIFY name varchar(9)",
        "ALTER TABLE a MODIFY COLUMN `name` varchar(9)",
        "alter table a modify column name varchar(9)",
        "ALTER TABLE a MODIFY title int, MODIFY name text",
    ],
)
def test_a_step_that_states_a_column_as_a_whole_takes_back_any_definition(sql: str) -> None:
    assert _half_way(sql).reversal(LONG, went(UP, 1)) == [1]


@pytest.mark.parametrize(
    "sql",
    [
        "ALTER TABLE a ALTER COLUMN name DROP DEFAULT",
        "ALTER TABLE a MODIFY title int, ALTER COLUMN name DROP DEFAULT",
        "ALTER TABLE a CONVERT TO CHARACTER SET latin1",
    ],
)
def test_a_step_that_changes_a_part_of_a_definition_does_not(sql: str) -> None:
    with pytest.raises(CannotReverse) as refused:
        _half_way(sql).reversal(LONG, went(UP, 1))

    assert str(refused.value) == ("table a / column name is neither as before it nor as after it")
    assert refused.value.ordinal == 1


def _half_way(sql: str) -> Ways:
    return (
        Ways()
        .up("0", "ALTER TABLE a MODIFY name varchar(20)", SHORT, LONG)
        .up("0", "ALTER TABLE a ALTER COLUMN name SET DEFAULT 'x'", LONG, GIVEN)
        .down("0", sql, GIVEN, SHORT)
    )


def test_a_step_that_states_a_column_states_no_index_of_its_name() -> None:
    one, two, three = ({"table a / index name": f"KEY `name` ({n})"} for n in (1, 2, 3))
    ways = (
        Ways()
        .up("0", "DROP and ADD", {**SHORT, **one}, {**SHORT, **two})
        .up("0", "DROP and ADD", {**SHORT, **two}, {**SHORT, **three})
        .down("0", "ALTER TABLE a MODIFY name int", {**SHORT, **three}, {**SHORT, **one})
    )

    with pytest.raises(CannotReverse, match="table a / index name is neither as before"):
        ways.reversal({**SHORT, **two}, went(UP, 1))


@pytest.mark.parametrize(
    "sql", ["ALTER TABLE a MODIFY name varchar(9)", "ALTER TABLE a CONVERT TO CHARACTER SET latin1"]
)
def test_a_column_that_is_not_there_is_not_changed(sql: str) -> None:
    titled = {**TABLE, TITLE: "int"}
    ways = (
        Ways()
        .up("0", "ALTER TABLE a ADD title int", TABLE, titled)
        .up("0", "ALTER TABLE a ADD name varchar(20)", titled, {**LONG, **titled})
        .down("0", sql, {**LONG, **titled}, {**SHORT, **titled})
        .down("0", "ALTER TABLE a DROP name", {**SHORT, **titled}, titled)
        .down("0", "ALTER TABLE a DROP title", titled, TABLE)
    )

    with pytest.raises(CannotReverse, match="column name is neither as before it nor as after it"):
        ways.reversal(titled, went(UP, 1))


def test_a_rename_does_not_take_back_a_column_between_two_definitions() -> None:
    """A step that drops takes any definition with it; one that renames keeps it."""
    renamed, given = {**TABLE, TITLE: "varchar(9)"}, {**TABLE, TITLE: "varchar(9) DEFAULT 'x'"}
    ways = (
        Ways()
        .up("0", "ALTER TABLE a CHANGE name title varchar(9)", SHORT, renamed)
        .up("0", "ALTER TABLE a ALTER COLUMN title SET DEFAULT 'x'", renamed, given)
        .down("0", "ALTER TABLE a RENAME COLUMN title TO name", given, SHORT)
    )

    with pytest.raises(CannotReverse) as refused:
        ways.reversal(renamed, went(UP, 1))
    assert refused.value.why == ("table a / column title is neither as before it nor as after it")


def test_a_part_that_would_come_along_and_is_there_is_no_part_that_went_along() -> None:
    check = {"table a / constraint made": "CHECK (`name` > 0)"}
    ways = (
        Ways()
        .up("0", "ALTER TABLE a DROP COLUMN name", {**SHORT, **check}, {**TABLE, **check})
        .up("0", "ALTER TABLE a DROP CONSTRAINT made", {**TABLE, **check}, TABLE)
        .down("0", "ALTER TABLE a ADD COLUMN name", TABLE, {**SHORT, **check})
    )

    with pytest.raises(CannotReverse) as refused:
        ways.reversal({**TABLE, **check}, went(UP, 1))
    assert refused.value.why == "a part of what it changes is as after it already"


def test_a_drop_that_minds_nothing_missing_may_say_so_in_lower_case() -> None:
    both = {**LONG, TITLE: "int"}
    ways = (
        Ways()
        .up("0", "ALTER TABLE a ADD COLUMN name", TABLE, LONG)
        .up("0", "ALTER TABLE a ADD COLUMN title", LONG, both)
        .down("0", "alter table a drop column name, drop column if exists title", both, TABLE)
    )

    assert ways.reversal(LONG, went(UP, 1)) == [1]


# ---- what a server refuses, and what it does by itself --------------------------------------


def test_a_column_whose_nulls_are_not_filled_yet_does_not_become_not_null() -> None:
    empty, given = {**TABLE, NAME: "int DEFAULT NULL"}, {**TABLE, NAME: "int DEFAULT 3"}
    full, commented = {**TABLE, NAME: "int NOT NULL"}, {**TABLE, NAME: "int NOT NULL COMMENT 'x'"}
    ways = (
        Ways()
        .up("0", "ALTER TABLE a ALTER name SET DEFAULT 3", empty, given)
        .up("0", "UPDATE a SET name = 3 WHERE name IS NULL")
        .up("0", "ALTER TABLE a MODIFY name int NOT NULL", given, full)
        .down("0", "ALTER TABLE a MODIFY name int NOT NULL COMMENT 'x'", full, commented)
        .down("0", "ALTER TABLE a MODIFY name int DEFAULT NULL", commented, empty)
    )

    with pytest.raises(CannotReverse, match="column name is neither as before"):
        ways.reversal(given, went(UP, 1))
    assert ways.reversal(given, went(UP, 1, 2)) == [1, 2]


def test_a_column_under_a_key_that_is_there_already_keeps_its_type() -> None:
    """The way up drops the key under one name and makes it under another; so does the way back."""
    fk = "CONSTRAINT `%s` FOREIGN KEY (`name`) REFERENCES `b` (`id`)"
    old, new = ({f"table a / constraint {n}": fk % n} for n in ("old", "new"))
    alter = "ALTER TABLE a MODIFY name"
    ways = (
        Ways()
        .up("0", "ALTER TABLE a DROP FOREIGN KEY old", old, {})
        .up("0", f"{alter} varchar(20)", SHORT, LONG)
        .up("0", "ALTER TABLE a ADD CONSTRAINT new", {}, new)
        .down("0", "ALTER TABLE a DROP FOREIGN KEY new", new, {})
        .down("0", f"{alter} varchar(9)", LONG, SHORT)
        .down("0", "ALTER TABLE a ADD CONSTRAINT new", {}, new)
        .down("0", "ALTER TABLE a DROP FOREIGN KEY new, ADD CONSTRAINT old", new, old)
    )

    with pytest.raises(CannotReverse, match="constraint new is there already, and stands") as why:
        ways.reversal(SHORT | new, went(DOWN, 1, 2, 3))
    assert why.value.ordinal == 2
    assert ways.reversal(SHORT, went(DOWN, 1, 2)) == [2, 3]


def test_the_index_that_a_server_makes_for_a_key_is_nobodys_change() -> None:
    key = {"table a / constraint k": "CONSTRAINT `k` FOREIGN KEY (`id`) REFERENCES `b` (`id`)"}
    index = {"table a / index k": "KEY `k` (`id`)"}
    ways = (
        Ways()
        .up("0", "ALTER TABLE a DROP FOREIGN KEY k", key, {})
        .up("0", "DROP INDEX k ON a", index, {})
        .down("0", "ALTER TABLE a ADD CONSTRAINT k", {}, key)  # with its index, as a server does
        .down("1", "ALTER TABLE a ADD x", {}, {"table a / column x": "int"})
    )

    assert ways.reversal(TABLE | key | index, went(DOWN, 1)) == [1, 2]


def test_a_key_follows_a_column_that_is_renamed() -> None:
    one, other = (
        {"table c / constraint k": f"CONSTRAINT `k` FOREIGN KEY (`x`) REFERENCES `a` (`{name}`)"}
        for name in ("name", "title")
    )
    named, titled = {**TABLE, NAME: "int"}, {**TABLE, TITLE: "int"}
    ways = (
        Ways()
        .up("0", "ALTER TABLE a RENAME COLUMN name TO title", named, titled)
        .up("1", "ALTER TABLE c DROP FOREIGN KEY k", other, {})
        .down("1", "ALTER TABLE c ADD CONSTRAINT k", {}, other)
        .down("0", "ALTER TABLE a RENAME COLUMN title TO name", titled, named)
        .down("", "ALTER TABLE c DROP FOREIGN KEY k, ADD CONSTRAINT k", one, {})
    )

    assert ways.reversal(titled, went(UP, 1, 2)) == [1, 2, 3]
