"""What the statements of a snapshot say of one another."""

from __future__ import annotations

import pytest

from nestflux.history.snapshots import (
    objects_made_by,
    referred_to_by,
    rows_made_by,
    statements_of,
)
from nestflux.schema.objects import ObjectKey

CREATE = """CREATE TABLE `child` (
  `id` int COMMENT 'it''s REFERENCES `nobody`',
  `REFERENCES` int DEFAULT NULL,
  CONSTRAINT `a` FOREIGN KEY (`id`) REFERENCES `pa``rent` (`id`),
  CONSTRAINT `b` FOREIGN KEY (`REFERENCES`) REFERENCES `child` (`id`)
) ENGINE=InnoDB"""


def test_a_table_refers_to_what_its_keys_name_and_not_to_what_a_comment_says() -> None:
    assert referred_to_by(CREATE) == {"pa`rent", "child"}


def test_the_statements_of_a_snapshot_are_its_text_without_the_comments() -> None:
    assert statements_of("-- first\nSET a = 1;\n\nCREATE TABLE t (id int);\n-- last\n") == (
        "SET a = 1",
        "CREATE TABLE t (id int)",
    )


@pytest.mark.parametrize(
    ("sql", "made"),
    [
        ("CREATE TABLE `a``b` (id int)", ("table a`b",)),
        ("create table if not exists `t` (id int)", ("table t",)),
        ("CREATE TABLE t (`VIEW` int)", ("table t",)),
        ("CREATE OR REPLACE VIEW `v` AS SELECT 1", ("view v",)),
        (
            "CREATE ALGORITHM=UNDEFINED SQL SECURITY INVOKER VIEW `v` AS SELECT 1 AS `x`",
            ("view v",),
        ),
        ("CREATE TRIGGER `g` BEFORE INSERT ON `t` FOR EACH ROW SET @a = 1", ("trigger g",)),
        ("CREATE PROCEDURE IF NOT EXISTS `p`() SELECT 1", ("procedure p",)),
        ("CREATE FUNCTION `f`() RETURNS int RETURN 1", ("function f",)),
        ("CREATE EVENT `e` ON SCHEDULE EVERY 1 DAY DO SELECT 1", ("event e",)),
        ("CREATE INDEX `k` ON `t` (`id`)", ()),
        ("DROP TABLE `t`", ()),
        ("INSERT INTO `table` VALUES (1)", ()),
        ("", ()),
    ],
)
def test_a_create_makes_an_object_and_no_other_statement_does(
    sql: str, made: tuple[str, ...]
) -> None:
    assert objects_made_by([sql]) == tuple(map(ObjectKey.parse, made))


def test_objects_are_made_in_the_order_of_their_statements() -> None:
    statements = ["CREATE TABLE `b` (id int)", "SET a = 1", "CREATE TABLE `a` (id int)"]

    assert objects_made_by(statements) == (ObjectKey("table", "b"), ObjectKey("table", "a"))


@pytest.mark.parametrize(
    ("insert", "rows"),
    [
        ("INSERT INTO `t` (`a`) VALUES (1)", {"t": 1}),
        ("insert into `t` values (1), (2),\n(3)", {"t": 3}),
        ("INSERT INTO `t` (`a`, `b`) VALUES (UUID(), ((1))), (NOW(6), (2))", {"t": 2}),
        ("INSERT INTO `a``b` (`VALUES`) VALUES ('), (VALUES (', \"(\"), (X'28', '(')", {"a`b": 2}),
        ("INSERT INTO `t` VALUES (1) /* (2) */, -- (3)\n(4)", {"t": 2}),
        ("REPLACE INTO `t` VALUES (1)", {}),
        ("UPDATE `t` SET a = (1)", {}),
        ("CREATE TABLE `t` (`a` int)", {}),
        ("", {}),
    ],
)
def test_an_insert_makes_as_many_rows_as_it_has_brackets_behind_values(
    insert: str, rows: dict[str, int]
) -> None:
    assert rows_made_by([insert]) == rows


def test_rows_of_several_inserts_into_a_table_are_counted_together() -> None:
    statements = ["INSERT INTO `t` VALUES (1), (2)", "INSERT INTO `u` VALUES (1)"]

    assert rows_made_by([*statements, "INSERT INTO `t` VALUES (3)"]) == {"t": 3, "u": 1}
