"""What a DDL statement says about a table: its columns and foreign keys, read from its tokens.

Only for explaining a failure: what is not understood is left out, and nothing is ever run by it.
"""

from __future__ import annotations

from dataclasses import dataclass

from nestflux.sql.lexer import Token, significant, unquoted

_NOT_A_COLUMN = frozenset(
    "PRIMARY UNIQUE KEY INDEX FULLTEXT SPATIAL CONSTRAINT FOREIGN CHECK PERIOD PARTITION "
    "SYSTEM".split()
)


@dataclass(frozen=True)
class ForeignKey:
    """A foreign key that a statement makes."""

    table: str
    columns: tuple[str, ...]
    parent: str
    parent_columns: tuple[str, ...]
    name: str = ""
    sets_null: bool = False


@dataclass(frozen=True)
class ColumnDefinition:
    """A column that a statement adds or changes; ``collation`` only where it states one."""

    name: str
    type: str
    collation: str = ""
    nullable: bool = True


def table_of(sql: str) -> str:
    """The table that a statement is about, without its schema; empty where none is seen."""
    found = significant(sql)
    words = [token.text.upper() for token in found]
    for opening in ("TABLE", "ON", "INTO", "UPDATE", "FROM"):
        if opening not in words:
            continue
        index = words.index(opening) + 1
        while index < len(found) and words[index] in ("IF", "NOT", "EXISTS", "IGNORE"):
            index += 1
        name, _ = _name(found, index)
        if name:
            return name
    return ""


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
        parent, after = _name(found, after + 1)
        parent_columns, after = _names(found, after)
        named = index >= 2 and words[index - 2] == "CONSTRAINT"
        rest = words[after : after + 6]
        sets_null = any(rest[i : i + 2] == ["SET", "NULL"] for i in range(len(rest)))
        name = unquoted(found[index - 1].text) if named else ""
        made.append(ForeignKey(table, columns, parent, parent_columns, name, sets_null))
    return made


def columns(sql: str) -> dict[str, ColumnDefinition]:
    """The columns that a CREATE TABLE or ALTER TABLE defines, by name."""
    defined = {}
    for part in _parts(significant(sql)):
        if (column := _column(part)) is not None:
            defined[column.name] = column
    return defined


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


def _parts(found: list[Token]) -> list[list[Token]]:
    """Between the commas: of a CREATE TABLE's parentheses, or of ALTER TABLE's clauses."""
    words = [token.text.upper() for token in found]
    if words[:1] == ["CREATE"] and "(" in words:
        return _split(found[words.index("(") + 1 :])
    if words[:1] == ["ALTER"] and "TABLE" in words:
        _, start = _name(found, words.index("TABLE") + 1)
        return [_clause(part) for part in _split(found[start:])]
    return []


def _clause(part: list[Token]) -> list[Token]:
    """``ADD COLUMN x int`` → ``x int``; empty for what defines no column."""
    words = [token.text.upper() for token in part]
    if words[:1] not in (["ADD"], ["MODIFY"], ["CHANGE"]):
        return []
    start = 2 if words[1:2] == ["COLUMN"] else 1
    return part[start + 1 :] if words[0] == "CHANGE" else part[start:]


def _split(found: list[Token]) -> list[list[Token]]:
    parts: list[list[Token]] = [[]]
    depth = 0
    for token in found:
        depth += {"(": 1, ")": -1}.get(token.text, 0)
        if depth < 0:
            break
        if token.text == "," and depth == 0:
            parts.append([])
        else:
            parts[-1].append(token)
    return parts


def _column(part: list[Token]) -> ColumnDefinition | None:
    if len(part) < 2 or (part[0].kind == "word" and part[0].text.upper() in _NOT_A_COLUMN):
        return None
    words = [token.text.upper() for token in part]
    kind = part[1].text.lower()
    index = 2
    if words[2:3] == ["("]:
        end = words.index(")", 2)
        kind += "".join(token.text for token in part[2 : end + 1])
        index = end + 1
    if words[index : index + 1] == ["UNSIGNED"]:
        kind += " unsigned"
    collation = ""
    if "COLLATE" in words:
        collation = unquoted(part[words.index("COLLATE") + 1].text).strip("'\"")
    nullable = not any(words[i : i + 2] == ["NOT", "NULL"] for i in range(len(words)))
    return ColumnDefinition(unquoted(part[0].text), kind, collation, nullable)


def _name(found: list[Token], index: int) -> tuple[str, int]:
    """A possibly qualified name at ``index`` without its schema, and what follows it."""
    if index >= len(found) or found[index].kind not in ("name", "word"):
        return "", index
    while index + 2 < len(found) and found[index + 1].text == ".":
        index += 2
    return unquoted(found[index].text), index + 1


def _names(found: list[Token], index: int) -> tuple[tuple[str, ...], int]:
    """``(a, b)`` at ``index`` or after an index's name, and what follows it."""
    if index < len(found) and found[index].kind in ("name", "word"):
        index += 1
    if index >= len(found) or found[index].text != "(":
        return (), index
    names = []
    index += 1
    while index < len(found) and found[index].text != ")":
        if found[index].kind in ("name", "word") and found[index - 1].text in ("(", ","):
            names.append(unquoted(found[index].text))
        index += 1
    return tuple(names), index + 1
