"""Schemas as values, and their difference.

*Definitions* are a flat mapping from an object to its definition; a *delta* is the difference of
two.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from nestflux.schema.objects import ORDER, ObjectKey, from_texts, to_texts
from nestflux.sql.column_types import column_type
from nestflux.sql.lexer import significant, unquoted

Definitions = Mapping[ObjectKey, str]

# Looked for before a statement is taken apart: an INSERT may be megabytes long.
_RENAMES = re.compile(r"\b(CHANGE|RENAME)\b", re.IGNORECASE)


@dataclass(frozen=True)
class Delta:
    """Objects whose definition differs: before and after, None where the object was not there."""

    changes: Mapping[ObjectKey, tuple[str | None, str | None]] = field(default_factory=dict)

    @classmethod
    def between(cls, before: Definitions, after: Definitions) -> Delta:
        keys = before.keys() | after.keys()
        differing = (key for key in keys if before.get(key) != after.get(key))
        return cls({k: (before.get(k), after.get(k)) for k in sorted(differing, key=str)})

    @classmethod
    def from_json(cls, data: Mapping[str, Sequence[str | None]]) -> Delta:
        return cls(from_texts({text: (pair[0], pair[1]) for text, pair in data.items()}))

    def to_json(self) -> dict[str, tuple[str | None, str | None]]:
        return to_texts(self.changes)

    def __bool__(self) -> bool:
        return bool(self.changes)

    def lines(self) -> list[str]:
        """The delta for a person, an object a line: ``+`` made, ``-`` gone, ``~`` changed."""
        lines = []
        for key, (before, after) in self.changes.items():
            if before is None:
                lines.append(f"+ {key}: {after}")
            elif after is None:
                lines.append(f"- {key}: {before}")
            else:
                lines.append(f"~ {key}: {before} -> {after}")
        return lines

    def lost_tables(self) -> tuple[str, ...]:
        """The tables that are gone with their rows. One that goes while another comes in the
        same statement was renamed: no statement drops and makes."""
        tables = {key.name: pair for key, pair in self.changes.items() if key.is_table}
        if any(before is None for before, _ in tables.values()):
            return ()
        return tuple(name for name, (_, after) in tables.items() if after is None)

    def lost_columns(self, sql: str) -> tuple[tuple[str, str], ...]:
        """The columns, each with its table, whose values are gone while their table stays. Those of
        a generated column are no values of its own.

        Args:
            sql: the statement, which tells a column that it renames from one that it drops.
        """
        gone = {key: before for key, (before, after) in self.changes.items() if after is None}
        tables = {key.name for key in gone if key.is_table}
        renamed = columns_renamed_by(sql)
        return tuple(
            (key.table, key.name)
            for key, before in gone.items()
            if key.is_column
            and key.table not in tables
            and key.name.lower() not in renamed
            and not column_type(before or "").generated
        )

    def without_order(self) -> Delta:
        """Less the order of columns, which another column of the live table shifts."""
        return Delta({k: v for k, v in self.changes.items() if k.kind != ORDER})

    def same_as(self, other: Delta) -> bool:
        """Do both say the same, the order of columns counted only where nothing else changed?"""
        mine, theirs = self.without_order(), other.without_order()
        return mine == theirs if mine or theirs else self == other


def columns_renamed_by(sql: str) -> dict[str, str]:
    """Old name, in lower case, to new one, of CHANGE and of RENAME COLUMN."""
    if not _RENAMES.search(sql):
        return {}
    acting = significant(sql)
    words = [token.text.upper() if token.kind == "word" else "" for token in acting]
    found = {}
    for index, word in enumerate(words[:-1]):
        if word == "CHANGE" or (word == "RENAME" and words[index + 1] == "COLUMN"):
            at = index + 1
            while words[at] in ("COLUMN", "IF", "EXISTS"):
                at += 1
            after = at + (2 if words[at + 1] == "TO" else 1)
            found[unquoted(acting[at].text).lower()] = unquoted(acting[after].text)
    return found
