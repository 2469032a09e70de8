"""Which steps of a file's other way take back what a half-done attempt did."""

from __future__ import annotations

import pytest

from nestflux.applying.recovery.reversing import CannotReverse
from tests.applying.ways import DOWN, FK, ID, KEY, NAME, TABLE, TITLE, UP, Ways, went


def _table_key_and_rows() -> Ways:
    """A table, rows in it, and an index that Django defers."""
    return (
        Ways()
        .up("0", "CREATE TABLE a", {}, TABLE)
        .up("1", "INSERT INTO a VALUES (1)")
        .up("2", "shop.0001_a/2")
        .up("", "CREATE INDEX k ON a", TABLE, {**TABLE, **KEY})
        .down("2", "shop.0001_a/2")
        .down("1", "DELETE FROM a")
        .down("0", "DROP TABLE a", {**TABLE, **KEY}, {})
    )


@pytest.mark.parametrize(
    ("ran", "live", "needed"),
    [
        ((), {}, []),
        ((1,), TABLE, [3]),
        ((1, 2), TABLE, [2, 3]),
        ((1, 2, 3), TABLE, [1, 2, 3]),
        ((1, 2, 3, 4), {**TABLE, **KEY}, [1, 2, 3]),
    ],
)
def test_what_ran_is_undone_and_nothing_else(
    ran: tuple[int, ...], live: dict[str, str], needed: list[int]
) -> None:
    assert _table_key_and_rows().reversal(live, went(UP, *ran)) == needed


@pytest.mark.parametrize(
    ("undone", "live", "needed"),
    [
        ((), {**TABLE, **KEY}, []),
        ((1,), {**TABLE, **KEY}, [3]),
        ((1, 2), {**TABLE, **KEY}, [2, 3]),
        ((1, 2, 3), {}, [1, 2, 3, 4]),
    ],
)
def test_what_was_undone_is_done_again_and_nothing_else(
    undone: tuple[int, ...], live: dict[str, str], needed: list[int]
) -> None:
    assert _table_key_and_rows().reversal(live, went(DOWN, *undone)) == needed


def test_a_step_that_is_left_out_says_why() -> None:
    back = _table_key_and_rows().left(TABLE, went(UP, 1))
    forth = _table_key_and_rows().left({**TABLE, **KEY}, went(DOWN, 1))

    assert back.direction is DOWN
    assert back.skipped == dict.fromkeys((1, 2), "what it undoes did not run")
    assert forth.direction is UP
    assert forth.skipped == {
        1: "it was not undone",
        2: "it was not undone",
        4: "the schema is as after it already",
    }


def test_an_attempt_that_was_reversed_is_reversed_again() -> None:
    """Up to the rows, back over the Python step that ran and the rows, and up again."""
    legs = (went(UP, 1, 2, 3), went(DOWN, 1, 2))

    assert _table_key_and_rows().reversal(TABLE, *legs) == [2, 3, 4]


def test_what_was_not_needed_on_the_way_back_is_not_taken_for_done() -> None:
    legs = (went(UP, 1), went(DOWN, settled=(1, 2)))

    assert _table_key_and_rows().reversal(TABLE, *legs) == [2, 3, 4]


def test_a_schema_that_is_not_what_the_steps_left_is_shown() -> None:
    other = {**TABLE, ID: "bigint"}

    with pytest.raises(CannotReverse) as refused:
        _table_key_and_rows().reversal(other, went(UP, 1))

    assert (
        str(refused.value)
        == refused.value.why
        == (
            "the schema is not what the steps that ran leave:\n"
            "    ~ table a / column id: int -> bigint"
        )
    )
    assert refused.value.ordinal == 0


def test_of_a_schema_that_is_quite_another_twenty_lines_are_shown() -> None:
    wide = {"table a": "ENGINE=InnoDB", **{f"table a / column c{n:02d}": "int" for n in range(30)}}
    ways = Ways().up("0", "CREATE TABLE a", {}, wide).down("0", "DROP TABLE a", wide, {})

    with pytest.raises(CannotReverse) as refused:
        ways.reversal({}, went(UP, 1))

    assert len(refused.value.why.splitlines()) == 21


