"""What is decided without a server: definitions, groups, names, text, and the comparison."""

from __future__ import annotations

from typing import Any

import pytest
from django.db.backends.base.base import BaseDatabaseWrapper

from nestflux.exceptions import Refused
from nestflux.pulling import remarks as said
from nestflux.pulling.describing import describe
from nestflux.pulling.fields import canonical
from nestflux.pulling.grouping import GroupingRule, groups
from nestflux.pulling.names import class_names, field_name, module_names, rule_name
from nestflux.pulling.python_text import Call, Layout, quoted
from nestflux.pulling.remarks import Excuse, Remark
from nestflux.pulling.round_trip import compare
from nestflux.schema.introspection import read_schema
from nestflux.schema.objects import ORDER, ObjectKey
from nestflux.sql.definitions import (
    ColumnParts,
    Literal,
    column_parts,
    foreign_key_parts,
    key_parts,
    literal,
    unescaped,
)
from nestflux.sql.table_options import OptionParts, option_parts


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("int(10) unsigned NOT NULL", ColumnParts(type="int(10) unsigned", not_null=True)),
        (
            "enum('a','b c') CHARACTER SET latin1 COLLATE latin1_bin DEFAULT 'b c' COMMENT 'x y'",
            ColumnParts(
                type="enum('a','b c')",
                charset="latin1",
                collation="latin1_bin",
                default="'b c'",
                comment="'x y'",
            ),
        ),
        (
            "timestamp NULL DEFAULT NULL ON UPDATE current_timestamp()",
            ColumnParts(type="timestamp", default="NULL", on_update="current_timestamp()"),
        ),
        (
            "int GENERATED ALWAYS AS ((`a` + `b`)) STORED NOT NULL /*!80023 INVISIBLE */",
            ColumnParts(
                type="int",
                generated="((`a` + `b`))",
                stored=True,
                not_null=True,
                more="/*!80023 INVISIBLE */",
            ),
        ),
        (
            "bigint NOT NULL AUTO_INCREMENT CHECK (`id` > 0 and `id` < 9)",
            ColumnParts(
                type="bigint", not_null=True, auto_increment=True, check="(`id` > 0 and `id` < 9)"
            ),
        ),
        (
            "text /*M!100301 COMPRESSED*/ DEFAULT (concat('a', 'b'))",
            ColumnParts(type="text", more="/*M!100301 COMPRESSED*/", default="(concat('a', 'b'))"),
        ),
    ],
)
def test_a_column_is_taken_apart(text: str, parts: ColumnParts) -> None:
    assert column_parts(text) == parts


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("ENGINE=InnoDB", OptionParts(engine="InnoDB")),
        (
            "ENGINE=InnoDB DEFAULT CHARSET=latin1 COLLATE=latin1_bin COMMENT='a b'",
            OptionParts(
                engine="InnoDB",
                comment="'a b'",
                more="DEFAULT CHARSET=latin1 COLLATE=latin1_bin",
            ),
        ),
        (
            "ENGINE=InnoDB ROW_FORMAT=DYNAMIC /*!50100 PARTITION BY KEY (`id`) */",
            OptionParts(
                engine="InnoDB",
                more="ROW_FORMAT=DYNAMIC",
                partitions="/*!50100 PARTITION BY KEY (`id`) */",
            ),
        ),
        (
            "ENGINE=InnoDB PARTITION BY KEY (`id`)",
            OptionParts(engine="InnoDB", partitions="PARTITION BY KEY (`id`)"),
        ),
    ],
)
def test_options_are_taken_apart(text: str, parts: OptionParts) -> None:
    assert option_parts(text) == parts


def test_keys_and_foreign_keys_are_taken_apart() -> None:
    key = key_parts("KEY `a``b` (`x` DESC,`y`) USING BTREE")
    prefix = key_parts("UNIQUE KEY `p` (`x`(10),(lower(`y`)))")
    foreign = foreign_key_parts(
        "CONSTRAINT `f` FOREIGN KEY (`a`, `b`) REFERENCES `o`.`t` (`c`, `d`) ON DELETE CASCADE"
    )

    assert (key.name, key.kind, key.columns, key.more) == ("a`b", "KEY", ("x", "y"), "USING BTREE")
    assert key.descending == (True, False)
    assert not key.is_plain
    assert (prefix.kind, prefix.columns, prefix.named) == ("UNIQUE", (), ("x",))
    assert foreign is not None
    assert (foreign.columns, foreign.schema, foreign.table) == (("a", "b"), "o", "t")
    assert (foreign.referenced, foreign.rules) == (("c", "d"), "ON DELETE CASCADE")
    assert foreign_key_parts("CONSTRAINT `c` CHECK (`a` > 0)") is None


