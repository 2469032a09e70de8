"""What two lists of statements do, compared without a server: which rows they would leave.

A migration that is recorded again gives other statements where it was edited, but also where a set
gives them in another order, or where another Django spells them otherwise. The schema after both
is read from a server. What it cannot show are rows, of which a shadow has few: a default that fills
a new column and is dropped again, two columns that exchange their names, an UPDATE. Those are
decided here, by the text.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from enum import StrEnum

from nestflux.sql.brackets import split
from nestflux.sql.lexer import Token, identifiers, significant, unquoted
from nestflux.sql.statement_parts import table_of
from nestflux.sql.statements import Kind, kind_of

PYTHON_STEP = "python step "
# What an ALTER TABLE may add and drop without a column or a row becoming another.
_KEYS = frozenset(
    {"INDEX", "KEY", "UNIQUE", "PRIMARY", "CONSTRAINT", "FOREIGN", "CHECK", "FULLTEXT", "SPATIAL"}
)

# The table; the words, names and values in any order; the names in theirs.
Action = tuple[str, tuple[str, ...], tuple[str, ...]]


class Effect(StrEnum):
    """What a migration gives now, against its part of the file."""

    TEXT = "the same text"
    ORDER = "the same statements in another order"
    SAME = "other text of the same effect"
    OTHER = "another effect"


def effect_by_text(in_file: Sequence[str], now: Sequence[str]) -> Effect:
    """The effect on rows, as far as statements tell; whether both leave the same schema is asked
    of a server where this is ``ORDER`` or ``SAME``.

    Args:
        in_file, now: statements in their order, Python steps as ``python step LOCATOR``.
    """
    if list(in_file) == list(now):
        return Effect.TEXT
    new = _new_tables(in_file) & _new_tables(now)
    if Counter(in_file) == Counter(now):
        same = _around_data(in_file) == _around_data(now)
        return Effect.ORDER if same else Effect.OTHER
    if any(map(_moves_rows, (*in_file, *now))):
        new = frozenset()  # rows may be in them by the time
    same = _around_data(in_file) == _around_data(now)
    same = same and _actions(in_file, new) == _actions(now, new)
    return Effect.SAME if same else Effect.OTHER


def _around_data(statements: Sequence[str]) -> list[tuple[str, Counter[Action]]]:
    """Each statement that moves rows, in their order, and what was done to its tables before it;
    a Python step may look at any."""
    found = []
    for index, sql in enumerate(statements):
        if _moves_rows(sql):
            before = statements[:index]
            if not sql.startswith(PYTHON_STEP):
                names = {name.lower() for name in identifiers(sql)}
                before = [each for each in before if names & _tables(each)]
            found.append((sql, _actions(before)))
    return found


def _moves_rows(sql: str) -> bool:
    if sql.startswith(PYTHON_STEP) or kind_of(sql) is not Kind.DDL:
        return True
    words = _words(significant(sql))
    return "SELECT" in words or words[:1] == ["TRUNCATE"] or "EXCHANGE" in words


def _new_tables(statements: Sequence[str]) -> frozenset[str]:
    return frozenset(
        table_of(sql)
        for sql in statements
        if _words(significant(sql))[:2] == ["CREATE", "TABLE"] and not _moves_rows(sql)
    )


def _actions(statements: Sequence[str], new: frozenset[str] = frozenset()) -> Counter[Action]:
    """All that statements do but to ``new`` tables, and but for keys: those are in the schema."""
    found: Counter[Action] = Counter()
    for sql in statements:
        if not _moves_rows(sql):
            found.update(action for action in _actions_of(sql) if action[0] not in new)
    return found


def _actions_of(sql: str) -> Iterator[Action]:
    tokens = significant(sql)
    words = _words(tokens)
    if words[:2] == ["ALTER", "TABLE"] and tokens[2].kind == "name":
        table = unquoted(tokens[2].text)
        for part in split(tokens[3:]):
            said = _words(part)
            renames = "RENAME" in said
            if not (said[:1] in (["ADD"], ["DROP"]) and said[1:2] and said[1] in _KEYS):
                yield _action("" if renames else table, [*tokens[2:3], *part])
    elif words[:2] == ["CREATE", "TABLE"]:
        yield _action(table_of(sql), tokens)
    elif not (words[:1] in (["CREATE"], ["DROP"]) and "INDEX" in words[:3]):
        yield _action("", tokens)


def _action(table: str, tokens: Sequence[Token]) -> Action:
    texts = sorted(token.text.upper() if token.kind == "word" else token.text for token in tokens)
    return table, tuple(texts), tuple(token.text for token in tokens if token.kind == "name")


def _words(tokens: Sequence[Token]) -> list[str]:
    return [token.text.upper() if token.kind == "word" else "" for token in tokens]


def _tables(sql: str) -> set[str]:
    """The tables that a statement changes; every name in it, where that is not sure."""
    words = _words(significant(sql))
    one = table_of(sql).lower()
    if one and words[:2] in (["CREATE", "TABLE"], ["ALTER", "TABLE"]) and "RENAME" not in words:
        return {one}
    return {name.lower() for name in identifiers(sql)}
