"""The collation of a table and of its columns, by what SHOW CREATE TABLE states.

``information_schema.COLUMNS`` says it too, and takes longer than all the rest of the introspection.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

from nestflux.sql.brackets import with_depth
from nestflux.sql.lexer import Token, trimmed

if TYPE_CHECKING:
    from django.db.backends.base.base import BaseDatabaseWrapper

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


def collation_apart(part: Sequence[Token], primary: Mapping[str, str]) -> tuple[list[Token], str]:
    """A definition or a table's options less ``CHARACTER SET x``, ``COLLATE y``, ``[DEFAULT]
    CHARSET=x`` and ``COLLATE=y``, and the collation that these state; empty where none does.

    Args:
        part: what stands in brackets belongs to an expression, and stays.
        primary: each character set's own collation.
    """
    kept: list[Token] = []
    charset = collation = ""
    words = trimmed(part)
    depths = [depth for _, depth in with_depth(words)]
    index = 0
    while index < len(words):
        token = words[index]
        upper = token.text.upper() if token.kind == "word" and depths[index] == 0 else ""
        if upper not in ("COLLATE", "CHARSET", "CHARACTER"):
            kept.append(token)
            index += 1
            continue
        before = after_value(words, index + 1) if upper == "CHARACTER" else index + 1  # SET
        index = after_value(words, before)
        if upper == "COLLATE":
            collation = words[index - 1].text
        else:
            charset = words[index - 1].text
        while kept and kept[-1].kind == "space":
            kept.pop()
        if kept and kept[-1].text.upper() == "DEFAULT" and upper == "CHARSET":
            kept.pop()
    return kept, collation or (primary[charset] if charset else "")


def after_value(words: Sequence[Token], index: int) -> int:
    """Behind the word that stands at ``index`` or behind the blanks and the ``=`` there."""
    while words[index].kind == "space" or words[index].text == "=":
        index += 1
    return index + 1