def test_what_else_stands_on_the_tables_is_nobodys_business() -> None:
    live = {**TABLE, "table a / index dba": "KEY `dba` (`id`)"}

    assert _table_key_and_rows().reversal(live, went(UP, 1)) == [3]


def test_another_version_of_the_server_prints_the_same_differently() -> None:
    live = {**TABLE, ID: "int(11)"}
    legs = went(UP, 1)

    assert _table_key_and_rows().reversal(live, legs, same_server=False) == [3]
    with pytest.raises(CannotReverse):
        _table_key_and_rows().reversal(live, legs)


def test_a_table_that_was_to_be_dropped_and_made_anew_keeps_its_rows() -> None:
    """Its way back drops and makes it; nothing of that is needed before it was dropped."""
    one = {"table b": "ENGINE=InnoDB"}
    for operation, dropped, made in (("1", "1", "2"), ("1", "1", "1"), ("", "", "")):
        ways = (
            Ways()
            .up(operation, "CREATE TABLE b", {}, one)
            .up(dropped, "DROP TABLE a", TABLE, {})
            .up(made, "CREATE TABLE a", {}, TABLE)
            .down(made, "DROP TABLE a", TABLE, {})
            .down(dropped, "CREATE TABLE a", {}, TABLE)
            .down(operation, "DROP TABLE b", one, {})
        )

        assert ways.reversal({**TABLE, **one}, went(UP, 1)) == [3]
        assert ways.reversal(one, went(UP, 1, 2)) == [2, 3]


def test_rows_that_changed_in_part_cannot_be_reversed() -> None:
    ways = (
        Ways()
        .up("0", "UPDATE a SET id = id + 1")
        .up("0", "UPDATE a SET id = id + 2")
        .down("0", "UPDATE a SET id = id - 3")
    )

    assert ways.reversal({}, went(UP)) == []
    assert ways.reversal({}, went(UP, 1, 2)) == [1]
    with pytest.raises(CannotReverse, match="changed in part") as refused:
        ways.reversal({}, went(UP, 1))
    assert refused.value.ordinal == 1


def test_rows_whose_operation_only_changed_the_schema_are_left_alone() -> None:
    after = {**TABLE, NAME: "varchar(9)"}
    ways = (
        Ways()
        .up("0", "ALTER TABLE a ADD COLUMN name", TABLE, after)
        .up("0", "UPDATE a SET name = id")
        .down("0", "UPDATE a SET id = name")
        .down("0", "ALTER TABLE a DROP COLUMN name", after, TABLE)
    )

    assert ways.reversal(after, went(UP, 1)) == [2]
    with pytest.raises(CannotReverse, match="changed in part"):
        ways.reversal(after, went(DOWN, 1))


def test_a_column_between_two_definitions_is_dropped_or_stated_anew() -> None:
    between = {**TABLE, NAME: "varchar(9) NOT NULL DEFAULT 'x'"}
    after = {**TABLE, NAME: "varchar(9) NOT NULL"}
    null = {**TABLE, NAME: "varchar(9)"}
    adds = (
        Ways()
        .up("0", "ALTER TABLE a ADD COLUMN name", TABLE, between)
        .up("0", "ALTER TABLE a ALTER COLUMN name DROP DEFAULT", between, after)
        .down("0", "ALTER TABLE a DROP COLUMN name", after, TABLE)
    )
    alters = (
        Ways()
        .up("0", "ALTER TABLE a ALTER COLUMN name SET DEFAULT 'x'", null, between)
        .up("0", "UPDATE a SET name = 'x' WHERE name IS NULL")
        .up("0", "ALTER TABLE a MODIFY `name` varchar(9) NOT NULL", between, after)
        .down("0", "ALTER TABLE a MODIFY `name` varchar(9) NULL", after, null)
    )

    assert adds.reversal(between, went(UP, 1)) == [1]
    assert alters.reversal(between, went(UP, 1)) == [1]
    assert alters.reversal(between, went(UP, 1, 2)) == [1]


