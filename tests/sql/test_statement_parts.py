"""What a statement says about a table: its name, columns, keys and checks."""

from __future__ import annotations

import pytest

from nestflux.sql.statement_parts import (
    ForeignKey,
    check_of,
    columns,
    foreign_keys,
    key_columns,
    limits_without_order,
    partitions_emptied_by,
    schema_of,
    table_changed_whole,
    table_of,
)


@pytest.mark.parametrize(
    ("sql", "found"),
    [
        ("CREATE TABLE `t` (`a` int, PRIMARY KEY (`a`), b text)", {"a": "int", "b": "text"}),
        ("CREATE TABLE IF NOT EXISTS d.t (a int) COMMENT '('", {"a": "int"}),
        ("CREATE TABLE t (a int", {"a": "int"}),
        ("CREATE TABLE t LIKE u", {}),
        ("CREATE INDEX i ON t (a DESC)", {}),
        ("ALTER TABLE t ADD a decimal(8, 2), CHANGE b c int", {"a": "decimal(8, 2)", "c": "int"}),
        ("ALTER TABLE t ADD (a int, b enum('x,y'))", {"a": "int", "b": "enum('x,y')"}),
        ("ALTER TABLE t ADD COLUMN IF NOT EXISTS a int", {"a": "int"}),
        ("ALTER TABLE IF EXISTS t MODIFY COLUMN IF EXISTS a int", {"a": "int"}),
        ("ALTER TABLE t ADD INDEX i (a), DROP COLUMN b, ADD `index` int", {"index": "int"}),
        ("create table t (a int, primary key (a))", {"a": "int"}),
        ("alter table t add column a int", {"a": "int"}),
        (
            "ALTER TABLE t ADD COLUMN (a int, b text), ADD c int",
            {"a": "int", "b": "text", "c": "int"},
        ),
        ("ALTER TABLE t CHANGE COLUMN IF EXISTS a b int", {"b": "int"}),
        ("ALTER TABLE d.t ADD a int", {"a": "int"}),
        ("CREATE TABLE t ()", {}),
        ("CREATE TABLE t", {}),
        ("ALTER TABLE t ADD", {}),
        ("ALTER TABLE t ADD a", {}),
        ("ALTER TABLE t CHANGE a b", {}),
        ("ALTER DATABASE d CHARACTER SET utf8mb4", {}),
        ("INSERT INTO t VALUES (1)", {}),
    ],
)
def test_the_columns_that_a_statement_defines(sql: str, found: dict[str, str]) -> None:
    assert {name: column.type for name, column in columns(sql).items()} == found


def test_what_a_statement_says_inside_an_expression_is_not_the_columns() -> None:
    found = columns(
        "ALTER TABLE t ADD a int NULL CHECK (a IS NOT NULL OR b), "
        "ADD b text DEFAULT (concat('x' COLLATE utf8mb4_bin)) /* NOT NULL */"
    )

    assert found["a"].nullable
    assert found["b"].nullable
    assert found["b"].collation == ""


@pytest.mark.parametrize(
    ("sql", "names"),
    [
        ("ALTER TABLE t ADD UNIQUE `u` (`a`(10), `b` DESC)", ("a", "b")),
        ("CREATE UNIQUE INDEX u ON t (a)", ("a",)),
        ("ALTER TABLE t ADD UNIQUE u ((lower(a)), b)", ()),
        ("ALTER TABLE t ADD UNIQUE u (a, (lower(b)))", ()),
        ("ALTER TABLE t ADD UNIQUE u (a", ("a",)),
        ("create index i on t (a)", ("a",)),
        ("ALTER TABLE t ADD KEY k (a, b)", ("a", "b")),
        ("ALTER TABLE t ADD INDEX (a), ADD INDEX (b)", ("a",)),
        ("CREATE TABLE t (a int UNIQUE, b int, KEY (b))", ("b",)),
        ("ALTER TABLE t ADD FOREIGN KEY (a) REFERENCES p (x), ADD INDEX (b)", ("b",)),
        ("ALTER TABLE t ADD FOREIGN KEY (a) REFERENCES p (x)", ()),
        ("ALTER TABLE t ADD INDEX", ()),
        ("ALTER TABLE t ADD a int", ()),
        ("", ()),
    ],
)
def test_the_columns_of_an_index(sql: str, names: tuple[str, ...]) -> None:
    assert key_columns(sql) == names


