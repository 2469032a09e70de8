"""Definitions that read differently and mean the same."""

from __future__ import annotations

import pytest

from nestflux.schema.diff import Delta
from nestflux.schema.equivalence import (
    less_order_of_sets,
    less_tables_own,
    plain,
    same_but_for_ranges,
    same_but_for_sets,
    same_check,
)
from nestflux.schema.objects import ObjectKey

LATIN = "ENGINE=InnoDB DEFAULT CHARSET=latin1 COLLATE=latin1_bin"
OWN = "CHARACTER SET latin1 COLLATE latin1_bin"
TABLE = ObjectKey("table", "post")
NAME, TITLE = ObjectKey("column", "name", "post"), ObjectKey("column", "title", "post")


@pytest.mark.parametrize(
    ("definition", "without"),
    [
        ("int(11) NOT NULL", "int NOT NULL"),
        ("BIGINT(20) unsigned", "BIGINT unsigned"),
        ("tinyint(1)", "tinyint"),
        ("smallint(6)", "smallint"),
        ("mediumint(9)", "mediumint"),
        ("varchar(20)", "varchar(20)"),
        ("varchar(20) COMMENT 'int(11)'", "varchar(20) COMMENT 'int(11)'"),
        ("datetime DEFAULT current_timestamp()", "datetime DEFAULT current_timestamp"),
        ("datetime DEFAULT CURRENT_TIMESTAMP", "datetime DEFAULT current_timestamp"),
        (
            "datetime(6) DEFAULT CURRENT_TIMESTAMP(6) ON UPDATE current_timestamp(6)",
            "datetime(6) DEFAULT current_timestamp(6) ON UPDATE current_timestamp(6)",
        ),
        ("int DEFAULT '7'", "int DEFAULT 7"),
        ("decimal(5,2) default '-1.50'", "decimal(5,2) DEFAULT -1.50"),
        ("varchar(9) DEFAULT 'a7'", "varchar(9) DEFAULT 'a7'"),
        ("varchar(9) DEFAULT '7.'", "varchar(9) DEFAULT '7.'"),
    ],
)
def test_what_only_the_version_of_a_server_decides_is_left_out(
    definition: str, without: str
) -> None:
    assert plain(definition) == without


@pytest.mark.parametrize(
    "definition",
    [
        "varchar(40) COMMENT 'set to CURRENT_TIMESTAMP'",
        "varchar(40) DEFAULT 'current_timestamp()'",
        "varchar(40) COMMENT \"was DEFAULT '7' once\"",
        "varchar(40) /* DEFAULT '7', or CURRENT_TIMESTAMP() */ NOT NULL",
        "varchar(40) NOT NULL -- DEFAULT '7'",
        "datetime GENERATED ALWAYS AS (`CURRENT_TIMESTAMP`) VIRTUAL",
        "CREATE VIEW `v` AS select 'CURRENT_TIMESTAMP()' AS `DEFAULT '7'`",
        "CREATE TRIGGER `t` BEFORE INSERT ON `a` FOR EACH ROW SET NEW.`n` = DEFAULT",
    ],
)
def test_what_stands_in_a_string_a_comment_or_a_name_stays(definition: str) -> None:
    assert plain(definition) == definition


def test_two_comments_of_columns_are_never_one() -> None:
    one, other = "int(11) COMMENT 'CURRENT_TIMESTAMP'", "int COMMENT 'current_timestamp'"

    assert plain(one) != plain(other)


def test_a_column_does_not_state_what_is_its_tables_own() -> None:
    before, after = f"varchar(9) {OWN} NOT NULL", f"varchar(20) {OWN}"
    delta = Delta({NAME: (before, after), TITLE: (None, f"text {OWN}")})

    assert less_tables_own(delta, {TABLE: LATIN}) == Delta(
        {NAME: ("varchar(9) NOT NULL", "varchar(20)"), TITLE: (None, "text")}
    )


@pytest.mark.parametrize(
    ("key", "text", "tables"),
    [
        (NAME, "varchar(9) CHARACTER SET utf8mb3 COLLATE utf8mb3_bin", {TABLE: LATIN}),
        (NAME, f"varchar(9) {OWN}", {TABLE: "ENGINE=InnoDB"}),
        (NAME, f"varchar(9) {OWN}", {ObjectKey("table", "other"): LATIN}),
        (NAME, f"varchar(9) COMMENT '{OWN}'", {TABLE: LATIN}),
        (TABLE, LATIN, {TABLE: LATIN}),
        (ObjectKey("constraint", OWN, "post"), f"varchar(9) {OWN}", {TABLE: LATIN}),
    ],
)
def test_what_is_not_its_tables_own_stays(
    key: ObjectKey, text: str, tables: dict[ObjectKey, str]
) -> None:
    delta = Delta({key: (text, None)})

    assert less_tables_own(delta, tables) == delta


@pytest.mark.parametrize(
    "other",
    [
        "CONSTRAINT `c` CHECK ((`Name` = 'A'))",
        "CONSTRAINT `C` CHECK ((`name` = 'A'))",
        "CONSTRAINT  `c`  CHECK (( `name`='A' ))",
    ],
)
def test_a_check_is_the_same_whatever_the_case_of_its_names(other: str) -> None:
    assert same_check("CONSTRAINT `c` CHECK ((`name` = 'A'))", other)


