"""Text to tokens and statements, as the ``mysql`` client reads a script."""

from __future__ import annotations

import re
from unittest.mock import patch

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nestflux.exceptions import SqlFileError
from nestflux.history.sqlfile import delimited
from nestflux.sql import lexer
from nestflux.sql.lexer import (
    fragments,
    identifiers,
    opening,
    quoted,
    same_text,
    significant,
    text_of,
    tokens,
    trimmed,
    unquoted,
)
from tests.sql.texts import AWKWARD, statements


def split(script: str) -> list[str]:
    return [found.text for found in fragments(script) if found.kind == "statement"]


@given(st.text(st.one_of(st.sampled_from(AWKWARD), st.characters(codec="utf-8")), max_size=60))
def test_tokens_joined_are_the_text(text: str) -> None:
    assert "".join(token.text for token in tokens(text)) == text


@given(st.text(st.one_of(st.sampled_from((*AWKWARD, ";")), st.characters(codec="utf-8"))))
def test_a_plain_statement_ends_where_its_tokens_say(text: str) -> None:
    def split_or_told(script: str) -> list[str] | str:
        try:
            return split(script)
        except SqlFileError as error:
            return str(error)

    script = text + "\n;"
    quickly = split_or_told(script)
    with patch.object(lexer, "_PLAIN_STATEMENT", re.compile(r"(?!)")):
        token_by_token = split_or_told(script)

    assert quickly == token_by_token


@given(st.lists(statements(), max_size=5), st.sampled_from(["\n", "\n\n", "\n-- a note;\n"]))
def test_a_script_of_delimited_statements_gives_them_back(written: list[str], gap: str) -> None:
    script = gap.join(delimited(sql) for sql in written)

    assert split(script) == written


@pytest.mark.parametrize(
    ("script", "expected"),
    [
        ("SELECT 'a;b';", ["SELECT 'a;b'"]),
        ("SELECT 'it''s; fine';SELECT 2;", ["SELECT 'it''s; fine'", "SELECT 2"]),
        (r"SELECT 'a\';b';", [r"SELECT 'a\';b'"]),
        (r"SELECT 'a\\'; SELECT 2;", [r"SELECT 'a\\'", "SELECT 2"]),
        ('SELECT "a;\'b";', ['SELECT "a;\'b"']),
        ("SELECT `a;``b`;", ["SELECT `a;``b`"]),
        ("SELECT 5--1; SELECT 2;", ["SELECT 5--1", "SELECT 2"]),
        ("SELECT 5 -- 1; no\n;", ["SELECT 5 -- 1; no"]),
        ("SELECT 1 # ; no\n+ 1;", ["SELECT 1 # ; no\n+ 1"]),
        ("SELECT 1 /* ; */ + 1;", ["SELECT 1 /* ; */ + 1"]),
        ("/*!40101 SET NAMES utf8mb4 */;", ["/*!40101 SET NAMES utf8mb4 */"]),
        ("SELECT x'3b', _binary';', N'é;';", ["SELECT x'3b', _binary';', N'é;'"]),
        ("DELIMITER $$\nBEGIN; END$$\nDELIMITER ;\nSELECT 1;", ["BEGIN; END", "SELECT 1"]),
        ("delimiter //\nSELECT ';' ; //\ndelimiter ;\n", ["SELECT ';' ;"]),
        ("SELECT 1;\r\nSELECT 2;\r\n", ["SELECT 1", "SELECT 2"]),
        ("DELIMITER $$\r\nA;\r\nB$$\r\nDELIMITER ;\r\nC;\r\n", ["A;\r\nB", "C"]),
        ("A;\n \tDELIMITER //\nB;C//", ["A", "B;C"]),
        (";;\n;", []),
        (" \n ", []),
        ("", []),
    ],
)
def test_statements_of_a_script(script: str, expected: list[str]) -> None:
    assert split(script) == expected


