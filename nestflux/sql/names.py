"""The names of tables that stand in a statement, whatever is written around them. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence

from nestflux.sql.lexer import Token, opening, significant, unquoted

# All of them are reserved: a table of such a name stands in backquotes.
_CONDITIONS = ("IF", "NOT", "EXISTS", "IGNORE")
# Looked for before a statement is taken apart: an INSERT may be megabytes long.
_RENAMES = re.compile(r"\bRENAME\b", re.IGNORECASE)
_OPENING = 40  # tokens in which a CREATE says what it makes; ALGORITHM and such stand before it
_PROGRAMS = {"TRIGGER", "PROCEDURE", "FUNCTION", "EVENT"}


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


def tables_made_by(sql: str) -> tuple[str, ...]:
    """The tables or views that a statement gives their names: CREATE, and a RENAME's new names."""
    begun = opening(sql, 1)
    match begun[0].text.upper() if begun else "":
        case "CREATE":
            return _created_by(opening(sql, _OPENING))
        case "RENAME" | "ALTER":
            return tuple(new for _, new in tables_renamed_by(sql))
    return ()


def _created_by(found: Sequence[Token]) -> tuple[str, ...]:
    words = [token.text.upper() if token.kind == "word" else "" for token in found]
    at = next((i for i, word in enumerate(words) if word in ("TABLE", "VIEW")), None)
    if at is None or _PROGRAMS & set(words[:at]):
        return ()
    name, _ = name_at(found, at + 1)
    return (name,) if name else ()


def changes_case_only(sql: str) -> bool:
    """Is it a RENAME TABLE after which each table has the name of before, in another case?"""
    begun = opening(sql, 1)
    if not begun or begun[0].text.upper() != "RENAME":
        return False
    pairs = tables_renamed_by(sql)
    return bool(pairs) and all(old.lower() == new.lower() for old, new in pairs)


def tables_renamed_by(sql: str) -> tuple[tuple[str, str], ...]:
    """Old and new names of RENAME TABLE and of ALTER TABLE … RENAME TO."""
    if not _RENAMES.search(sql):
        return ()
    found = significant(sql)
    words = [token.text.upper() if token.kind == "word" else "" for token in found]
    pairs = []
    if words[:2] == ["RENAME", "TABLE"]:
        old, _ = name_at(found, 2)
        for index, word in enumerate(words):
            if word == "TO" and (new := name_at(found, index + 1)[0]):
                pairs.append((old, new))
                comma = next((i for i in range(index, len(found)) if found[i].text == ","), None)
                old = name_at(found, comma + 1)[0] if comma is not None else ""
    elif words[:1] == ["ALTER"] and "TABLE" in words[:4]:
        old, _ = name_at(found, words.index("TABLE") + 1)
        for index, word in enumerate(words):
            if word != "RENAME" or words[index + 1] in ("COLUMN", "INDEX", "KEY"):
                continue
            skip = 2 if words[index + 1] in ("TO", "AS") or found[index + 1].text == "=" else 1
            if old and (new := name_at(found, index + skip)[0]):
                pairs.append((old, new))
    return tuple(pairs)