def test_a_step_whose_parts_are_half_there_cannot_be_reversed() -> None:
    """A column goes in two steps, and comes back in one that makes its foreign key as well."""
    before, between = {**TABLE, NAME: "int", **FK}, {**TABLE, NAME: "int"}
    ways = (
        Ways()
        .up("0", "ALTER TABLE a DROP FOREIGN KEY fk", before, between)
        .up("0", "ALTER TABLE a DROP COLUMN name", between, TABLE)
        .down("0", "ALTER TABLE a ADD COLUMN name, ADD CONSTRAINT fk", TABLE, before)
    )

    with pytest.raises(CannotReverse, match="is as after it already") as refused:
        ways.reversal(between, went(UP, 1))
    assert refused.value.ordinal == 1


def test_a_part_that_a_statement_names_must_be_there_to_be_dropped() -> None:
    two = {**TABLE, NAME: "int", TITLE: "int"}
    ways = (
        Ways()
        .up("0", "ALTER TABLE a ADD COLUMN name", TABLE, {**TABLE, NAME: "int"})
        .up("0", "ALTER TABLE a ADD COLUMN title", {**TABLE, NAME: "int"}, two)
        .down("0", "ALTER TABLE a DROP COLUMN `name`, DROP COLUMN `title`", two, TABLE)
    )
    lenient = Ways()
    lenient.steps[UP] = ways.steps[UP]
    lenient.down("0", "ALTER TABLE a DROP COLUMN `name`, DROP COLUMN IF EXISTS `title`", two, TABLE)

    with pytest.raises(CannotReverse):
        ways.reversal({**TABLE, NAME: "int"}, went(UP, 1))
    assert lenient.reversal({**TABLE, NAME: "int"}, went(UP, 1)) == [1]


def test_a_way_back_with_names_of_its_own_is_taken_whole_or_not_at_all() -> None:
    """Django looks names up: a foreign key that is made again gets another one."""
    one, two, three = ({f"table a / constraint fk{n}": f"FOREIGN KEY {n}"} for n in (1, 2, 3))
    wide = {**TABLE, ID: "bigint"}

    def ways(operation: str) -> Ways:
        return (
            Ways()
            .up(operation or "", "ANALYZE TABLE a")
            .up(operation, "ALTER TABLE a DROP FOREIGN KEY fk1", {**TABLE, **one}, TABLE)
            .up(operation, "ALTER TABLE a MODIFY id bigint", TABLE, wide)
            .up(operation, "ALTER TABLE a ADD CONSTRAINT fk2", wide, {**wide, **two})
            .down(operation, "ALTER TABLE a DROP FOREIGN KEY fk2", {**wide, **two}, wide)
            .down(operation, "ALTER TABLE a MODIFY id int", wide, TABLE)
            .down(operation, "ALTER TABLE a ADD CONSTRAINT fk3", TABLE, {**TABLE, **three})
        )

    assert ways("0").reversal(TABLE, went(UP, 1, 2)) == [3]
    assert ways("0").reversal(wide, went(UP, 1, 2, 3)) == [2, 3]
    assert ways("0").reversal({**wide, **two}, went(UP, 1, 2, 3, 4)) == [1, 2, 3]
    with pytest.raises(CannotReverse, match="would not be as it was") as refused:
        ways("0").reversal({**TABLE, **one}, went(UP, 1))  # fk1 and fk3 would both be there
    assert refused.value.ordinal == 0
    assert refused.value.why == (
        "table a / constraint fk1 would not be as it was, nor as the way back leaves it"
    )


