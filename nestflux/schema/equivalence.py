"""Definitions that mean the same and read differently: by a table's past, by a server's version."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from nestflux.schema.diff import Definitions, Delta
from nestflux.schema.objects import ObjectKey
from nestflux.sql.brackets import inside, mate, split
from nestflux.sql.definitions import column_parts
from nestflux.sql.lexer import Token, significant, text_of, tokens, trimmed
from nestflux.sql.table_options import OptionParts, option_parts

_INTEGERS = {"TINYINT", "SMALLINT", "MEDIUMINT", "INT", "BIGINT"}
_NUMBER = re.compile(r" '(-?\d+(?:\.\d+)?)'")


def less_tables_own(delta: Delta, tables: Definitions, default: str = "") -> Delta:
    """A delta whose columns do not state the character set and collation that are their table's.

    Args:
        tables: definitions that hold the tables' own lines.
        default: the schema's collation, which a table has that states none; empty: not known.
    """
    return Delta(
        {
            key: (_less(before, key, tables, default), _less(after, key, tables, default))
            for key, (before, after) in delta.changes.items()
        }
    )


def _less(definition: str | None, key: ObjectKey, tables: Definitions, default: str) -> str | None:
    if definition is None or not key.is_column:
        return definition
    own = option_parts(tables.get(key.holder, "")).settings
    if default and "CHARSET" not in own:
        own = {"CHARSET": default.partition("_")[0], "COLLATE": default}
    if not {"CHARSET", "COLLATE"} <= own.keys():
        return definition
    kind = column_parts(definition).type
    behind = definition.removeprefix(kind)
    return kind + behind.removeprefix(f" CHARACTER SET {own['CHARSET']} COLLATE {own['COLLATE']}")


def plain(definition: str) -> str:
    """A definition without what only the version of a server decides: the display width of
    integers (gone in MySQL 8.0.19), ``current_timestamp()``, the quotes of a numeric default."""
    found = list(tokens(definition))
    texts: list[str] = []
    at = 0
    while at < len(found):
        text, at = _plain_at(found, at)
        texts.append(text)
    return "".join(texts)


def _plain_at(found: Sequence[Token], at: int) -> tuple[str, int]:
    """The plain text of what stands at ``at``, and where it ends."""
    token, behind = found[at], [each.text for each in found[at + 1 : at + 4]]
    word = token.text.upper() if token.kind == "word" else ""
    if at == 0 and word in _INTEGERS and behind[::2] == ["(", ")"] and behind[1].isdigit():
        return token.text, at + 4
    if word == "CURRENT_TIMESTAMP":
        return word.lower(), at + (3 if behind[:2] == ["(", ")"] else 1)
    if word == "DEFAULT" and (number := _NUMBER.fullmatch("".join(behind[:2]))):
        return f"DEFAULT {number[1]}", at + 3
    return token.text, at + 1


def same_but_for_ranges(one: str | None, other: str | None) -> bool:
    """Do both say the same of a table, but for the partitions of a range? These come and go
    (``db_partitions``); that the table has them, and by which columns, stays."""
    if one is None or other is None or "PARTITION" not in one:
        return False
    mine, theirs = option_parts(one), option_parts(other)
    rule = mine.partition_rule
    return rule == theirs.partition_rule and _unpartitioned(mine) == _unpartitioned(theirs)


def _unpartitioned(parts: OptionParts) -> OptionParts:
    return replace(parts, partitions="")


def less_order_of_sets(delta: Delta) -> Delta:
    """A delta less the definitions of which only the order in an ``IN (…)`` is another."""
    return Delta({key: pair for key, pair in delta.changes.items() if not same_but_for_sets(*pair)})


def same_but_for_sets(one: str | None, other: str | None) -> bool:
    """Are both the same, but for the order of the values in an ``IN ('b','a')``? Django writes them
    in the order of a set (``Q(status__in={…})``), which is another one in each process."""
    if one is None or other is None:
        return one == other
    return one == other or _lists_sorted(one) == _lists_sorted(other)


def _lists_sorted(definition: str) -> str:
    found = list(tokens(definition))
    texts: list[str] = []
    at = 0
    while at < len(found):
        values = _listed_at(found, at)
        texts.append(f"({', '.join(sorted(values))})" if values else found[at].text)
        at = (mate(found, at) if values else at) + 1
    return "".join(texts)


def _listed_at(found: Sequence[Token], at: int) -> list[str]:
    """The values in the brackets that open at ``at`` behind an IN; none where there is another
    thing in them, such as a query."""
    before = significant(text_of(found[max(at - 2, 0) : at]))
    if found[at].text != "(" or [token.text.upper() for token in before[-1:]] != ["IN"]:
        return []
    held = [trimmed(part) for part in split(inside(found, at))]
    plain_values = all(
        token.kind == "string" or token.text.isdigit() or token.text in ("-", ".")
        for part in held
        for token in part
    )
    return [text_of(part) for part in held] if plain_values else []


def same_check(one: str, other: str) -> bool:
    """Are both the same CHECK constraint, the case of names and the order of sets left out? When a
    column's name changes its case only, MySQL shows the old one in its checks, and after some later
    ALTER the new."""
    return _folded_check(one) == _folded_check(other) is not None


def _folded_check(text: str) -> list[str] | None:
    found = significant(_lists_sorted(text))
    if "CHECK" not in [token.text.upper() for token in found[2:3]]:
        return None
    return [token.text.lower() if token.kind == "name" else token.text for token in found]