@pytest.mark.parametrize(
    ("script", "said"),
    [
        ("SELECT 1;\nSELECT 'never closed;", "Line 2: a quote that is never closed"),
        ('SELECT "never closed;', "Line 1: a quote that is never closed"),
        ("SELECT `never closed;", "Line 1: a backquote that is never closed"),
        ("SELECT 1 /* never closed;", "Line 1: a comment that is never closed"),
        ("\n\n/* never closed", "Line 3: a comment that is never closed"),
        ("SELECT 1;\n\nSELECT 2", "Line 3: the last statement has no ';' at its end"),
        ("DELIMITER $$\nSELECT 1;\n", "Line 2: the last statement has no '$$'"),
        ("DELIMITER //\nSELECT 1 // DELIMITER ;\n", "Line 2: the last statement has no '//'"),
        (
            "SELECT 1\\G",
            "Line 1: a backslash outside quotes is a command to the mysql client.",
        ),
        (
            "A;\nSELECT /*!50100 1; 2; 3; 4 */;",
            "Line 2: the mysql client splits at the delimiter ';' inside '/*!50100 1; 2; 3; 4 '…; "
            "take it out of the comment.",
        ),
        ("SELECT /*!50100 1; 2 */;", "inside '/*!50100 1; 2 */'"),
    ],
)
def test_what_the_client_would_read_otherwise_is_refused(script: str, said: str) -> None:
    with pytest.raises(SqlFileError) as caught:
        split(script)

    assert said in str(caught.value)
    assert str(caught.value).endswith(".")


def test_fragments_know_their_line_and_keep_comments() -> None:
    found = list(fragments("-- one\n\nSELECT 1;  -- two\n/* three\n */ SELECT 2;\n"))

    assert [(one.kind, one.line) for one in found] == [
        ("comment", 1),
        ("statement", 3),
        ("comment", 3),
        ("comment", 4),
        ("statement", 5),
    ]


def test_same_text_ignores_white_space_and_comments_only() -> None:
    assert same_text("SELECT  1 -- x\n", "/* y */ SELECT\n1")
    assert not same_text("SELECT 'a  b'", "SELECT 'a b'")
    assert not same_text("SELECT 1", "select 1")
    assert not same_text("SELECT /*! 1 */", "SELECT")


def test_significant_tokens_are_what_the_server_acts_on() -> None:
    found = significant("SELECT /* no */ a -- no\n, `b``c`")

    assert [(token.kind, token.text) for token in found] == [
        ("word", "SELECT"),
        ("word", "a"),
        ("mark", ","),
        ("name", "`b``c`"),
    ]


def test_identifiers_see_into_backquotes_and_executable_comments() -> None:
    assert {"t", "a`b", "p0"} <= identifiers("ALTER TABLE t ADD `a``b` int /*! PARTITION p0 */")
    assert "hidden" not in identifiers("SELECT 'hidden' /* hidden */")


def test_the_opening_of_a_statement_is_its_first_significant_tokens() -> None:
    sql = "/* a note */ ALTER -- more\n TABLE t"

    assert [token.text for token in opening(sql, 2)] == ["ALTER", "TABLE"]
    assert opening(sql, 9) == significant(sql)
    assert opening(sql, 0) == []


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("a", "a"),
        (" \n a  b\t", "a  b"),
        (" /* a */ ", "/* a */"),
        ("' a '", "' a '"),
        ("  ", ""),
        ("", ""),
    ],
)
def test_the_text_of_tokens_has_no_blanks_around_it(text: str, shown: str) -> None:
    assert text_of(list(tokens(text))) == shown


def test_every_blank_around_tokens_is_left_out() -> None:
    first, blank, last = tokens("a b")

    assert trimmed([blank, blank, blank, first, blank, last, blank, blank, blank]) == [
        first,
        blank,
        last,
    ]


@given(st.text(st.sampled_from("ab` ."), min_size=1))
def test_a_quoted_name_is_one_token_and_gives_the_name_back(name: str) -> None:
    (token,) = tokens(quoted(name))

    assert token.kind == "name"
    assert unquoted(token.text) == name


def test_a_bare_name_is_itself() -> None:
    assert quoted("a`b") == "`a``b`"
    assert (unquoted("title"), unquoted("`a``b`"), unquoted("it`")) == ("title", "a`b", "it`")


def test_identifiers_end_where_an_executable_comment_ends() -> None:
    assert identifiers("/*!p0*/") == {"p0"}