def test_a_foreign_key_follows_a_table_that_is_renamed() -> None:
    old = {"table b": "ENGINE=InnoDB"}
    new = {"table c": "ENGINE=InnoDB"}
    to_old = {"table a / constraint fk": "FOREIGN KEY (`id`) REFERENCES `b` (`id`)"}
    to_new = {"table a / constraint fk": "FOREIGN KEY (`id`) REFERENCES `c` (`id`)"}
    ways = (
        Ways()
        .up("0", "ALTER TABLE a ADD CONSTRAINT fk", TABLE, {**TABLE, **to_old})
        .up("1", "RENAME TABLE b TO c", old, new)
        .up("2", "ALTER TABLE c ADD KEY k", new, {**new, "table c / index k": "KEY"})
        .down("2", "ALTER TABLE c DROP KEY k", {**new, "table c / index k": "KEY"}, new)
        .down("1", "RENAME TABLE c TO b", new, old)
        .down("0", "ALTER TABLE a DROP FOREIGN KEY fk", {**TABLE, **to_old}, TABLE)
    )

    assert ways.reversal({**TABLE, **new, **to_new}, went(UP, 1, 2)) == [2, 3]


@pytest.mark.parametrize(
    ("ran", "live", "needed"),
    [
        ((), {}, []),
        ((1,), TABLE, [3]),
        ((1, 2, 3), {**TABLE, **KEY}, [1, 2, 3]),
    ],
)
def test_where_no_operations_are_recorded_a_whole_migration_is_one(
    ran: tuple[int, ...], live: dict[str, str], needed: list[int]
) -> None:
    ways = _without_operations()

    assert ways.reversal(live, went(UP, *ran)) == needed


def test_where_no_operations_are_recorded_rows_that_changed_cannot_be_reversed() -> None:
    with pytest.raises(CannotReverse, match="changed in part"):
        _without_operations().reversal(TABLE, went(UP, 1, 2))


def _without_operations() -> Ways:
    return (
        Ways()
        .up("", "CREATE TABLE a", {}, TABLE)
        .up("", "INSERT INTO a VALUES (1)")
        .up("", "CREATE INDEX k ON a", TABLE, {**TABLE, **KEY})
        .down("", "DROP INDEX k ON a", {**TABLE, **KEY}, TABLE)
        .down("", "DELETE FROM a")
        .down("", "DROP TABLE a", TABLE, {})
    )


def test_a_python_step_is_known_by_its_place_whatever_was_recorded() -> None:
    ways = Ways().up("", "shop.0001_a/0").up("", "CREATE TABLE a", {}, TABLE)
    ways.down("", "DROP TABLE a", TABLE, {}).down("", "shop.0001_a/0")

    assert ways.reversal({}, went(UP, 1)) == [2]
    assert ways.reversal(TABLE, went(DOWN)) == []
    assert ways.reversal({}, went(DOWN, 1)) == [2]


def test_rows_that_only_the_way_back_knows_go_with_their_migration() -> None:
    """``RunSQL(noop, "DELETE …")``: nothing says when it ran but what stands before it."""
    ways = Ways("shop.0001_a", "shop.0002_b", "shop.0003_c")
    ways.up("0", "CREATE TABLE a", {}, TABLE)
    ways.up("0", "CREATE INDEX k ON a", TABLE, {**TABLE, **KEY}, migration="shop.0003_c")
    ways.down("0", "DROP INDEX k ON a", {**TABLE, **KEY}, TABLE, migration="shop.0003_c")
    ways.down("0", "DELETE FROM a", migration="shop.0002_b")
    ways.down("0", "DROP TABLE a", TABLE, {})

    assert ways.reversal({}, went(UP)) == []
    assert ways.reversal(TABLE, went(UP, 1)) == [2, 3]


def test_an_edited_statement_on_rows_is_not_taken_for_run_with_the_rest_of_its_operation() -> None:
    """An accepted edit leaves the operation of the other steps, and takes that of its own."""
    after = {**TABLE, NAME: "varchar(9)"}
    edited_up = (
        Ways()
        .up("0", "ALTER TABLE a ADD COLUMN name", TABLE, after)
        .up("", "UPDATE a SET id = id + 1")
        .down("0", "UPDATE a SET id = id - 1")
        .down("0", "ALTER TABLE a DROP COLUMN name", after, TABLE)
    )
    edited_down = (
        Ways()
        .up("0", "CREATE TABLE a", {}, TABLE)
        .up("0", "INSERT INTO a VALUES (1)")
        .down("", "DELETE FROM a WHERE id = 1")
        .down("0", "DROP TABLE a", TABLE, {})
    )

    assert edited_up.reversal(after, went(UP, 1)) == [2]
    assert edited_up.reversal(after, went(UP, 1, 2)) == [1, 2]
    assert edited_down.reversal(TABLE, went(DOWN)) == []
    with pytest.raises(CannotReverse, match="changed in part"):
        edited_down.reversal(TABLE, went(DOWN, 1))


