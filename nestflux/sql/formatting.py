"""The lines of a statement, as a person likes to read it. White space only: the server gets this
very text, while recording as while applying."""

from __future__ import annotations

import difflib
from collections.abc import Sequence

from nestflux.sql.lexer import Token, tokens


def laid_out(sql: str) -> str:
    """Django's one-line statement with single blanks; a CREATE TABLE with a column a line.

    A text that already has lines, or comments whose place may matter, is left as its author
    wrote it.
    """
    found = list(tokens(sql))
    if "\n" in sql or any(token.kind in ("comment", "executable") for token in found):
        return sql
    text = "".join(" " if token.kind == "space" else token.text for token in found)
    words = [token.text.upper() for token in found if token.kind == "word"]
    return _a_column_a_line(text) if words[:2] == ["CREATE", "TABLE"] else text


def _a_column_a_line(sql: str) -> str:
    """Break after the first parenthesis and at its commas."""
    shown: list[str] = []
    depth = 0
    after_break = False
    for token in tokens(sql):
        if after_break and token.kind == "space":
            continue
        after_break = False
        before = depth
        depth += _deeper(token)
        if token.text == ")" and before == 1:
            shown.append("\n")
        shown.append(token.text)
        if (token.text == "(" and depth == 1) or (token.text == "," and depth == 1):
            shown.append("\n  ")
            after_break = True
    return "".join(shown)


def _deeper(token: Token) -> int:
    return {"(": 1, ")": -1}.get(token.text, 0) if token.kind == "mark" else 0


def changed_lines(before: Sequence[str], after: Sequence[str], *, most: int = 40) -> list[str]:
    """The difference of two texts for a person, a line each: ``-`` gone, ``+`` new."""
    found = list(difflib.unified_diff(before, after, lineterm="", n=0))[2:]
    lines = [line for line in found if not line.startswith("@@")]
    more = len(lines) - most
    return [*lines[:most], f"… and {more} lines more"] if more > 0 else lines
