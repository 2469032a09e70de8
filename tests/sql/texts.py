"""Random statements, and random SQL migrations made of them, for property tests."""

from __future__ import annotations

from string import ascii_letters, digits

from hypothesis import strategies as st

from nestflux.history.sqlfile import (
    Direction,
    Item,
    PythonStep,
    Section,
    SessionStatement,
    SqlFile,
    Statement,
)

# Characters that have bitten a splitter: quotes, escapes, comment marks, exotic line breaks.
AWKWARD = "ab ;'\"`\\-#*/!%$@_()\n\t\r\0\x0b\x0c\x1c\x85\u2028é🎈"
awkward_text = st.text(st.sampled_from(AWKWARD), max_size=12)

_name = st.sampled_from(["a", "b7", "shop", "shop_2", "long_name"])
_string = awkward_text.map(
    lambda text: "'" + text.replace("\\", "\\\\").replace("'", "''").replace("\0", "\\0") + "'"
)
_quoted = awkward_text.map(lambda text: '"' + text.replace("\\", "\\\\").replace('"', '""') + '"')
_backquoted = awkward_text.map(lambda text: "`" + text.replace("`", "``") + "`")
_comment = st.sampled_from(["-- a ; 'note\n", "# it's ; \"here\n", "/* ; ' */", "/* -- ; */"])
_word = st.sampled_from(["x", "1", "=", "-", "--1", "(", ")", ",", "NULL", "@@sql_mode", "5.0"])
_piece = st.one_of(_string, _quoted, _backquoted, _comment, _word)


@st.composite
def statements(draw: st.DrawFn) -> str:
    """A data or DDL statement, not valid SQL but lexically like it; sometimes compound."""
    pieces = draw(st.lists(_piece, max_size=6))
    if draw(st.booleans()):
        return " ".join(["CREATE PROCEDURE p()", "BEGIN", *pieces, "SELECT 1;", "END"])
    head = draw(st.sampled_from(["INSERT INTO t VALUES", "UPDATE t SET", "ALTER TABLE t", "CALL"]))
    return " ".join([head, *pieces]).rstrip()


_words = st.text(st.sampled_from(ascii_letters + digits + "éß'\";:,./()-"), min_size=1, max_size=9)
_line = st.lists(_words, min_size=1, max_size=4).map(" ".join)
_note = st.one_of(st.just(""), _line.filter(lambda text: not text.startswith("python step")))
_comments = st.lists(_line.map(lambda text: f"-- remark {text}"), max_size=2).map(tuple)
_migration = st.builds("{}.{}".format, _name, _name)
_locator = st.builds("{}/{}".format, _migration, st.sampled_from(["0", "3", "1.0"]))
_item: st.SearchStrategy[Item] = st.one_of(
    st.builds(Statement, statements(), _note, _comments),
    st.builds(PythonStep, _locator, _line, _comments),
    st.builds(
        SessionStatement, st.sampled_from(["SET unique_checks = 0", "SET NAMES utf8mb4"]), _comments
    ),
)
_section = st.builds(
    Section,
    _migration,
    st.lists(_migration, max_size=2).map(tuple),
    st.lists(_line, max_size=2).map(tuple),
    st.lists(_item, max_size=4).map(tuple),
    st.just(()),
)
sql_files = st.builds(
    SqlFile,
    _name,
    st.sampled_from(Direction),
    st.uuids().map(lambda identity: identity.hex),
    st.just("MariaDB 10.11.19"),
    st.lists(st.sampled_from(["SET NAMES utf8mb4", "SET time_zone = '+00:00'"])).map(tuple),
    st.lists(_section, max_size=3).map(tuple),
    st.lists(_line, max_size=2).map(tuple),
)