# ---- steps without a trace -----------------------------------------------------------------

WIDER = {**TABLE, NAME: "varchar(9)"}


def test_a_repeatable_step_of_an_operation_that_came_half_way_runs_again() -> None:
    """ANALYZE leaves no trace, and does no harm."""
    ways = (
        Ways()
        .up("0", "ANALYZE TABLE a")
        .up("0", "ALTER TABLE a ADD COLUMN name", TABLE, WIDER)
        .down("0", "ALTER TABLE a DROP COLUMN name", WIDER, TABLE)
        .down("0", "ANALYZE TABLE a")
    )

    assert ways.reversal(TABLE, went(UP)) == []
    assert ways.reversal(TABLE, went(UP, 1)) == [2]
    assert ways.reversal(WIDER, went(UP, 1, 2)) == [1, 2]
    assert ways.reversal(TABLE, went(DOWN, 1)) == [1, 2]


@pytest.mark.parametrize(
    "sql", ["TRUNCATE TABLE a", "LOAD DATA INFILE 'x' INTO TABLE a", "UPDATE a SET id = 0"]
)
def test_any_other_step_without_a_trace_is_not_run_after_a_part_of_its_operation(sql: str) -> None:
    ways = Ways().up("0", "UPDATE a SET id = 1").up("0", "UPDATE a SET id = 2").down("0", sql)

    with pytest.raises(CannotReverse) as refused:
        ways.reversal({}, went(UP, 1))

    assert str(refused.value) == "what it changes leaves no trace, and was changed in part"
    assert refused.value.ordinal == 1


def test_rows_that_no_attempt_has_changed_are_changed_on_the_way_that_was_begun_only() -> None:
    """Two columns came and one went again, as an attempt and its reversal ended half-way."""
    both = {**WIDER, TITLE: "int"}
    ways = (
        Ways()
        .up("0", "ALTER TABLE a ADD COLUMN name", TABLE, WIDER)
        .up("0", "ALTER TABLE a ADD COLUMN title", WIDER, both)
        .up("0", "UPDATE a SET name = title")
        .down("0", "UPDATE a SET title = name")
        .down("0", "ALTER TABLE a DROP COLUMN title", both, WIDER)
        .down("0", "ALTER TABLE a DROP COLUMN name", WIDER, TABLE)
    )

    assert ways.reversal(both, went(UP, 1, 2)) == [2, 3]
    assert ways.reversal(WIDER, went(UP, 1, 2), went(DOWN, 2, settled=(1,))) == [2, 3]


@pytest.mark.parametrize(
    ("first", "second", "migration"),
    [("0", "1", "shop.0001_a"), ("", "", "shop.0002_b")],
    ids=["of the same migration", "of another, where no operation is recorded"],
)
def test_rows_of_another_operation_are_no_obstacle(first: str, second: str, migration: str) -> None:
    ways = (
        Ways("shop.0001_a", "shop.0002_b")
        .up(first, "INSERT INTO b VALUES (1)")
        .up(second, "ALTER TABLE a ADD COLUMN name", TABLE, WIDER, migration=migration)
        .up(second, "UPDATE a SET name = id", migration=migration)
        .down(second, "UPDATE a SET id = name", migration=migration)
        .down(second, "ALTER TABLE a DROP COLUMN name", WIDER, TABLE, migration=migration)
        .down(first, "DELETE FROM b")
    )

    assert ways.reversal(WIDER, went(UP, 1, 2)) == [2, 3]


