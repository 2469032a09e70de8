"""The name of a table that stands in a statement, whatever is written around it. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from nestflux.sql.lexer import Token, unquoted

# All of them are reserved: a table of such a name stands in backquotes.
_CONDITIONS = ("IF", "NOT", "EXISTS", "IGNORE")


def name_at(found: Sequence[Token], index: int) -> tuple[str, int]:
    """The possibly qualified name at ``index`` or behind IF [NOT] EXISTS there, without its schema,
    and what follows it; an empty name where there is none.

    Args:
        found: the tokens of a statement, less white space and comments.
    """
    index = past_conditions(found, index)
    while index + 2 < len(found) and found[index + 1].text == ".":
        index += 2
    if index >= len(found) or found[index].kind not in ("name", "word"):
        return "", index
    return unquoted(found[index].text), index + 1


def past_conditions(found: Sequence[Token], index: int) -> int:
    """What follows IF NOT EXISTS, or what else of it stands at ``index``."""
    while index < len(found) and found[index].text.upper() in _CONDITIONS:
        index += 1
    return index
