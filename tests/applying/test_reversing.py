"""Which steps of a file's other way take back what a half-done attempt did."""

from __future__ import annotations

import pytest

from nestflux.applying.plan.tasks import Task, Work
from nestflux.applying.recovery.reversing import CannotReverse, Leg, reversal
from nestflux.history.records import StepRecord
from nestflux.history.sqlfile import Direction, PythonStep, Section, SqlFile, Statement
from nestflux.schema.diff import Delta
from nestflux.schema.objects import from_texts

UP, DOWN = Direction.UP, Direction.DOWN
ID, NAME, TITLE = "table a / column id", "table a / column name", "table a / column title"
TABLE = {"table a": "ENGINE=InnoDB", ID: "int"}
KEY = {"table a / index k": "KEY `k` (`id`)"}
FK = {"table a / constraint fk": "CONSTRAINT `fk` FOREIGN KEY (`id`) REFERENCES `b` (`id`)"}
MIGRATION = "shop.0001_a"


class Ways:
    """Both ways of a file, written down step by step: operation, SQL, definitions before and
    after. A step without definitions leaves no trace."""

    def __init__(self, *migrations: str) -> None:
        self.migrations = migrations or (MIGRATION,)
        self.steps: dict[Direction, list[Task]] = {UP: [], DOWN: []}

    def step(
        self,
        way: Direction,
        operation: str,
        sql: str,
        before: dict[str, str] | None = None,
        after: dict[str, str] | None = None,
        migration: str = "",
    ) -> Ways:
        delta = Delta.between(from_texts(before or {}), from_texts(after or {}))
        made = PythonStep(sql, "") if sql.startswith("shop.") else Statement(sql)
        kind = "ddl" if delta else "data"
        record = StepRecord(made.sha256, kind, "", operation=operation, delta=delta)
        where = migration or self.migrations[0]
        self.steps[way].append(Task(len(self.steps[way]) + 1, made, record, where))
        return self

    def up(self, *step: object, **given: str) -> Ways:
        return self.step(UP, *step, **given)  # type: ignore[arg-type]

    def down(self, *step: object, **given: str) -> Ways:
        return self.step(DOWN, *step, **given)  # type: ignore[arg-type]

    def work(self, way: Direction) -> Work:
        order = self.migrations if way is UP else self.migrations[::-1]
        sections = tuple(Section(name) for name in order)
        file = SqlFile("0001_a", way, "id", "MariaDB", (), sections)
        return Work(file, tuple(self.steps[way]), ())

    def reversal(self, live: dict[str, str], *legs: Leg, same_server: bool = True) -> list[int]:
        """The ordinals that run after an attempt that stopped after so many steps."""
        work = self.left(live, *legs, same_server=same_server)
        return [task.ordinal for task in work.to_run]

    def left(self, live: dict[str, str], *legs: Leg, same_server: bool = True) -> Work:
        both = (self.work(UP), self.work(DOWN))
        return reversal(*both, legs, from_texts(live), same_server=same_server)


def went(way: Direction, *ran: int, settled: tuple[int, ...] = ()) -> Leg:
    return Leg(way, frozenset({*ran, *settled}), frozenset(ran))


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
    with pytest.raises(CannotReverse, match="would not be as it was"):
        ways("0").reversal({**TABLE, **one}, went(UP, 1))  # fk1 and fk3 would both be there


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
