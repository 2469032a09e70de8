"""What a snapshot makes, read from its text: objects, and rows."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from functools import lru_cache

from nestflux.schema.objects import ObjectKey
from nestflux.sql.lexer import LINE_COMMENT, NAME, QUOTED, fragments, opening, unquoted

_OPENING = 40  # tokens in which a CREATE says what it makes; ALGORITHM and such stand before it
_KINDS = ("TABLE", "VIEW", "TRIGGER", "PROCEDURE", "FUNCTION", "EVENT")
# Programs before the tables they stand on; DROP TABLE takes a table's triggers along.
DROP_ORDER = ("event", "procedure", "function", "trigger", "view", "table")


# What tells the rows of an INSERT apart, and what is to be passed over for that: most of such a
# statement is neither, and may be megabytes long, for which tokens would take twice the time.
_OF_ROWS = re.compile(
    rf"""{QUOTED} | {NAME} | {LINE_COMMENT} | /\*[\s\S]*?\*/
      | (?P<values>(?<![\w$@])VALUES(?![\w$@])) | (?P<open>\() | (?P<close>\))""",
    re.VERBOSE | re.IGNORECASE,
)
_REFERENCED = re.compile(rf"{QUOTED} | \bREFERENCES\s+(?P<name>{NAME})", re.VERBOSE | re.IGNORECASE)


@lru_cache(maxsize=4)  # a recording loads the same one several times
def statements_of(snapshot: str) -> tuple[str, ...]:
    """The statements of ``schema.sql``."""
    return tuple(f.text for f in fragments(snapshot) if f.kind == "statement")


def objects_made_by(statements: Iterable[str]) -> tuple[ObjectKey, ...]:
    """What CREATE statements make."""
    found = []
    for sql in statements:
        shown = opening(sql, 3)
        if not shown or shown[0].text.upper() != "CREATE":
            continue
        if [token.kind for token in shown[1:]] != ["word", "name"]:  # not just CREATE TABLE `name`
            shown = opening(sql, _OPENING)
        words = [token.text.upper() if token.kind == "word" else "" for token in shown]
        at = next((i for i, word in enumerate(words) if word in _KINDS), None)
        if at is None:
            continue
        kind, at = words[at].lower(), at + 1
        while words[at] in ("IF", "NOT", "EXISTS"):
            at += 1
        found.append(ObjectKey(kind, unquoted(shown[at].text)))
    return tuple(found)


def referred_to_by(create: str) -> set[str]:
    """The tables that the foreign keys of a snapshot's CREATE TABLE refer to."""
    return {unquoted(m["name"]) for m in _REFERENCED.finditer(create) if m["name"]}


def rows_made_by(statements: Iterable[str]) -> Counter[str]:
    """How many rows the INSERTs of a snapshot make, by table."""
    found: Counter[str] = Counter()
    for sql in statements:
        *words, table = [token.text for token in opening(sql, 3)] or [""]
        if [word.upper() for word in words] == ["INSERT", "INTO"]:
            found[unquoted(table)] += _rows_in(sql)
    return found


def _rows_in(insert: str) -> int:
    """The parentheses behind VALUES that stand in no other."""
    rows = depth = 0
    begun = False
    for match in _OF_ROWS.finditer(insert):
        match match.lastgroup:
            case "values":
                begun = True
            case "open" if begun:
                rows += depth == 0
                depth += 1
            case "close" if begun:
                depth -= 1
    return rows
