"""What a snapshot makes, told from its text: objects, and rows."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from functools import lru_cache

from nestflux.history.lexer import fragments, identifiers, opening, significant, unquoted
from nestflux.history.ordering import parents_first

_OPENING = 40  # tokens in which a CREATE says what it makes; ALGORITHM and such stand before it
_KINDS = ("TABLE", "VIEW", "TRIGGER", "PROCEDURE", "FUNCTION", "EVENT")
# Programs before the tables they stand on; DROP TABLE takes a table's triggers along.
DROP_ORDER = ("event", "procedure", "function", "trigger", "view", "table")


@lru_cache(maxsize=4)  # a recording loads the same one several times
def statements_of(snapshot: str) -> tuple[str, ...]:
    """The statements of ``schema.sql``."""
    return tuple(f.text for f in fragments(snapshot) if f.kind == "statement")


def objects_made_by(statements: Iterable[str]) -> tuple[str, ...]:
    """What CREATE statements make: ``table blog_post``, ``view shown``."""
    found = []
    for sql in statements:
        first = opening(sql, 1)
        if not first or first[0].text.upper() != "CREATE":
            continue
        shown = opening(sql, _OPENING)
        words = [token.text.upper() if token.kind == "word" else "" for token in shown]
        at = next((i for i, word in enumerate(words) if word in _KINDS), None)
        if at is None:
            continue
        kind, at = words[at].lower(), at + 1
        while words[at] in ("IF", "NOT", "EXISTS"):
            at += 1
        found.append(f"{kind} {unquoted(shown[at].text)}")
    return tuple(found)


def views_in_order(create: Mapping[str, str]) -> list[str]:
    """The views among CREATE statements by object, each after those that it names."""
    names = {
        key.removeprefix("view "): identifiers(sql)
        for key, sql in create.items()
        if key.startswith("view ")
    }
    return [f"view {name}" for name in parents_first(names).order]


def rows_made_by(statements: Iterable[str]) -> Counter[str]:
    """How many rows the INSERTs of a snapshot make, by table."""
    found: Counter[str] = Counter()
    for sql in statements:
        if [token.text.upper() for token in opening(sql, 2)] != ["INSERT", "INTO"]:
            continue
        shown = significant(sql)
        texts = [token.text.upper() if token.kind == "word" else "" for token in shown]
        depth = rows = 0
        for token in shown[texts.index("VALUES") :]:
            if token.kind == "mark":
                rows += token.text == "(" and depth == 0
                depth += {"(": 1, ")": -1}.get(token.text, 0)
        found[unquoted(shown[2].text)] += rows
    return found
