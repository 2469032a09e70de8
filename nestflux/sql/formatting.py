"""The lines of a statement, as a person likes to read it. White space only: the server gets this
very text, while recording as while applying."""

from __future__ import annotations

import difflib
from collections.abc import Sequence

from nestflux.sql.brackets import with_depth
from nestflux.sql.lexer import tokens


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
    after_break = False
    for token, depth in with_depth(tokens(sql)):
        if after_break and token.kind == "space":
            continue
        if (token.text, depth) == (")", 0):
            shown.append("\n")
        shown.append(token.text)
        after_break = (token.text, depth) in (("(", 0), (",", 1))
        if after_break:
            shown.append("\n  ")
    return "".join(shown)


def changed_lines(before: Sequence[str], after: Sequence[str], *, most: int = 40) -> list[str]:
    """The difference of two texts for a person, a line each: ``-`` gone, ``+`` new."""
    found = list(difflib.unified_diff(before, after, lineterm="", n=0))[2:]
    lines = [line for line in found if not line.startswith("@@")]
    more = len(lines) - most
    return [*lines[:most], f"… and {more} lines more"] if more > 0 else lines
