"""What a DDL statement says about a table: its columns and foreign keys, read from its tokens.

Only for explaining a failure: what is not understood is left out, and nothing is ever run by it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise, takewhile

from nestflux.sql.brackets import inside, mate, split, with_depth
from nestflux.sql.definitions import ColumnParts, column_parts
from nestflux.sql.lexer import Token, opening, significant, unquoted
from nestflux.sql.names import name_at, past_conditions

_NOT_A_COLUMN = frozenset(
    "PRIMARY UNIQUE KEY INDEX FULLTEXT SPATIAL CONSTRAINT FOREIGN CHECK PERIOD PARTITION "
    "SYSTEM".split()
)
# Looked for before a statement is taken apart: an INSERT may be megabytes long.
_LIMIT = re.compile(r"\bLIMIT\b", re.IGNORECASE)
# What may stand between a verb and its table.
_MODIFIERS = frozenset({"TABLE", "FROM", "LOW_PRIORITY", "QUICK", "IGNORE"})


@dataclass(frozen=True)
class ForeignKey:
    """A foreign key that a statement makes."""

    table: str
    columns: tuple[str, ...]
    parent: str
    parent_columns: tuple[str, ...]
    name: str = ""
    sets_null: bool = False


def table_of(sql: str) -> str:
    """The table that a statement is about, without its schema; empty where none is seen."""
    found = significant(sql)
    after = _behind_the_table(found)
    return unquoted(found[after - 1].text) if after else ""


def schema_of(sql: str) -> str:
    """The schema that a statement states of that table; empty where it states none."""
    found = significant(sql)
    after = _behind_the_table(found)
    is_stated = after >= 3 and found[after - 2].text == "."
    return unquoted(found[after - 3].text) if is_stated else ""


def _behind_the_table(found: list[Token]) -> int:
    """What follows the name of the table that a statement is about; 0 where none is seen."""
    words = [token.text.upper() for token in found]
    for before in ("TABLE", "ON", "INTO", "UPDATE", "FROM"):
        if before not in words:
            continue
        name, after = name_at(found, words.index(before) + 1)
        if name:
            return after
    return 0


def foreign_keys(sql: str) -> list[ForeignKey]:
    """The foreign keys that a statement makes, in its order."""
    found = significant(sql)
    words = [token.text.upper() for token in found]
    table = table_of(sql)
    made = []
    for index in range(len(found) - 1):
        if words[index : index + 2] != ["FOREIGN", "KEY"]:
            continue
        columns, after = _names(found, index + 2)
        if not columns or words[after : after + 1] != ["REFERENCES"]:
            continue
        parent, after = name_at(found, after + 1)
        parent_columns, after = _names(found, after)
        named = index >= 2 and words[index - 2] == "CONSTRAINT"
        rules = takewhile(lambda word: word not in (",", ")"), words[after:])
        sets_null = ("SET", "NULL") in pairwise(rules)
        name = unquoted(found[index - 1].text) if named else ""
        made.append(ForeignKey(table, columns, parent, parent_columns, name, sets_null))
    return made


def columns(sql: str) -> dict[str, ColumnParts]:
    """The columns that a CREATE TABLE or ALTER TABLE defines, by name."""
    return {
        unquoted(name.text): column_parts(sql[definition[0].start : definition[-1].end])
        for name, *definition in _defined(significant(sql))
        if definition and not (name.kind == "word" and name.text.upper() in _NOT_A_COLUMN)
    }


def columns_added_by(sql: str) -> tuple[str, ...]:
    """The columns that the ADD clauses of an ALTER TABLE make."""
    if not _begins(sql, "ALTER"):
        return ()
    found = significant(sql)
    words = [token.text.upper() for token in found]
    if "TABLE" not in words:
        return ()
    _, start = name_at(found, words.index("TABLE") + 1)
    return tuple(
        unquoted(name.text)
        for clause in split(found[start:])
        if clause and clause[0].text.upper() == "ADD"
        for name, *_ in _added(clause)
        if not (name.kind == "word" and name.text.upper() in _NOT_A_COLUMN)
    )


def check_of(sql: str, name: str) -> str:
    """What a check of this name holds, where a statement makes one; empty otherwise."""
    return next((text for each, text in checks_named_by(sql) if each == name), "")


def checks_named_by(sql: str) -> Iterator[tuple[str, str]]:
    """The checks to which a statement gives names, and what each holds."""
    found = significant(sql)
    words = [token.text.upper() for token in found]
    for index in range(len(found) - 3):
        if words[index] == "CONSTRAINT" and words[index + 2 : index + 4] == ["CHECK", "("]:
            held = sql[found[index + 3].end : found[mate(found, index + 3) - 1].end].strip()
            yield unquoted(found[index + 1].text), held


def partitions_emptied_by(sql: str) -> Iterator[tuple[str, tuple[str, ...]]]:
    """DROP or TRUNCATE, and the partitions to which an ALTER TABLE does it; ``ALL`` may be one."""
    found = significant(sql) if _begins(sql, "ALTER") else []
    words = [token.text.upper() if token.kind == "word" else "" for token in found]
    for index in range(len(words) - 2):
        if words[index] in ("DROP", "TRUNCATE") and words[index + 1] == "PARTITION":
            start = past_conditions(found, index + 2)
            names = takewhile(bool, map(_first_name, split(found[start:])))
            yield words[index], tuple(names)


def table_changed_whole(sql: str) -> tuple[str, str]:
    """``TRUNCATE``, ``DELETE`` or ``UPDATE`` and the one table whose every row a statement changes:
    it has neither WHERE nor LIMIT. Empty strings of any other statement."""
    if not _begins(sql, "TRUNCATE", "DELETE", "UPDATE"):
        return "", ""
    found = significant(sql)
    outer = [token.text.upper() for token, depth in with_depth(found) if depth == 0]
    verb = outer[0]
    start = 1
    while outer[start : start + 1] and outer[start] in _MODIFIERS:
        start += 1
    name, after = name_at(found, start)
    ends = after == len(found) or (verb == "UPDATE" and outer[after : after + 1] == ["SET"])
    is_whole = ends and not {"WHERE", "LIMIT"} & set(outer)
    return (verb, name) if is_whole and name else ("", "")


def limits_without_order(sql: str) -> bool:
    """Does a statement that writes say LIMIT, and not which rows come first?"""
    if not (_LIMIT.search(sql) and _begins(sql, "UPDATE", "DELETE", "INSERT", "REPLACE")):
        return False
    words = {token.text.upper() for token in significant(sql) if token.kind == "word"}
    return "LIMIT" in words and "ORDER" not in words


def _begins(sql: str, *verbs: str) -> bool:
    """Is a statement's first word one of these?"""
    return any(token.text.upper() in verbs for token in opening(sql, 1))


