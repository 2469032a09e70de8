"""How a statement is laid out for a person, and what is shown of the difference of two."""

from __future__ import annotations

import pytest

from nestflux.sql.formatting import changed_lines, laid_out
from nestflux.sql.lexer import same_text


def test_a_table_is_laid_out_a_column_a_line_and_stays_the_same_statement() -> None:
    sql = "CREATE TABLE `t` (`id` int  NOT NULL, `a` decimal(5, 2) DEFAULT (1 + (2)), CHECK (a>0))"

    assert laid_out(sql) == (
        "CREATE TABLE `t` (\n  `id` int NOT NULL,\n  `a` decimal(5, 2) DEFAULT (1 + (2)),\n"
        "  CHECK (a>0)\n)"
    )
    assert same_text(laid_out(sql), sql)


def test_lines_and_comments_of_an_author_are_left_as_they_are() -> None:
    for sql in ("CREATE TABLE t (\na int)", "CREATE TABLE t (a int /* why */, b int)"):
        assert laid_out(sql) == sql


@pytest.mark.parametrize(
    ("sql", "shown"),
    [
        ("create table t (a int,b int)", "create table t (\n  a int,\n  b int\n)"),
        ("CREATE  INDEX i ON t (a,  b)", "CREATE INDEX i ON t (a, b)"),
        ("INSERT INTO t  VALUES ('a  b',  2)", "INSERT INTO t VALUES ('a  b', 2)"),
        ("CREATE TABLE t (a int /*!80023 INVISIBLE */,  b int)", None),
        ("ALTER TABLE t  ADD a int -- why", None),
    ],
)
def test_single_blanks_and_lines_of_a_table_only(sql: str, shown: str | None) -> None:
    assert laid_out(sql) == (sql if shown is None else shown)


def test_a_difference_is_lines_that_are_gone_and_lines_that_are_new() -> None:
    before = ["CREATE TABLE t (", "  a int,", "  b int,", "  c int,", ")"]
    after = ["CREATE TABLE t (", "  a bigint,", "  b int,", "  c int,", "  @@ d int @@", ")"]

    assert changed_lines(before, after) == ["-  a int,", "+  a bigint,", "+  @@ d int @@"]
    assert changed_lines(before, before) == []


def test_a_long_difference_is_cut_and_says_how_much_is_left_out() -> None:
    lines = [f"line {number}" for number in range(43)]

    assert changed_lines([], lines[:40]) == [f"+{line}" for line in lines[:40]]
    assert changed_lines([], lines[:41])[-1].startswith("… and 1 ")
    assert changed_lines([], lines) == [*(f"+{line}" for line in lines[:40]), "… and 3 lines more"]
    assert changed_lines(lines[:4], [], most=2) == ["-line 0", "-line 1", "… and 2 lines more"]