@pytest.mark.parametrize(
    "other",
    [
        "CONSTRAINT `c` CHECK ((`name` = 'a'))",
        "CONSTRAINT `d` CHECK ((`name` = 'A'))",
        "CONSTRAINT `c` UNIQUE (`name`)",
        "",
    ],
)
def test_another_value_or_name_makes_another_check(other: str) -> None:
    assert not same_check("CONSTRAINT `c` CHECK ((`name` = 'A'))", other)


@pytest.mark.parametrize(
    "text", ["", "CONSTRAINT `f` FOREIGN KEY (`CHECK`) REFERENCES `p` (`id`)", "KEY `c` (`CHECK`)"]
)
def test_what_is_no_check_is_the_same_check_as_none(text: str) -> None:
    assert not same_check(text, text)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("CHECK (`a` in ('x','y,z'))", "CHECK (`a` in ('y,z','x'))"),
        ("CHECK (`a` in (_utf8mb4'x',_utf8mb4'y'))", "CHECK (`a` in (_utf8mb4'y',_utf8mb4'x'))"),
        (
            "CHECK (`a` not in (1, -2.5) or `b` IN (3))",
            "CHECK (`a` not in (-2.5, 1) or `b` IN (3))",
        ),
        ("int AS (if(`a` in ('x','y'),1,0)) STORED", "int AS (if(`a` in ('y','x'),1,0)) STORED"),
    ],
)
def test_the_order_of_what_a_value_is_in_means_nothing(one: str, other: str) -> None:
    assert same_but_for_sets(one, other)
    assert not less_order_of_sets(Delta({NAME: (one, other)}))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("CHECK (`a` in ('x','y'))", "CHECK (`a` in ('x','z'))"),
        ("CHECK (`a` in ('x','y'))", "CHECK (`a` in ('x','y','y'))"),
        ("CHECK (f(1, 2))", "CHECK (f(2, 1))"),
        ("CHECK (`a` in (select 1, 2))", "CHECK (`a` in (select 2, 1))"),
        ("CHECK (`in` = concat('x','y'))", "CHECK (`in` = concat('y','x'))"),
        ("varchar(9) COMMENT 'in (1,2)'", "varchar(9) COMMENT 'in (2,1)'"),
    ],
)
def test_any_other_order_means_something(one: str, other: str) -> None:
    assert not same_but_for_sets(one, other)
    assert less_order_of_sets(Delta({NAME: (one, other)}))


def test_a_check_is_the_same_whatever_the_order_of_a_set() -> None:
    assert same_check(
        "CONSTRAINT `c` CHECK ((`Name` in ('A','B')))",
        "CONSTRAINT `c` CHECK ((`name` in ('B','A')))",
    )


_RANGES = "ENGINE=InnoDB{more} PARTITION BY RANGE {by} (PARTITION a VALUES LESS THAN ({upto}))"


def _ranges(upto: str = "5", by: str = "(`id`)", more: str = "") -> str:
    return _RANGES.format(upto=upto, by=by, more=more)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (_ranges("5"), _ranges("9")),
        (_ranges("5"), _ranges("5), PARTITION b VALUES LESS THAN (MAXVALUE)")),
        (
            "ENGINE=InnoDB /*!50500 PARTITION BY RANGE  COLUMNS(`at`)\n"
            "(PARTITION p VALUES LESS THAN ('2026-01-01') ENGINE = InnoDB) */",
            "ENGINE=InnoDB\n PARTITION BY RANGE  COLUMNS(`at`)\n"
            "(PARTITION `q` VALUES LESS THAN (MAXVALUE) ENGINE = InnoDB)",
        ),
        (
            _ranges(by="(`id`) SUBPARTITION BY HASH (`x`)"),
            _ranges("6", by="(`id`) SUBPARTITION BY HASH (`x`)"),
        ),
    ],
)
def test_the_partitions_of_a_range_come_and_go(one: str, other: str) -> None:
    assert same_but_for_ranges(one, other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (_ranges(), "ENGINE=InnoDB"),
        ("ENGINE=InnoDB", _ranges()),
        (_ranges(), None),
        (None, _ranges()),
        (_ranges(), _ranges(by="(`other`)")),
        (_ranges(), _ranges(by="COLUMNS (`id`)")),
        (_ranges(), _ranges(more=" COMMENT='x'")),
        (_ranges(), _ranges(by="(`id`) SUBPARTITION BY HASH (`x`)")),
        ("ENGINE=InnoDB PARTITION BY HASH (`id`) PARTITIONS 2", "ENGINE=InnoDB"),
        (
            "ENGINE=InnoDB PARTITION BY HASH (`id`) PARTITIONS 2",
            "ENGINE=InnoDB PARTITION BY HASH (`id`) PARTITIONS 3",
        ),
        (
            "ENGINE=InnoDB PARTITION BY LIST (`id`) (PARTITION a VALUES IN (1))",
            "ENGINE=InnoDB PARTITION BY LIST (`id`) (PARTITION a VALUES IN (2))",
        ),
    ],
)
def test_how_a_table_is_divided_stays(one: str | None, other: str | None) -> None:
    assert not same_but_for_ranges(one, other)