def test_literals_and_types() -> None:
    assert literal("'it''s'") == Literal("it's", quoted=True)
    assert literal("-1.5") == Literal("-1.5", quoted=False)
    assert [literal(text) for text in ("'a\\nb'", "now()", "NULL", "b'1'", "('x')")] == [None] * 5
    assert unescaped("'it''s\\n\\\\'") == "it's\n\\"
    assert canonical("integer UNSIGNED") == canonical("int(10) unsigned")
    assert canonical("numeric(8, 2)") == canonical("decimal(8,2)")
    assert canonical("int(5)") != canonical("integer")


def test_groups() -> None:
    tables = ["shop_a", "shop_b", "lonely_x", "plain", "9_a", "9_b", "Geo_a", "Geo_b"]

    assert groups(tables, ()) == {
        "geo": ("Geo_a", "Geo_b"),
        "legacy": ("9_a", "9_b", "lonely_x", "plain"),
        "shop": ("shop_a", "shop_b"),
    }
    assert groups(tables, (GroupingRule("one", "*_a"), GroupingRule("two", "shop_*"))) == {
        "legacy": ("9_b", "Geo_b", "lonely_x", "plain"),
        "one": ("9_a", "Geo_a", "shop_a"),
        "two": ("shop_b",),
    }
    with pytest.raises(Refused):
        GroupingRule.parse("9x=*")


def test_names_of_classes_and_modules() -> None:
    tables = ["shop_order_items", "shop_status", "shop_boxes", "shop_categories", "shop_series"]

    assert list(class_names(tables, "shop").values()) == [
        "OrderItem",
        "Status",
        "Box",
        "Category",
        "Series",
    ]
    assert class_names(["a_item", "a_items", "A_ITEM"], "a") == {
        "a_item": "Item",
        "a_items": "Items",
        "A_ITEM": "ITEM_2",
    }
    assert list(class_names(["none", "1st", "ab-cd"], "x").values()) == [
        "NoneTable",
        "Table1st",
        "AbCd",
    ]
    assert list(module_names(["x_class", "x_1", "x_A b"], "x").values()) == [
        "class_table",
        "table_1",
        "a_b",
    ]


def test_names_of_fields() -> None:
    assert field_name("customer_id", (), relation=True, primary=False) == "customer"
    assert field_name("customer_id", {"customer"}, relation=True, primary=False) == "customer_1"
    assert field_name("id", (), relation=False, primary=True) == "id"
    assert field_name("id", (), relation=False, primary=False) == "id_field"
    assert field_name("delete", (), relation=False, primary=False) == "delete_field"
    assert field_name("A-B", {"a_b"}, relation=False, primary=False) == "a_b_1"


def test_names_of_rules() -> None:
    assert rule_name("shop", "by_day", set(), 30) == "by_day"
    assert rule_name("shop", "by_day", {"by_day"}, 30) == "shop_by_day"
    assert rule_name("shop", "_x", set(), 30) == "shop__x"
    long = rule_name("shop", "x" * 40, set(), 30)
    assert len(long) == 30
    assert long != rule_name("other", "x" * 40, set(), 30)


def test_long_lines_are_laid_out() -> None:
    layout = Layout(40)
    call = Call("models.CharField", (), {"max_length": 20, "db_comment": "one two three four five"})

    assert Layout().assigned("x", Call("f", ("a",), {"b": ("c", "d")}), 0) == [
        'x = f("a", b=["c", "d"])'
    ]
    assert layout.assigned("name", call, 4) == [
        "    name = models.CharField(",
        "        max_length=20,",
        '        db_comment="one two three "',
        '        "four five",',
        "    )",
    ]
    assert quoted('say "x"') == "'say \"x\"'"
    assert quoted("it's \\ \n") == '"it\'s \\\\ \\n"'


