"""A SQL migration as a value and as a text."""

from __future__ import annotations

import pytest
from hypothesis import given

from nestflux.exceptions import SqlFileError
from nestflux.history.sqlfile import (
    Direction,
    PythonStep,
    Section,
    SessionStatement,
    SqlFile,
    Statement,
    delimited,
    parse,
    render,
)
from tests.sql.texts import sql_files

HEADER = """\
-- SQL migration 0002_amazing_spiderman
-- Id: 7f3c0d9e
-- Recorded on: MariaDB 10.11.19
-- Migrations:
--   blog.0002_title
"""
SECTION = "\n-- ---- Migration blog.0002_title\n"


@given(sql_files)
def test_a_rendered_file_parses_to_itself(file: SqlFile) -> None:
    assert parse(render(file)) == file


@given(sql_files)
def test_a_file_saved_by_windows_keeps_its_steps(file: SqlFile) -> None:
    found = parse(render(file).replace("\n", "\r\n"))

    assert [section.migration for section in found.sections] == [
        section.migration for section in file.sections
    ]
    assert [type(step) for _, _, step in found.steps()] == [
        type(step) for _, _, step in file.steps()
    ]


def test_the_deploy_order_stands_in_the_header() -> None:
    order = ("two steps. Measured on MariaDB 10.11.19.", "Step 1: add it", "Not measured: data")
    text = (
        f"{HEADER}-- Order: two steps. Measured on MariaDB 10.11.19.\n--   Step 1: add it\n"
        f"--   Not measured: data\n-- Notes:\n--   VOLATILE: one\n{SECTION}"
    )

    file = parse(text)

    assert file.order == order
    assert file.notes == ("VOLATILE: one",)
    assert parse(render(file)) == file


def test_the_text_of_a_file() -> None:
    file = SqlFile(
        name="0002_amazing_spiderman",
        direction=Direction.UP,
        id="7f3c0d9e",
        recorded_on="MariaDB 10.11.19",
        session=("SET NAMES utf8mb4",),
        notes=("VOLATILE: blog.0002_title: post.token", "INEXACT: - trigger t: BEGIN\n  END"),
        sections=(
            Section(
                "blog.0002_title",
                replaces=("blog.0002_a", "blog.0003_b"),
                operations=("Add field title to post",),
                items=(
                    Statement("ALTER TABLE blog_post ADD title int", "instant"),
                    PythonStep("blog.0002_title/1", "RunPython(fill), atomic"),
                    SessionStatement("SET unique_checks = 0", ("-- faster",)),
                    Statement(
                        "CREATE TRIGGER t BEFORE INSERT ON p FOR EACH ROW BEGIN SET x=1; END"
                    ),
                ),
            ),
        ),
    )

    assert render(file) == (
        """\
-- SQL migration 0002_amazing_spiderman
-- Id: 7f3c0d9e
-- Recorded on: MariaDB 10.11.19
-- Migrations:
--   blog.0002_title
-- Notes:
--   VOLATILE: blog.0002_title: post.token
--   INEXACT: - trigger t: BEGIN END

SET NAMES utf8mb4;

-- ---- Migration blog.0002_title replaces blog.0002_a, blog.0003_b
--      Add field title to post

-- [1] instant
ALTER TABLE blog_post ADD title int;

-- [2] python step blog.0002_title/1: RunPython(fill), atomic

-- faster
SET unique_checks = 0;

-- [3]
DELIMITER $$
CREATE TRIGGER t BEFORE INSERT ON p FOR EACH ROW BEGIN SET x=1; END
$$
DELIMITER ;
"""
    )
    assert [ordinal for ordinal, _, _ in file.steps()] == [1, 2, 3]
    assert file.sections[0].recorded_migrations == ("blog.0002_a", "blog.0003_b", "blog.0002_title")


def test_a_literal_with_exotic_line_breaks_is_not_touched() -> None:
    sql = "INSERT INTO t VALUES ('a\u2028b\x0cc\x85d\re\nf')"

    file = parse(f"{HEADER}{SECTION}-- [1]\n{sql};\n")

    assert file.sections[0].items == (Statement(sql),)


def test_a_statement_that_ends_in_a_line_comment_keeps_its_delimiter_outside() -> None:
    assert delimited("SELECT 1 -- one") == "SELECT 1 -- one\n;"
    assert delimited("SELECT 1 /* one */") == "SELECT 1 /* one */;"


def test_a_semicolon_in_an_executable_comment_gets_another_delimiter() -> None:
    assert delimited("SELECT /*! 1; */ 2").startswith("DELIMITER $$\n")


