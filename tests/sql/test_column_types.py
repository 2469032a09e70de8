"""Whether a column's new type holds every value of the old one."""

from __future__ import annotations

import pytest

from nestflux.sql.column_types import ColumnType, integer_range, narrowed

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
# A type, the least that holds it, and what is just too small.
EDGES = [
    ("tinyint", "varchar(4)", "varchar(3)"),
    ("tinyint unsigned", "varchar(3)", "varchar(2)"),
    ("smallint", "varchar(6)", "varchar(5)"),
    ("mediumint", "varchar(8)", "varchar(7)"),
    ("int", "char(11)", "char(10)"),
    ("bigint", "varchar(20)", "varchar(19)"),
    ("bigint unsigned", "varchar(20)", "varchar(19)"),
    ("decimal", "varchar(11)", "varchar(10)"),
    ("decimal(10,2)", "varchar(12)", "varchar(11)"),
    ("decimal(2,2)", "varchar(5)", "varchar(4)"),  # -0.99
    ("date", "varchar(10)", "varchar(9)"),
    ("time", "varchar(10)", "varchar(9)"),  # -838:59:59
    ("time(6)", "varchar(17)", "varchar(16)"),
    ("datetime", "varchar(19)", "varchar(18)"),
    ("datetime(3)", "varchar(23)", "varchar(22)"),
    ("timestamp", "varchar(19)", "varchar(18)"),
    ("year(4)", "char(4)", "char(3)"),
    ("uuid", "char(36)", "char(35)"),
    ("inet6", "varchar(39)", "varchar(38)"),
    ("inet4", "varchar(15)", "varchar(14)"),
    ("json", "longtext", "mediumtext"),
    ("char", "varchar(1)", "varchar(0)"),
    ("char", "char(1)", "char(0)"),
    ("char(20)", "char(20)", "char(19)"),
    ("varchar(20)", "varchar(20)", "varchar(19)"),
    ("varchar(63)", "tinytext", "varchar(62)"),
    ("varchar(64)", "text", "tinytext"),  # four bytes a character
    ("tinytext", "text", "varchar(255)"),
    ("text", "mediumtext", "tinytext"),
    ("mediumtext", "longtext", "text"),
    ("longtext", "longtext", "mediumtext"),
    ("enum('a','bcd')", "varchar(3)", "varchar(2)"),
    ("set('a','bcd')", "varchar(5)", "varchar(4)"),
    ("enum('a')", "tinytext", "set('a')"),
    ("enum('a','b')", "enum('b','a')", "enum('b')"),
    ("set('a','b')", "set('c','b','a')", "set('c','a')"),
    ("binary", "binary(1)", "binary(0)"),
    ("binary(16)", "binary(16)", "binary(15)"),
    ("varbinary(16)", "varbinary(16)", "binary(16)"),  # padded
    ("varbinary(16)", "varbinary(17)", "binary(17)"),
    ("varbinary(255)", "tinyblob", "varbinary(254)"),
    ("varbinary(256)", "blob", "tinyblob"),
    ("tinyblob", "blob", "varbinary(255)"),
    ("blob", "mediumblob", "tinyblob"),
    ("mediumblob", "longblob", "blob"),
    ("longblob", "longblob", "mediumblob"),
    ("bit", "bit(1)", "bit(0)"),
    ("bit(2)", "bit(3)", "bit"),
    ("bit(7)", "tinyint", "bit(6)"),
    ("bit(8)", "smallint", "tinyint"),
    ("bit(24)", "float", "mediumint"),
    ("bit(25)", "double", "float"),
    ("bit(53)", "double", "float"),
    ("bit(54)", "bigint", "double"),
    ("bit(64)", "bigint unsigned", "bigint"),
    ("tinyint unsigned", "smallint", "tinyint"),
    ("smallint", "mediumint", "smallint unsigned"),
    ("smallint unsigned", "mediumint", "smallint"),
    ("mediumint", "int", "smallint"),
    ("mediumint unsigned", "float", "mediumint"),
    ("int", "bigint", "float"),
    ("int unsigned", "double", "mediumint unsigned"),
    ("smallint", "float", "float unsigned"),
    ("smallint unsigned", "float unsigned", "smallint"),
    ("int", "decimal", "decimal(9)"),
    ("int", "decimal(10)", "decimal(10,1)"),
    ("int", "decimal(12,2)", "decimal(11,2)"),
    ("int", "decimal(10,0)", "decimal(10,0) unsigned"),
    ("int unsigned", "decimal(10,0) unsigned", "decimal(9,0) unsigned"),
    ("decimal", "decimal(10,0)", "decimal(9,0)"),
    ("decimal(2,0)", "tinyint", "tinyint unsigned"),
    ("decimal(3,0)", "smallint", "tinyint"),
    ("decimal(2,0) unsigned", "tinyint unsigned", "decimal(1,0) unsigned"),
    ("decimal(9,0)", "int", "mediumint"),
    ("decimal(10,0)", "bigint", "int"),
    ("decimal(3,0) unsigned", "smallint unsigned", "tinyint unsigned"),
    ("decimal(9,1)", "decimal(10,1)", "int"),
    ("decimal(10,2)", "decimal(11,2)", "decimal(11,4)"),
    ("decimal(10,2) unsigned", "decimal(10,2)", "decimal(9,2) unsigned"),
    ("float", "double", "double(10,2)"),
    ("float(5,2)", "float", "float unsigned"),
    ("float unsigned", "double unsigned", "decimal(10,2) unsigned"),
    ("double unsigned", "double", "float unsigned"),
    ("year", "smallint", "tinyint"),
    ("year", "mediumint", "date"),
    ("year", "int", "datetime"),
    ("year", "bigint", "decimal(4,0)"),
    ("date", "datetime", "year"),
    ("date", "datetime(6)", "timestamp"),
    ("time", "time(3)", "datetime"),
    ("datetime(3)", "datetime(3)", "datetime(2)"),
    ("datetime", "datetime(6)", "time"),
    ("timestamp", "datetime", "date"),
    ("timestamp(3)", "timestamp(6)", "datetime(2)"),
    ("datetime(6)", "datetime(6) NOT NULL", "year"),
]
# What nobody knows to hold the other is taken for narrower.
UNKNOWN = [
    ("char(9)", "binary(36)"),
    ("enum('a')", "char(1)"),
    ("varchar(9)", "longblob"),
    ("varbinary(9)", "varchar(9)"),
    ("blob", "longtext"),
    ("longblob", "bigint"),
    ("float", "decimal(65,30)"),
    ("bit(3)", "varchar(40)"),
    ("tinyint", "bit(8)"),
    ("tinyint", "datetime"),
    ("decimal(2,0)", "double"),
    ("double", "bigint"),
    ("float", "date"),
    ("uuid", "bigint"),
    ("point", "longtext"),
]
WITHOUT_ORDER = ["uuid", "json", "inet6", "inet4", "point", "geometry", "vector(3)", "year(4)"]
ALL_OF_UNICODE = ["utf8mb4", "utf16", "utf16le", "utf32", "gb18030"]
BASIC_PLANE = ["utf8", "utf8mb3", "ucs2"]


