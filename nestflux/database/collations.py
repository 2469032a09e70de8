"""The collation of a table and of its columns, by what SHOW CREATE TABLE states.

``information_schema.COLUMNS`` says it too, and takes longer than all the rest of a reading.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

from nestflux.history.lexer import Token

if TYPE_CHECKING:
    from django.db.backends.base.base import BaseDatabaseWrapper

# Types with a collation. JSON is none on MySQL, and a longtext with one on MariaDB.
_TEXTUAL = {"char", "varchar", "tinytext", "text", "mediumtext", "longtext", "enum", "set"}
_primary: WeakKeyDictionary[BaseDatabaseWrapper, tuple[tuple[str, str], ...]] = WeakKeyDictionary()


def primary_collations(connection: BaseDatabaseWrapper) -> tuple[tuple[str, str], ...]:
    """Each character set's own collation, which MySQL leaves out where it states the set
    (``store_create_info`` in sql_show.cc); asked once a connection, for they are built in."""
    if connection not in _primary:
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT CHARACTER_SET_NAME, DEFAULT_COLLATE_NAME "
                "FROM information_schema.CHARACTER_SETS"
            )
            _primary[connection] = tuple(sorted(cursor.fetchall()))
    return _primary[connection]


def stated_collation(part: Sequence[Token], primary: Mapping[str, str]) -> str:
    """The collation that a definition or a table's options state; empty where they state none.

    Args:
        part: tokens. What stands in parentheses belongs to an expression.
        primary: each character set's own collation.
    """
    words = _outside_parentheses(part)
    charset = ""
    for before, word, value in zip(["", *words], words, words[1:], strict=False):
        if word.upper() == "COLLATE":
            return value
        is_set = word.upper() == "SET" and before.upper() == "CHARACTER"
        if is_set or word.upper() == "CHARSET":
            charset = value
    return primary[charset] if charset else ""


def is_textual(part: Sequence[Token]) -> bool:
    """Has a column of this definition a collation?"""
    return next((t.text.lower() in _TEXTUAL for t in part if t.kind == "word"), False)


def _outside_parentheses(part: Sequence[Token]) -> list[str]:
    found, depth = [], 0
    for token in part:
        if token.kind == "mark":
            depth += {"(": 1, ")": -1}.get(token.text, 0)
        elif token.kind == "word" and depth == 0:
            found.append(token.text)
    return found