def test_a_check_is_read_to_its_own_bracket() -> None:
    sql = (
        "CREATE TABLE t (a int, CONSTRAINT `c)` CHECK ( a IN (1, 2) AND b <> ')' ), "
        "CONSTRAINT d CHECK (b > 0))"
    )

    assert check_of(sql, "c)") == "a IN (1, 2) AND b <> ')'"
    assert check_of(sql, "d") == "b > 0"
    assert check_of(sql, "e") == ""
    assert check_of("ALTER TABLE t ADD CONSTRAINT d", "d") == ""
    assert check_of("alter table t add constraint d check (b > 0)", "d") == "b > 0"
    assert check_of("ALTER TABLE d ADD CONSTRAINT c CHECK (b > 0)", "d") == ""
    assert check_of("CREATE TABLE t (d date CHECK (d > 0))", "date") == ""
    assert check_of("CREATE TABLE t (CONSTRAINT d UNIQUE (d))", "d") == ""


def test_tables_and_foreign_keys_of_a_statement() -> None:
    (key,) = foreign_keys(
        "ALTER TABLE IF EXISTS s.`a` ADD CONSTRAINT f FOREIGN KEY (`x`, y) "
        "REFERENCES s.b (`z`, w) ON DELETE SET NULL"
    )

    assert (key.table, key.columns, key.parent, key.parent_columns) == (
        "a",
        ("x", "y"),
        "b",
        ("z", "w"),
    )
    assert (key.name, key.sets_null) == ("f", True)
    assert table_of("DROP TABLE IF EXISTS `d`.`t`") == "t"


@pytest.mark.parametrize(
    ("sql", "table"),
    [
        ("ALTER TABLE `a``b` ADD c int", "a`b"),
        ("alter table t add c int", "t"),
        ("CREATE TABLE IF NOT EXISTS d.t (a int)", "t"),
        ("CREATE INDEX i ON d . t (a)", "t"),
        ("CREATE TRIGGER g BEFORE INSERT ON t FOR EACH ROW SET @a = 1", "t"),
        ("INSERT INTO t SELECT * FROM u", "t"),
        ("INSERT IGNORE INTO t VALUES (1)", "t"),
        ("UPDATE t SET a = 1", "t"),
        ("UPDATE IGNORE t SET a = 1", "t"),
        ("DELETE FROM t", "t"),
        ("DROP TABLE d.", "d"),
        ("DROP TABLE 'a' FROM t", "t"),
        ("DROP TABLE IF EXISTS", ""),
        ("ANALYZE TABLE", ""),
        ("SELECT 1", ""),
        ("", ""),
    ],
)
def test_the_table_of_a_statement(sql: str, table: str) -> None:
    assert table_of(sql) == table


@pytest.mark.parametrize(
    ("sql", "schema"),
    [
        ("ALTER TABLE `d`.`t` ADD COLUMN a int", "d"),
        ("CREATE INDEX i ON d . t (a)", "d"),
        ("ALTER TABLE t ADD COLUMN a int", ""),
        ("DROP TABLE IF EXISTS `t`", ""),
        ("SELECT 1", ""),
    ],
)
def test_the_schema_that_a_statement_states(sql: str, schema: str) -> None:
    assert schema_of(sql) == schema