def _first_name(part: list[Token]) -> str:
    return name_at(part, 0)[0]


def key_columns(sql: str) -> tuple[str, ...]:
    """The columns of the first unique or plain index that a statement makes."""
    found = significant(sql)
    words = [token.text.upper() for token in found]
    for index, word in enumerate(words):
        if word in ("UNIQUE", "INDEX", "KEY") and words[index - 1 : index] != ["FOREIGN"]:
            names = _first_parenthesis(found, index)
            if names:
                return names
    return ()


def _first_parenthesis(found: list[Token], index: int) -> tuple[str, ...]:
    while index < len(found) and found[index].text not in ("(", ","):
        index += 1
    return _names(found, index)[0]


def _defined(found: list[Token]) -> Iterator[list[Token]]:
    """What stands between the commas of a CREATE TABLE's brackets, and the ``x int`` of an ALTER
    TABLE's ``ADD COLUMN x int``."""
    words = [token.text.upper() for token in found]
    if words[:1] not in (["CREATE"], ["ALTER"]) or "TABLE" not in words:
        return
    _, start = name_at(found, words.index("TABLE") + 1)
    if words[0] == "ALTER":
        for clause in split(found[start:]):
            yield from _added(clause)
    elif words[start : start + 1] == ["("]:
        yield from filter(None, split(inside(found, start)))


def _added(clause: list[Token]) -> Iterator[list[Token]]:
    """The columns that a clause of an ALTER TABLE defines: ``ADD (x int, y int)`` gives two."""
    words = [token.text.upper() for token in clause]
    if words[:1] not in (["ADD"], ["MODIFY"], ["CHANGE"]):
        return
    start = past_conditions(clause, 2 if words[1:2] == ["COLUMN"] else 1)
    if words[start : start + 1] == ["("]:
        yield from filter(None, split(inside(clause, start)))
    elif definition := clause[start + (words[0] == "CHANGE") :]:
        yield definition


def _names(found: list[Token], index: int) -> tuple[tuple[str, ...], int]:
    """``(a, b(10))`` at ``index`` or after an index's name, and what follows it. No names, where
    one part is none but an expression."""
    if index < len(found) and found[index].kind in ("name", "word"):
        index += 1
    if index >= len(found) or found[index].text != "(":
        return (), index
    end = mate(found, index)
    parts = split(found[index + 1 : end])
    are_names = all(part and part[0].kind in ("name", "word") for part in parts)
    return tuple(unquoted(part[0].text) for part in parts) if are_names else (), end + 1