# ---- the comparison ------------------------------------------------------------------------

TABLE, COLUMN = ObjectKey("table", "t"), ObjectKey("column", "c", "t")
COLUMNS = ObjectKey(ORDER, table="t")
LIVE = {
    TABLE: "ENGINE=InnoDB",
    COLUMNS: "a, c",
    ObjectKey("column", "a", "t"): "int NOT NULL",
    COLUMN: "date NOT NULL DEFAULT '0000-00-00' COMMENT 'x'",
}
ZERO = Remark(said.ZERO_DATE, "t.c", Excuse(COLUMN, "default", "'0000-00-00'"))


def test_a_remark_excuses_its_own_difference() -> None:
    made = {**LIVE, COLUMN: "date NOT NULL COMMENT 'x'"}

    proof = compare(LIVE, made, ["t"], [ZERO])

    assert proof.differences == ()
    assert [each.attribute for each in proof.excused] == ["default"]
    assert compare(LIVE, made, ["t"], []).differences == proof.excused


@pytest.mark.parametrize(
    ("text", "differs"),
    [
        ("datetime NOT NULL COMMENT 'x'", ["type"]),
        ("date NOT NULL", ["comment"]),
        ("date COMMENT 'x'", ["not_null"]),
        ("date NOT NULL DEFAULT '2020-01-01' COMMENT 'x'", ["default"]),
    ],
)
def test_and_no_other_of_the_same_column(text: str, differs: list[str]) -> None:
    proof = compare(LIVE, {**LIVE, COLUMN: text}, ["t"], [ZERO])

    assert [each.attribute for each in proof.differences] == differs


def test_one_remark_excuses_one_difference() -> None:
    live = {
        **LIVE,
        ObjectKey("index", "i", "t"): "KEY `i` (`a`)",
        ObjectKey("index", "j", "t"): "KEY `j` (`a`)",
    }
    excuse = Remark("x", "t.i", Excuse(ObjectKey("index", "i", "t"), "definition", "KEY `i` (`a`)"))

    proof = compare(live, LIVE, ["t"], [excuse])

    assert [str(each) for each in proof.differences] == [
        "missing: table t / index j: KEY `j` (`a`)"
    ]


def test_what_is_made_besides_and_another_order() -> None:
    made = {
        **LIVE,
        ObjectKey("index", "k", "t"): "KEY `k` (`a`)",
        COLUMNS: "c, a",
        ObjectKey("table", "other"): "ENGINE=InnoDB",
    }

    proof = compare(LIVE, made, ["t"], [])

    assert [str(each) for each in proof.differences] == [
        "not in the database: table t / index k: KEY `k` (`a`)"
    ]
    assert proof.remarks == (Remark(said.ORDER, "t"),)


def test_a_table_that_was_not_made_is_a_difference() -> None:
    assert compare(LIVE, {}, ["t"], []).differences
    assert not compare(LIVE, {}, [], []).differences


# ---- reading -------------------------------------------------------------------------------


def test_no_row_is_read(scratch: BaseDatabaseWrapper, family: str) -> None:
    with scratch.cursor() as cursor:
        cursor.execute("CREATE TABLE secret (id int PRIMARY KEY, `Name` text)")
        cursor.execute(
            "CREATE TABLE child (s int, CONSTRAINT f FOREIGN KEY (S) REFERENCES secret (ID))"
        )
    asked: list[str] = []

    def watch(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        asked.append(sql)
        return execute(sql, params, many, context)

    with scratch.execute_wrapper(watch):
        live = describe(scratch, family)

    assert set(live.tables) == {"secret", "child"}
    assert live.tables["child"].foreign_keys[0].referenced == ("id",)
    assert live.tables["child"].foreign_keys[0].columns == ("s",)
    assert read_schema(scratch).definitions.items() >= live.tables["secret"].definitions.items()
    reads = [sql for sql in asked if "FROM" in sql.upper() and "information_schema" not in sql]
    assert reads == []


def test_what_a_comment_says_makes_no_table_strange(
    scratch: BaseDatabaseWrapper, family: str
) -> None:
    with scratch.cursor() as cursor:
        cursor.execute("CREATE TABLE t (id int PRIMARY KEY COMMENT 'AS ROW START')")

    assert describe(scratch, family).tables["t"].strange == ""
