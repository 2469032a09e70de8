"""The one reader of definitions: columns, keys, options, defaults."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nestflux.sql.definitions import (
    ColumnParts,
    ForeignKeyParts,
    KeyParts,
    Literal,
    attributes,
    collated,
    column_parts,
    first_list,
    foreign_key_parts,
    key_parts,
    literal,
    without_name,
)

# What stands at each place of a definition, as the servers print it, and the field that holds it.
TYPES = ["int(10) unsigned", "varchar(20)", "enum('a(','b)',',')", "set('it''s')", "decimal(8,2)"]
VALUES = ["'x'", "'it''s ) NOT NULL'", "1.50", "-1", "current_timestamp(6)", "b'101'", "NULL"]
EXPRESSIONS = [
    "(`a` + 1)",
    "((_utf8mb4'x' collate utf8mb4_bin))",
    "concat('a','b' collate utf8mb4_bin)",
    "(`a` is not null and `auto_increment` > ')')",
    "extract(year from `a`)",
]
COMMENTS = ["'NOT NULL AUTO_INCREMENT'", "'it''s\\n DEFAULT ''5'''", "'GENERATED ALWAYS AS (a)'"]


def maybe(values: list[str]) -> st.SearchStrategy[str]:
    return st.sampled_from(["", *values])


@given(
    st.builds(
        ColumnParts,
        type=st.sampled_from(TYPES),
        charset=maybe(["latin1", "utf8mb4"]),
        collation=maybe(["utf8mb4_bin"]),
        generated=maybe(EXPRESSIONS),
        stored=st.booleans(),
        not_null=st.booleans(),
        default=maybe([*VALUES, *EXPRESSIONS]),
        on_update=maybe(["current_timestamp()"]),
        auto_increment=st.booleans(),
        comment=maybe(COMMENTS),
        check=maybe(["(json_valid(`x`))", "(`a` is not null)"]),
        more=maybe(["/*!80023 INVISIBLE */", "INVISIBLE", "REF_SYSTEM_ID=1"]),
    ),
    st.sampled_from([" ", "\n  ", " /* , ( */ "]),
)
def test_each_part_of_a_definition_is_read_as_it_stands(parts: ColumnParts, blank: str) -> None:
    said = [
        parts.type,
        parts.charset and f"CHARACTER SET {parts.charset}",
        parts.collation and f"COLLATE {parts.collation}",
        parts.generated and f"GENERATED ALWAYS AS {parts.generated}",
        "STORED" if parts.stored else "VIRTUAL",
        "NOT NULL" if parts.not_null else "NULL",
        parts.default and f"DEFAULT {parts.default}",
        parts.on_update and f"ON UPDATE {parts.on_update}",
        "AUTO_INCREMENT" if parts.auto_increment else "",
        parts.comment and f"COMMENT {parts.comment}",
        parts.check and f"CHECK {parts.check}",
        parts.more,
    ]

    assert column_parts(blank.join(filter(None, said))) == parts


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("", ColumnParts()),
        ("varchar (20)NOT NULL", ColumnParts(type="varchar (20)", not_null=True)),
        ("integer UNSIGNED NULL", ColumnParts(type="integer UNSIGNED")),
        ("int AS(a + b)VIRTUAL", ColumnParts(type="int", generated="(a + b)")),
        ("int AS (a + b) NOT NULL", ColumnParts(type="int", generated="(a + b)", not_null=True)),
        ("int CHECK(a>0) FIRST", ColumnParts(type="int", check="(a>0)", more="FIRST")),
        ("int CHECK (a>0) NOT ENFORCED", ColumnParts("int", check="(a>0)", more="NOT ENFORCED")),
        ("text COLLATE `utf8mb4_bin`", ColumnParts(type="text", collation="utf8mb4_bin")),
        ("text CHARSET latin1", ColumnParts(type="text", charset="latin1")),
        (
            "timestamp(6) GENERATED ALWAYS AS ROW START INVISIBLE COMMENT 'x'",
            ColumnParts("timestamp(6)", generated="ROW START", comment="'x'", more="INVISIBLE"),
        ),
        (  # as MariaDB prints it: the character set behind the comment
            "text /*M!100301 COMPRESSED*/ CHARACTER SET latin1 COLLATE latin1_bin",
            ColumnParts("text", "latin1", "latin1_bin", more="/*M!100301 COMPRESSED*/"),
        ),
        ("int DEFAULT (1", ColumnParts(type="int", default="(1")),
        ("int) , x", ColumnParts(type="int", more=") , x")),
    ],
)
def test_definitions_of_statements_and_odd_ones(text: str, parts: ColumnParts) -> None:
    assert column_parts(text) == parts


def test_what_a_type_is_made_of() -> None:
    price, kind = column_parts("DECIMAL (8, 2) UNSIGNED"), column_parts("enum('a,','unsigned')")

    assert (price.type_name, price.arguments, price.unsigned) == ("decimal", ("8", "2"), True)
    assert (kind.type_name, kind.arguments, kind.unsigned) == (
        "enum",
        ("'a,'", "'unsigned'"),
        False,
    )
    assert kind.textual
    assert not column_parts("json").textual
    assert (column_parts("").type_name, column_parts("date").arguments) == ("", ())


@pytest.mark.parametrize(
    "kind", "char varchar tinytext text mediumtext longtext enum set VARCHAR(9)".split()
)
def test_a_type_with_a_collation(kind: str) -> None:
    assert column_parts(f"{kind} NOT NULL").textual


@pytest.mark.parametrize("kind", "int json uuid blob binary(16) date bit(8) point".split())
def test_a_type_without_one(kind: str) -> None:
    assert not column_parts(f"{kind} NOT NULL").textual


@pytest.mark.parametrize(
    ("definition", "is_null"),
    [
        ("int", True),
        ("int DEFAULT NULL COMMENT 'has no DEFAULT'", True),
        ("int DEFAULT 5 COMMENT 'DEFAULT NULL'", False),
        ("int NOT NULL", False),
        ("int GENERATED ALWAYS AS (`a`) STORED", False),
    ],
)
def test_what_rows_get_in_a_new_column(definition: str, is_null: bool) -> None:
    assert column_parts(definition).null_everywhere is is_null


def test_a_collation_is_stated_behind_the_type() -> None:
    definition = "enum('a)','b') NOT NULL COMMENT 'enum('"

    assert collated(definition, "latin1_bin") == (
        "enum('a)','b') CHARACTER SET latin1 COLLATE latin1_bin NOT NULL COMMENT 'enum('"
    )


def test_a_first_list() -> None:
    assert first_list("KEY `(` (`a`(10),(lower(`b`)) DESC) USING BTREE") == (
        "`a`(10)",
        "(lower(`b`)) DESC",
    )
    assert first_list("no list") == ()
    with pytest.raises(ValueError, match="no brackets"):
        first_list("KEY `k` (`a`")


# ---- keys ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "name", "kind", "parts", "more"),
    [
        ("PRIMARY KEY (`a`,`b` DESC)", "", "PRIMARY", ("`a`", "`b` DESC"), ""),
        ("UNIQUE KEY `u``k` (`a`) USING BTREE", "u`k", "UNIQUE", ("`a`",), "USING BTREE"),
        ("KEY `KEY` (`a`(10),(lower(`b`)))", "KEY", "KEY", ("`a`(10)", "(lower(`b`))"), ""),
        ("INDEX `k` (`a`)", "k", "KEY", ("`a`",), ""),
        ("FULLTEXT KEY `f` (`a`) /*!50100 WITH PARSER `ngram` */", "f", "FULLTEXT", ("`a`",),
         "/*!50100 WITH PARSER `ngram` */"),
        ("`k` (`a`)", "k", "KEY", ("`a`",), ""),
    ],
)  # fmt: skip
def test_a_key_is_taken_apart(
    text: str, name: str, kind: str, parts: tuple[str, ...], more: str
) -> None:
    assert key_parts(text) == KeyParts(name, kind, parts, more, text)


@pytest.mark.parametrize(
    ("text", "columns", "named", "descending", "is_plain"),
    [
        ("KEY `k` (`a``b`,`c`)", ("a`b", "c"), ("a`b", "c"), (False, False), True),
        ("KEY `k` (`a` ASC,`b` DESC)", ("a", "b"), ("a", "b"), (False, True), False),
        ("KEY `k` (`a`) USING BTREE", ("a",), ("a",), (False,), False),
        ("KEY `k` (`a`(10),`b`)", (), ("a", "b"), (False, False), False),
        ("KEY `k` (`a`,(lower(`b`)))", (), ("a",), (False, False), False),
    ],
)
def test_what_a_key_consists_of(
    text: str,
    columns: tuple[str, ...],
    named: tuple[str, ...],
    descending: tuple[bool, ...],
    is_plain: bool,
) -> None:
    key = key_parts(text)

    assert (key.columns, key.named) == (columns, named)
    assert (key.descending, key.is_plain) == (descending, is_plain)


def test_a_foreign_key_is_taken_apart() -> None:
    own = "CONSTRAINT `f``k` FOREIGN KEY (`a`,`b`) REFERENCES `p` (`x`,`y`) ON DELETE CASCADE"
    other = "CONSTRAINT `f` FOREIGN KEY (`a`) REFERENCES `d`.`p` (`x`)"
    unnamed = "foreign key (`a`) references `p` (`x`)"

    assert foreign_key_parts(own) == ForeignKeyParts(
        "f`k", ("a", "b"), "", "p", ("x", "y"), "ON DELETE CASCADE", own
    )
    assert foreign_key_parts(other) == ForeignKeyParts("f", ("a",), "d", "p", ("x",), "", other)
    assert foreign_key_parts(unnamed) == ForeignKeyParts("", ("a",), "", "p", ("x",), "", unnamed)


@pytest.mark.parametrize(
    "text", ["CONSTRAINT `c` CHECK (`FOREIGN KEY` > 0)", "UNIQUE KEY `FOREIGN` (`a`)", "KEY (`a`)"]
)
def test_what_is_no_foreign_key(text: str) -> None:
    assert foreign_key_parts(text) is None


@pytest.mark.parametrize(
    ("text", "nameless"),
    [
        ("KEY `a` (`a`,`b`)", "KEY (`a`,`b`)"),
        ("UNIQUE KEY `x``y` (`a`) USING BTREE", "UNIQUE KEY (`a`) USING BTREE"),
        ("CONSTRAINT `c` CHECK ((`c` > 'c'))", "CONSTRAINT CHECK ((`c` > 'c'))"),
    ],
)
def test_a_key_or_a_constraint_loses_its_own_name_alone(text: str, nameless: str) -> None:
    assert without_name(text) == nameless


# ---- what is compared -----------------------------------------------------------------------


def test_an_object_is_compared_by_what_its_definition_states() -> None:
    engine, index = "ENGINE=InnoDB COMMENT='x'", "KEY `k` (`a`)"

    assert attributes("column", "int NOT NULL DEFAULT 5") == {
        "type": "int",
        "not_null": "True",
        "default": "5",
    }
    assert attributes("table", engine) == {"engine": "InnoDB", "comment": "'x'"}
    assert attributes("index", index) == {"definition": index}
    assert attributes("view", engine) == {"definition": engine}


# ---- defaults ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("default", "found"),
    [
        ("'a b'", Literal("a b", quoted=True)),
        ("'it''s'", Literal("it's", quoted=True)),
        ("''", Literal("", quoted=True)),
        ("'5'", Literal("5", quoted=True)),
        ("-1.50", Literal("-1.50", quoted=False)),
        (r"'a\\b'", None),
        ("'a\tb'", None),
        ("b'101'", None),
        ('"a"', None),
        ("'a' 'b'", None),
        ("NULL", None),
        ("(5)", None),
        ("current_timestamp()", None),
        ("", None),
    ],
)
def test_a_default_that_is_a_literal(default: str, found: Literal | None) -> None:
    assert literal(default) == found
