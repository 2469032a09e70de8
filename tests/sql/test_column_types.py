"""Whether a column's new type holds every value of the old one."""

from __future__ import annotations

import pytest

from nestflux.sql.column_types import narrowed

NARROWER = [
    ("varchar(40) NOT NULL", "varchar(20) NOT NULL"),
    ("longtext", "text"),
    ("text", "varchar(200)"),
    ("varchar(300)", "tinytext"),
    ("varchar(20)", "char(20)"),
    ("varchar(20)", "int"),
    ("varchar(20)", "enum('a','b')"),
    ("enum('a','b','c')", "enum('a','c')"),
    ("set('a','b')", "set('a')"),
    ("varbinary(16)", "varbinary(8)"),
    ("longblob", "varbinary(255)"),
    ("bigint(20)", "int(11)"),
    ("int", "int unsigned"),
    ("int unsigned", "int"),
    ("smallint", "tinyint(1)"),
    ("bigint", "double"),
    ("bigint", "varchar(10)"),
    ("int", "decimal(12,4)"),
    ("decimal(10,4)", "decimal(10,2)"),
    ("decimal(10,2)", "decimal(8,2)"),
    ("decimal(10,2)", "decimal(10,4)"),
    ("decimal(10,2)", "int"),
    ("decimal(10,2)", "double"),
    ("decimal(10,2)", "decimal(10,2) unsigned"),
    ("double", "float"),
    ("double", "decimal(20,10)"),
    ("double", "varchar(40)"),
    ("datetime(6)", "datetime"),
    ("datetime(6)", "datetime(3)"),
    ("datetime(6)", "date"),
    ("datetime(6)", "varchar(20)"),
    ("datetime(6)", "timestamp(6)"),
    ("time(6)", "time(0)"),
    ("date", "time"),
    ("bit(8)", "bit(4)"),
    ("json", "text"),
    ("longtext", "json"),
    ("varchar(20)", "varchar(20) CHARACTER SET latin1 COLLATE latin1_swedish_ci"),
    ("varchar(9) CHARACTER SET latin1 COLLATE latin1_bin", "varchar(9) CHARACTER SET ascii"),
    ("varchar(9)", "varchar(9) CHARACTER SET utf8mb3 COLLATE utf8mb3_bin"),
    ("int", "int GENERATED ALWAYS AS (`a` + 1) VIRTUAL"),
    ("text", "text /*M!100301 COMPRESSED*/ CHARACTER SET latin1 COLLATE latin1_bin"),
]
AS_WIDE = [
    ("varchar(20)", "varchar(20) NOT NULL DEFAULT ''"),
    ("varchar(20) DEFAULT NULL", "varchar(60) NOT NULL"),
    ("char(32)", "varchar(32)"),
    ("varchar(200)", "longtext"),
    ("varchar(20000)", "text"),
    ("text", "longtext"),
    ("enum('a','bcd')", "enum('a','x','bcd')"),
    ("enum('a','bcd')", "varchar(3)"),
    ("set('a','bcd')", "varchar(5)"),
    ("binary(16)", "varbinary(16)"),
    ("varbinary(60)", "longblob"),
    ("int(11)", "int"),
    ("int(11)", "bigint(20)"),
    ("int unsigned", "bigint"),
    ("tinyint(1)", "int"),
    ("int", "double"),
    ("int", "varchar(11)"),
    ("bigint unsigned", "decimal(20,0)"),
    ("bit(8)", "tinyint unsigned"),
    ("decimal(10,2)", "decimal(12,4)"),
    ("decimal(9,0)", "int"),
    ("decimal(10,2)", "varchar(12)"),
    ("float", "double"),
    ("datetime", "datetime(6)"),
    ("datetime(6)", "varchar(26)"),
    ("timestamp(6)", "datetime(6)"),
    ("date", "datetime(6)"),
    ("uuid", "char(36)"),
    ("json", "longtext"),
    ("varchar(9) CHARACTER SET latin1 COLLATE latin1_bin", "varchar(9)"),
    ("varchar(9) CHARACTER SET ascii COLLATE ascii_bin", "varchar(9) CHARACTER SET latin1"),
    ("varchar(9)", "varchar(9) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin"),
    ("int GENERATED ALWAYS AS (`a` + 1) VIRTUAL", "tinyint GENERATED ALWAYS AS (`a`) VIRTUAL"),
    ("int DEFAULT (cast('7' as signed))", "int"),
]


@pytest.mark.parametrize(("before", "after"), NARROWER)
def test_a_type_that_holds_less_is_narrower(before: str, after: str) -> None:
    assert narrowed(before, after)


@pytest.mark.parametrize(("before", "after"), AS_WIDE)
def test_a_type_that_holds_as_much_is_not(before: str, after: str) -> None:
    assert narrowed(before, after) == ""


def test_it_says_from_what_to_what() -> None:
    latin = "varchar(20) CHARACTER SET latin1 COLLATE latin1_bin"

    assert narrowed("decimal(10,4) NOT NULL", "decimal(10,2)") == "decimal(10,4) -> decimal(10,2)"
    assert narrowed("varchar(20)", latin) == "varchar(20) -> varchar(20) in latin1"


def test_a_default_that_mentions_as_makes_no_generated_column() -> None:
    assert narrowed("bigint DEFAULT (cast('7' as signed))", "int")