@pytest.mark.parametrize(
    ("sql", "found"),
    [
        (
            "create table t (a int, constraint `f``k` foreign key (a) references p (x))",
            [ForeignKey("t", ("a",), "p", ("x",), "f`k")],
        ),
        (
            "ALTER TABLE t ADD FOREIGN KEY (a, b) REFERENCES p (x, y) ON DELETE CASCADE",
            [ForeignKey("t", ("a", "b"), "p", ("x", "y"))],
        ),
        (
            "ALTER TABLE t ADD FOREIGN KEY i (a) REFERENCES p (x) ON DELETE SET NULL ON UPDATE "
            "CASCADE, ADD CONSTRAINT g FOREIGN KEY `j` (b) REFERENCES d.q (y) ON UPDATE SET NULL",
            [
                ForeignKey("t", ("a",), "p", ("x",), sets_null=True),
                ForeignKey("t", ("b",), "q", ("y",), "g", sets_null=True),
            ],
        ),
        (
            "ALTER TABLE t ADD FOREIGN KEY (a) REFERENCES p (x), "
            "ADD FOREIGN KEY (b) REFERENCES q (y) ON DELETE SET NULL",
            [
                ForeignKey("t", ("a",), "p", ("x",)),
                ForeignKey("t", ("b",), "q", ("y",), sets_null=True),
            ],
        ),
        (
            "ALTER TABLE t ADD FOREIGN KEY (a) REFERENCES p (x) ON UPDATE NO ACTION ON DELETE SET "
            "NULL",
            [ForeignKey("t", ("a",), "p", ("x",), sets_null=True)],
        ),
        ("ALTER TABLE t ADD FOREIGN KEY (a) REFERENCES p", [ForeignKey("t", ("a",), "p", ())]),
        ("ALTER TABLE t ADD FOREIGN KEY (a)", []),
        ("ALTER TABLE t ADD FOREIGN KEY (a) SET p (x)", []),
        ("ALTER TABLE t ADD FOREIGN KEY ((a)) REFERENCES p (x)", []),
        ("ALTER TABLE t ADD FOREIGN KEY", []),
        ("ALTER TABLE t DROP FOREIGN KEY f", []),
        ("FOREIGN KEY (a) REFERENCES p (x)", [ForeignKey("", ("a",), "p", ("x",))]),
    ],
)
def test_the_foreign_keys_of_a_statement(sql: str, found: list[ForeignKey]) -> None:
    assert foreign_keys(sql) == found


@pytest.mark.parametrize(
    ("sql", "found"),
    [
        ("TRUNCATE t", ("TRUNCATE", "t")),
        ("truncate table `d`.`t`", ("TRUNCATE", "t")),
        ("DELETE FROM t", ("DELETE", "t")),
        ("DELETE QUICK FROM `t` -- all", ("DELETE", "t")),
        ("UPDATE t SET a = (SELECT b FROM u WHERE c = 1)", ("UPDATE", "t")),
        ("UPDATE t SET a = 'WHERE'", ("UPDATE", "t")),
        ("DELETE FROM t WHERE a = 1", ("", "")),
        ("DELETE FROM t LIMIT 5", ("", "")),
        ("UPDATE t SET a = 1 WHERE b IS NULL", ("", "")),
        ("UPDATE t JOIN u ON t.a = u.a SET t.b = 1", ("", "")),
        ("UPDATE t, u SET t.b = 1", ("", "")),
        ("DELETE t FROM t JOIN u", ("", "")),
        ("INSERT INTO t SELECT * FROM u", ("", "")),
        ("", ("", "")),
    ],
)
def test_the_table_of_which_every_row_changes(sql: str, found: tuple[str, str]) -> None:
    assert table_changed_whole(sql) == found


@pytest.mark.parametrize(
    ("sql", "found"),
    [
        ("ALTER TABLE t DROP PARTITION p0, `p1`", [("DROP", ("p0", "p1"))]),
        ("ALTER TABLE t DROP PARTITION IF EXISTS p0", [("DROP", ("p0",))]),
        ("alter table t truncate partition all", [("TRUNCATE", ("all",))]),
        ("ALTER TABLE t EXCHANGE PARTITION p0 WITH TABLE u", []),
        ("ALTER TABLE t PARTITION BY HASH (id) PARTITIONS 4", []),
        ("ALTER TABLE t DROP `PARTITION`", []),
        ("DROP TABLE t", []),
    ],
)
def test_the_partitions_that_lose_their_rows(
    sql: str, found: list[tuple[str, tuple[str, ...]]]
) -> None:
    assert list(partitions_emptied_by(sql)) == found


@pytest.mark.parametrize(
    ("sql", "found"),
    [
        ("DELETE FROM t LIMIT 5", True),
        ("UPDATE t SET a = 1 LIMIT 5", True),
        ("INSERT INTO t SELECT a FROM u LIMIT 5", True),
        ("DELETE FROM t ORDER BY id LIMIT 5", False),
        ("INSERT INTO t VALUES ('no LIMIT')", False),
        ("SELECT a FROM t LIMIT 5", False),
    ],
)
def test_a_limit_that_does_not_say_which_rows(sql: str, found: bool) -> None:
    assert limits_without_order(sql) is found
