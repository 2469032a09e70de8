"""The names of tables that stand in a statement."""

from __future__ import annotations

import pytest

from nestflux.sql.lexer import significant
from nestflux.sql.names import changes_case_only, name_at, tables_made_by, tables_renamed_by


@pytest.mark.parametrize(
    ("sql", "name", "behind"),
    [
        ("TABLE t (", "t", "("),
        ("TABLE `a``b` (", "a`b", "("),
        ("TABLE shop . t (", "t", "("),
        ("TABLE `shop`.`if` (", "if", "("),
        ("TABLE IF NOT EXISTS t (", "t", "("),
        ("TABLE if exists shop.t, u", "t", ","),
        ("TABLE /* t */ u", "u", ""),
        ("TABLE", "", ""),
        ("TABLE (", "", "("),
        ("TABLE 't'", "", "'t'"),
        ("TABLE t.*", "", "*"),
    ],
)
def test_a_name_without_its_schema_and_what_follows_it(sql: str, name: str, behind: str) -> None:
    found = significant(sql)

    read, after = name_at(found, 1)

    assert read == name
    assert "".join(token.text for token in found[after : after + 1]) == behind


@pytest.mark.parametrize(
    ("sql", "pairs"),
    [
        ("RENAME TABLE a TO b", (("a", "b"),)),
        ("RENAME TABLE a TO b, `c``c` TO d", (("a", "b"), ("c`c", "d"))),
        ("RENAME TABLE IF EXISTS shop.a TO shop.b, c TO d", (("a", "b"), ("c", "d"))),
        ("ALTER TABLE a RENAME TO b", (("a", "b"),)),
        ("ALTER TABLE IF EXISTS shop.a RENAME = shop.b", (("a", "b"),)),
        ("ALTER TABLE a RENAME b", (("a", "b"),)),
        ("ALTER TABLE a RENAME COLUMN x TO y", ()),
        ("ALTER TABLE a RENAME INDEX x TO y", ()),
    ],
)
def test_what_renames_a_table(sql: str, pairs: tuple[tuple[str, str], ...]) -> None:
    assert tables_renamed_by(sql) == pairs


@pytest.mark.parametrize(
    ("sql", "names"),
    [
        ("CREATE TABLE `Shop_Item` (id int)", ("Shop_Item",)),
        ("CREATE TABLE IF NOT EXISTS shop.Item (id int)", ("Item",)),
        ("CREATE OR REPLACE SQL SECURITY INVOKER VIEW `Shown` AS SELECT 1", ("Shown",)),
        ("RENAME TABLE a TO B, c TO `D`", ("B", "D")),
        ("ALTER TABLE a ADD x int, RENAME TO B", ("B",)),
        ("CREATE TRIGGER t BEFORE INSERT ON A FOR EACH ROW DELETE FROM b", ()),
        ("CREATE PROCEDURE p() CREATE TEMPORARY TABLE A (id int)", ()),
        ("CREATE INDEX i ON A (x)", ()),
        ("INSERT INTO A VALUES ('CREATE TABLE B')", ()),
        ("-- nothing", ()),
    ],
)
def test_what_gives_a_table_or_a_view_its_name(sql: str, names: tuple[str, ...]) -> None:
    assert tables_made_by(sql) == names


@pytest.mark.parametrize(
    ("sql", "only"),
    [
        ("RENAME TABLE `Item` TO `item`", True),
        ("RENAME TABLE a TO A, b TO `B`", True),
        ("RENAME TABLE a TO A, b TO c", False),
        ("RENAME USER a TO A", False),
        ("ALTER TABLE a ADD x int, RENAME TO A", False),
        ("INSERT INTO a VALUES ('RENAME TABLE a TO A')", False),
    ],
)
def test_a_rename_that_changes_the_case_alone(sql: str, only: bool) -> None:
    assert changes_case_only(sql) is only