@pytest.mark.parametrize(("before", "enough", "too_little"), EDGES)
def test_a_type_is_held_by_the_least_that_is_enough(
    before: str, enough: str, too_little: str
) -> None:
    assert narrowed(before, enough) == ""
    assert narrowed(before, too_little)


@pytest.mark.parametrize(("before", "after"), UNKNOWN)
def test_a_type_that_is_not_known_to_hold_another_is_narrower(before: str, after: str) -> None:
    assert narrowed(before, after)


@pytest.mark.parametrize("kind", WITHOUT_ORDER)
def test_every_type_holds_itself(kind: str) -> None:
    assert narrowed(kind, f"{kind} NOT NULL") == ""


@pytest.mark.parametrize(
    ("one", "least", "greatest"),
    [
        (ColumnType("tinyint"), -128, 127),
        (ColumnType("tinyint", unsigned=True), 0, 255),
        (ColumnType("mediumint"), -8_388_608, 8_388_607),
        (ColumnType("bigint", unsigned=True), 0, 18_446_744_073_709_551_615),
        (ColumnType("bit", ("8",)), 0, 255),
        (ColumnType("bit"), 0, 1),
    ],
)
def test_an_integer_type_has_a_least_and_a_greatest_value(
    one: ColumnType, least: int, greatest: int
) -> None:
    assert integer_range(one) == (least, greatest)


@pytest.mark.parametrize("charset", ALL_OF_UNICODE)
def test_a_character_set_of_all_of_unicode_holds_every_other(charset: str) -> None:
    for other in (*ALL_OF_UNICODE, *BASIC_PLANE, "latin1", "ascii"):
        assert narrowed(f"char(9) CHARACTER SET {other}", f"char(9) CHARACTER SET {charset}") == ""


@pytest.mark.parametrize("charset", BASIC_PLANE)
def test_one_of_the_basic_plane_holds_all_but_those(charset: str) -> None:
    after = f"char(9) CHARACTER SET {charset}"

    for other in ALL_OF_UNICODE:
        assert narrowed(f"char(9) CHARACTER SET {other}", after)
    for other in (*BASIC_PLANE, "latin1", "ascii"):
        assert narrowed(f"char(9) CHARACTER SET {other}", after) == ""


@pytest.mark.parametrize("charset", [*ALL_OF_UNICODE, *BASIC_PLANE, "cp1251"])
def test_one_of_a_few_languages_holds_itself_and_ascii(charset: str) -> None:
    latin = "char(9) CHARACTER SET latin1"

    assert narrowed(f"char(9) CHARACTER SET {charset}", latin)
    assert narrowed(latin, "char(9) CHARACTER SET LATIN1") == ""


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
    assert narrowed("int unsigned", "int") == "int unsigned -> int"
    assert narrowed("int(11)", "int AS (`a`) STORED") == "int -> a generated column"


def test_a_default_that_mentions_as_makes_no_generated_column() -> None:
    assert narrowed("bigint DEFAULT (cast('7' as signed))", "int")