def test_rows_that_the_way_back_leaves_are_not_made_twice() -> None:
    """``RunSQL("INSERT …", noop)``: whether they are still there, no step back could tell."""
    ways = (
        Ways()
        .up("0", "CREATE TABLE a", {}, TABLE)
        .up("1", "INSERT INTO b VALUES (1)")
        .up("2", "CREATE INDEX k ON a", TABLE, {**TABLE, **KEY})
        .down("2", "DROP INDEX k ON a", {**TABLE, **KEY}, TABLE)
        .down("0", "DROP TABLE a", TABLE, {})
    )

    assert ways.reversal(TABLE, went(UP, 1, 2)) == [2]
    with pytest.raises(CannotReverse, match="changed in part") as refused:
        ways.reversal(TABLE, went(UP, 1, 2), went(DOWN, settled=(1,)))
    assert refused.value.ordinal == 2


def test_rows_that_only_the_way_back_knows_wait_for_all_of_the_migrations_before() -> None:
    ways = (
        Ways("shop.0001_a", "shop.0002_b")
        .up("0", "CREATE TABLE a", {}, TABLE)
        .up("1", "CREATE INDEX k ON a", TABLE, {**TABLE, **KEY})
        .down("0", "DELETE FROM a", migration="shop.0002_b")
        .down("1", "DROP INDEX k ON a", {**TABLE, **KEY}, TABLE)
        .down("0", "DROP TABLE a", TABLE, {})
    )

    assert ways.reversal(TABLE, went(UP, 1)) == [3]


def test_a_python_step_is_known_by_its_place_in_an_edited_migration_too() -> None:
    ways = (
        Ways()
        .up("0", "CREATE TABLE a", {}, TABLE)
        .up("1", "shop.0001_a/1")
        .up("", "UPDATE a SET id = 0")
        .down("1", "shop.0001_a/1")
        .down("0", "DROP TABLE a", TABLE, {})
    )

    assert ways.reversal(TABLE, went(UP, 1, 2)) == [1, 2]


def test_an_operation_is_the_same_with_its_migration_and_without() -> None:
    """As it is recorded, and as the file of records has it."""
    ways = (
        Ways()
        .up("shop.0001_a/0", "INSERT INTO a VALUES (1)")
        .up("shop.0001_a/1.0", "INSERT INTO a VALUES (2)")
        .down("1.0", "DELETE FROM a WHERE id = 2")
        .down("0", "DELETE FROM a WHERE id = 1")
    )

    assert ways.reversal({}, went(UP, 1)) == [2]


# ---- columns that go and come ---------------------------------------------------------------


def test_a_column_that_was_to_be_dropped_and_made_anew_keeps_its_values() -> None:
    other = {"table b": "ENGINE=InnoDB"}
    ways = (
        Ways()
        .up("0", "CREATE TABLE b", {}, other)
        .up("0", "ALTER TABLE a DROP COLUMN name", WIDER, TABLE)
        .up("0", "ALTER TABLE a ADD COLUMN name", TABLE, WIDER)
        .down("0", "ALTER TABLE a DROP COLUMN name", WIDER, TABLE)
        .down("0", "ALTER TABLE a ADD COLUMN name", TABLE, WIDER)
        .down("0", "DROP TABLE b", other, {})
    )

    assert ways.reversal({**WIDER, **other}, went(UP, 1)) == [3]


def test_a_column_that_the_file_drops_goes_where_a_reversal_is_reversed() -> None:
    other = {"table b": "ENGINE=InnoDB"}
    ways = (
        Ways()
        .up("0", "CREATE TABLE b", {}, other)
        .up("1", "ALTER TABLE a DROP COLUMN name", WIDER, TABLE)
        .down("1", "ALTER TABLE a ADD COLUMN name", TABLE, WIDER)
        .down("0", "DROP TABLE b", other, {})
    )

    assert ways.reversal({**WIDER, **other}, went(UP, 1), went(DOWN, settled=(1,))) == [2]