def test_a_reviewers_comments_stay_where_they_are() -> None:
    text = (
        f"{HEADER}{SECTION}--      Add field title\n\n-- agreed with ops\n-- [1] instant\n"
        "ALTER TABLE a ADD x int;\n\n-- the end\n"
    )

    assert render(parse(text)) == text


def test_a_file_says_why_it_cannot_be_undone() -> None:
    file = parse(HEADER + "-- Notes:\n--   IRREVERSIBLE: blog.0002_title: RunSQL has no reverse\n")

    assert file.irreversible == "blog.0002_title: RunSQL has no reverse"
    assert parse(HEADER).irreversible == ""


def test_verdict_lines_are_renewed_by_ordinal() -> None:
    text = f"{HEADER}{SECTION}SET unique_checks = 0;\n-- [1] instant\nA;\n-- [2] instant\nB;\n"

    renewed = parse(text).with_notes({2: "copies the table"})

    assert [step.note for _, _, step in renewed.steps()] == ["instant", "copies the table"]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "Line 1: the file does not begin with"),
        ("CREATE TABLE t (id int);\n", "Line 1: the file does not begin with"),
        ("-- SQL migration 0001_a\n-- Recorded on: x\n", "no '-- Id:' line"),
        ("-- SQL migration 0001_a\n-- Id: x\n", "no '-- Recorded on:' line"),
        (HEADER + "\nCREATE TABLE t (id int);\n", "Line 7: a step before the first"),
        (HEADER + "\n-- [1] python step a.b/0: x\n", "Line 7: a step before the first"),
        (HEADER + SECTION + "-- [1] instant\n", "Before the end of the file: a '-- [n]' line"),
        (HEADER + SECTION + "-- [1] a\n-- [2] b\nA;\n", "Before line 9: a '-- [n]' line"),
        (HEADER + SECTION + "-- [1] a\n" + SECTION, "Before line 10: a '-- [n]' line"),
        (HEADER + SECTION + "UPDATE t SET a = 'x;\n", "Line 8: a quote that is never closed"),
        (HEADER + SECTION + "UPDATE t SET a = 1\n", "Line 8: the last statement has no ';'"),
        (HEADER + SECTION + "BEGIN;\n", "Line 8: BEGIN, COMMIT, ROLLBACK"),
        (HEADER + SECTION + "A;\nCOMMIT;\n", "Line 9: BEGIN, COMMIT, ROLLBACK"),
        (HEADER + SECTION + "START TRANSACTION;\n", "Line 8: BEGIN, COMMIT, ROLLBACK"),
        (HEADER + SECTION + "SET @a = 1;\n", "Line 8: the statement uses the user variable @a"),
        (HEADER + SECTION + "UPDATE t SET a = @b;\n", "the user variable @b"),
        (HEADER + SECTION + "SELECT 1 INTO @`c d`;\n", "the user variable @"),
        (
            HEADER + SECTION + "CREATE TEMPORARY TABLE x (a int);\n",
            "Line 8: the statement uses a te",
        ),
        (HEADER + SECTION + "CREATE OR REPLACE TEMPORARY TABLE x (a int);\n", "a temporary table"),
        (HEADER + SECTION + "PREPARE s FROM 'SELECT 1';\n", "a prepared statement"),
        (HEADER + SECTION + "LOCK TABLES t WRITE;\n", "Line 8: LOCK TABLES"),
        (HEADER + SECTION + "USE other;\n", "Line 8: USE leaves the database"),
        (HEADER + SECTION + "SET autocommit = 0;\n", "Line 8: autocommit is the engine's"),
        (HEADER + SECTION + "SET @@session.autocommit = 0;\n", "Line 8: autocommit"),
        (HEADER + "\n/*!40101 SET @OLD_MODE=@@sql_mode */;\n", "the user variable @OLD_MODE"),
    ],
)
def test_what_a_file_may_not_hold_is_named_with_its_line(text: str, said: str) -> None:
    with pytest.raises(SqlFileError) as caught:
        parse(text)

    assert said in str(caught.value)


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT @@sql_mode",
        "GRANT SELECT ON t TO 'app'@'%'",
        "GRANT SELECT ON t TO `app`@`%`",
        "GRANT SELECT ON t TO app@localhost",
        "UPDATE t SET mail = 'a@b'",
        "CREATE TRIGGER g BEFORE INSERT ON t FOR EACH ROW SET @last = NEW.id",
        "CREATE TABLE temporary_things (id int)",
    ],
)
def test_what_only_looks_like_a_user_variable_is_no_reason_to_refuse(sql: str) -> None:
    assert parse(f"{HEADER}{SECTION}{sql};\n").sections[0].steps == (Statement(sql),)
