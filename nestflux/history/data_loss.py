"""What data the steps of a file take away, by their text and their recorded deltas. Pure.

Tables and columns bear the names that they have before the first of the steps: a file that renames
a column and then narrows it narrows, for whoever takes a backup first, the old one. What a Python
step deletes is its own, and no text tells it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Protocol

from nestflux.history.records import StepRecord
from nestflux.schema.diff import Delta, columns_renamed_by
from nestflux.sql.column_types import narrowed
from nestflux.sql.lexer import Token, significant
from nestflux.sql.names import name_at, tables_renamed_by
from nestflux.sql.statement_parts import columns_added_by, table_of

_PARTITION_VERBS = ("DROP", "TRUNCATE", "EXCHANGE")
# Looked for before a statement is taken apart: an INSERT may be megabytes long.
_EMPTIES = re.compile(r"\b(TRUNCATE|DELETE|REPLACE|PARTITION|DISCARD)\b", re.IGNORECASE)


@dataclass(frozen=True)
class Lost:
    """Data that is gone after a step.

    ``kind``: ``table`` (it is dropped), ``column`` (dropped from a table that stays), ``narrowed``
    (a column's type holds less; ``how`` says ``varchar(40) -> varchar(20)``) or ``rows`` (some or
    all of a table that stays).
    """

    table: str
    kind: str
    column: str = ""
    how: str = ""


class Losing(Protocol):
    """A step: what it runs, and what was learned of it."""

    @property
    def text(self) -> str: ...
    @property
    def record(self) -> StepRecord: ...


class Names:
    """Follows tables and columns back through renames. One for several files, if they run one
    after the other."""

    def __init__(self) -> None:
        self._tables: dict[str, str | None] = {}  # now → at the beginning; None: made since
        self._columns: dict[tuple[str, str], str | None] = {}

    def table(self, name: str) -> str | None:
        return self._tables.get(name, name)

    def column(self, table: str, name: str) -> str | None:
        return self._columns.get((table, name), name)

    def follow(self, delta: Delta, sql: str) -> None:
        """Learn what a step renamed and made."""
        moved = dict(tables_renamed_by(sql))
        if moved:
            self._move_tables(moved)
        renamed = columns_renamed_by(sql)
        by_table: dict[str, set[str]] = {}
        for key, (before, _) in delta.changes.items():
            if before is not None:
                continue
            if key.is_column:
                by_table.setdefault(key.table, set()).add(key.name)
            elif key.is_table and key.name not in moved.values():
                self._tables[key.name] = None
        remade = {*renamed.values(), *columns_added_by(sql)}
        if remade and (table := table_of(sql)) not in moved and self.table(table) is not None:
            # One of the same definition that another column had: no delta has it.
            by_table.setdefault(table, set()).update(remade)
        for table, made in by_table.items():
            if table not in moved.values() and self.table(table) is not None:
                self._note_columns(table, made, renamed)

    def _move_tables(self, moved: dict[str, str]) -> None:
        origins = {new: self.table(old) for old, new in moved.items()}
        columns = {
            (moved[table], column): origin
            for (table, column), origin in self._columns.items()
            if table in moved
        }
        kept = {key: origin for key, origin in self._columns.items() if key[0] not in moved}
        self._tables |= origins
        self._columns = kept | columns

    def _note_columns(self, table: str, made: set[str], renamed: dict[str, str]) -> None:
        new_to_old = {new.lower(): old for old, new in renamed.items()}
        origins = {
            (table, column): self.column(table, new_to_old[column.lower()])
            if column.lower() in new_to_old
            else None
            for column in made
        }
        self._columns |= origins


def losses_of(steps: Iterable[Losing], names: Names | None = None) -> tuple[Lost, ...]:
    """What these steps lose, each thing once, in their order.

    What they make themselves is not lost when they take it away again, and a table that they drop
    counts as a whole, whatever they do to its columns and rows before.

    Args:
        names: what steps before these renamed; it learns what these do.
    """
    names = names or Names()
    found: dict[Lost, None] = {}
    for step in steps:
        delta, sql = step.record.delta, step.text
        if step.record.kind != "python":
            for lost in _of_step(delta, sql, step.record):
                if (at_first := _at_first(lost, names)) is not None:
                    found[at_first] = None
        names.follow(delta, sql)
    dropped = {lost.table for lost in found if lost.kind == "table"}
    gone = {(lost.table, lost.column) for lost in found if lost.kind == "column"}
    return tuple(
        lost
        for lost in found
        if lost.kind == "table"
        or (
            lost.table not in dropped
            and (lost.kind != "narrowed" or (lost.table, lost.column) not in gone)
        )
    )


def _at_first(lost: Lost, names: Names) -> Lost | None:
    table = names.table(lost.table)
    if table is None:
        return None
    column: str | None = lost.column
    if lost.column:
        column = names.column(lost.table, lost.column)
    return None if column is None else Lost(table, lost.kind, column, lost.how)


def _of_step(delta: Delta, sql: str, record: StepRecord) -> Iterator[Lost]:
    for table in delta.lost_tables():
        yield Lost(table, "table")
    for table, column in delta.lost_columns(sql):
        yield Lost(table, "column", column)
    yield from narrowed_columns(delta, sql)
    yield from (Lost(table, "rows") for table in tables_emptied_by(sql, record.tables))


def narrowed_columns(delta: Delta, sql: str) -> Iterator[Lost]:
    """The columns that hold less after a statement, ``sql``, than before it."""
    renamed = columns_renamed_by(sql)
    for key, (before, after) in delta.changes.items():
        if not key.is_column or before is None:
            continue
        if after is None and (new := renamed.get(key.name.lower())):
            _, after = delta.changes.get(replace(key, name=new), (None, None))
        if after is not None and (how := narrowed(before, after)):
            yield Lost(key.table, "narrowed", key.name, how)


def tables_emptied_by(sql: str, named: Iterable[str] = ()) -> tuple[str, ...]:
    """The tables that a statement takes rows out of, and leaves.

    Args:
        named: every table that it names: what a DELETE of several tables may be about.
    """
    if not _EMPTIES.search(sql):
        return ()
    found = significant(sql)
    words = [token.text.upper() if token.kind == "word" else "" for token in found]
    if words[:1] == ["TRUNCATE"]:
        return _names_at(found, 2 if words[1:2] == ["TABLE"] else 1)
    if words[:1] == ["DELETE"] or (words[:1] == ["WITH"] and "DELETE" in words):
        return _deleted_from(found, words, tuple(named))
    if words[:4] == ["CREATE", "OR", "REPLACE", "TABLE"]:
        return _names_at(found, 4)
    if words[:1] == ["ALTER"] and "TABLE" in words[:4]:
        table = words.index("TABLE") + 1
        for index, word in enumerate(words):
            following = words[index + 1 : index + 2]
            if word in _PARTITION_VERBS and following == ["PARTITION"]:
                other = [words.index("TABLE", index) + 1] if word == "EXCHANGE" else []
                return _names_at(found, table, *other)
            if word == "DISCARD":
                return _names_at(found, table)
    return ()


def _deleted_from(found: list[Token], words: list[str], named: tuple[str, ...]) -> tuple[str, ...]:
    start = words.index("DELETE") + 1
    while words[start : start + 1] and words[start] in ("LOW_PRIORITY", "QUICK", "IGNORE"):
        start += 1
    is_single = words[start : start + 1] == ["FROM"] and not {"USING", "JOIN"} & set(words)
    one = _names_at(found, start + 1) if is_single else ()
    return one or named


def _names_at(found: list[Token], *places: int) -> tuple[str, ...]:
    return tuple(name for at in places if (name := name_at(found, at)[0]))
