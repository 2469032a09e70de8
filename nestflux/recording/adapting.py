"""Where a column stood and what a constraint was called, written into Django's own statement.

Django's way back makes a column at the table's end, and a constraint under the name that it would
give it today. Said in the statement that makes them, the right place and name cost nothing (MySQL
Manual 17.12.1, "Online DDL Operations"; MariaDB KB "Instant ADD COLUMN"); behind it they take
statements of their own (``exact_way_back.py``), which put right whatever is left.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple, Protocol

from nestflux.history.adapted import Adapted
from nestflux.history.sqlfile import Section, Statement
from nestflux.schema.diff import Definitions
from nestflux.schema.introspection import read_schema
from nestflux.schema.names import names_of
from nestflux.schema.transform.tables import TableSchema, tables_of
from nestflux.sql.brackets import mate
from nestflux.sql.definitions import column_parts
from nestflux.sql.lexer import identifiers, quoted, significant
from nestflux.sql.statement_parts import (
    checks_named_by,
    columns_added_by,
    foreign_keys,
    table_of,
)

if TYPE_CHECKING:
    from django.db.backends.base.base import BaseDatabaseWrapper


class Adapting(Protocol):
    """Gives a statement of Django's as it is to run; the same where nothing is to be said."""

    def __call__(self, sql: str) -> Adapted: ...


def as_django_gives_it(sql: str) -> Adapted:
    """Every statement as it is."""
    return Adapted(sql)


@dataclass(frozen=True)
class ToSchemaBefore:
    """By the schema that the way back leads to, and the one that is there."""

    connection: BaseDatabaseWrapper
    before: Definitions

    def __call__(self, sql: str) -> Adapted:
        if not (columns_added_by(sql) or constraints_named_by(sql)):
            return Adapted(sql)
        there = read_schema(self.connection, identifiers(sql), programs=False).definitions
        return adapted(sql, there, self.before, names_of(self.connection).key)


def adapted(
    sql: str, there: Definitions, before: Definitions, key: Callable[[str], str] = str
) -> Adapted:
    """A statement of Django's with the position of its column and the name of its key. Pure.

    Args:
        there: the tables that it names, as they are before it runs.
        before: the schema that the way back leads to.
        key: what is equal for two names of the same table.
    """
    made = Adapted(sql)
    table = key(table_of(sql))
    now, was = (_table(definitions, table, key) for definitions in (there, before))
    if now is None or was is None:
        return made
    columns, constraints = columns_added_by(sql), constraints_named_by(sql, key)
    if len(columns) == 1 and (position := position_of(columns[0], list(now.columns), was.columns)):
        made = made.with_position(position)
    if len(constraints) == 1 and (name := name_before(constraints[0], now, was, key)):
        made = made.with_name(constraints[0].name, name)
    return made


def _table(definitions: Definitions, name: str, key: Callable[[str], str]) -> TableSchema | None:
    """One table of a schema, without taking the others apart."""
    own = {each: text for each, text in definitions.items() if key(each.holder_name) == name}
    return next(iter(tables_of(own).values()), None)


def position_of(column: str, there: Sequence[str], before: Iterable[str]) -> str:
    """Where a column that is added belongs; empty where that is the end, or is not known.

    Beside the neighbour that it had, where one of the two is there: a column between them may be
    there under another name, or go later on the way back. Otherwise behind the nearest before it.
    """
    wanted, names = _folded(before), _folded(there)
    if column.lower() not in wanted:
        return ""
    at = wanted.index(column.lower())
    previous, following = wanted[:at], wanted[at + 1 :]
    if not previous:
        place = 0
    elif previous[-1] in names:
        place = names.index(previous[-1]) + 1
    elif not following:
        place = len(names)
    elif following[0] in names:
        place = names.index(following[0])
    else:
        nearest = next((each for each in reversed(previous) if each in names), None)
        place = names.index(nearest) + 1 if nearest else len(names)
    if place == len(names):
        return ""
    position = f"AFTER {quoted(there[place - 1])}" if place else "FIRST"
    return "" if "\n" in position else position


def _folded(names: Iterable[str]) -> list[str]:
    return [name.lower() for name in names]


# ---- constraints ---------------------------------------------------------------------------


class Constraint(NamedTuple):
    """A foreign key or a check under its name. ``substance`` is what is equal for two of the same
    effect, as far as that is sure."""

    name: str
    substance: tuple[str, ...]


def constraints_named_by(sql: str, key: Callable[[str], str] = str) -> list[Constraint]:
    """The foreign keys and checks to which a statement of Django's gives names.

    Args:
        key: what is equal for two names of the same table.
    """
    named = [
        Constraint(each.name, _ends(each.columns, each.parent, each.parent_columns, key))
        for each in foreign_keys(sql)
        if each.name
    ]
    return named + [Constraint(name, _condition(text)) for name, text in checks_named_by(sql)]


def name_before(
    made: Constraint, there: TableSchema, before: TableSchema, key: Callable[[str], str]
) -> str:
    """What a constraint was called that Django makes under another name; empty where that is not
    known, or the name is taken."""
    if made.name in before.constraints:
        return ""
    of_keys = (
        Constraint(name, _ends(each.columns, each.parent, each.parent_columns, key))
        for name, each in before.foreign_keys.items()
    )
    of_checks = (
        Constraint(name, _condition(column_parts(text).check))
        for name, text in before.checks.items()
    )
    names = [
        each.name
        for each in (*of_keys, *of_checks)
        if each.substance == made.substance and each.name not in there.constraints
    ]
    return names[0] if len(names) == 1 and "\n" not in names[0] else ""


def _ends(
    columns: Iterable[str], parent: str, parent_columns: Iterable[str], key: Callable[[str], str]
) -> tuple[str, ...]:
    """What a foreign key refers from and to."""
    return (*_folded(columns), "REFERENCES", key(parent), *_folded(parent_columns))


def _condition(text: str) -> tuple[str, ...]:
    """The words of a check, less the brackets around it: MySQL prints a pair more."""
    found = significant(text)
    while found and found[0].text == "(" and mate(found, 0) == len(found) - 1:
        found = found[1:-1]
    return (
        "CHECK",
        *(token.text.lower() if token.kind == "name" else token.text for token in found),
    )


# ---- a recording that is compared with its file --------------------------------------------


class AsInFile:
    """As a section of a file adapts the statements that make the same column or constraint."""

    def __init__(self, section: Section) -> None:
        self._positions: dict[tuple[str, str], str] = {}
        self._names: dict[tuple[str, tuple[str, ...]], str] = {}
        for item in section.items:
            if isinstance(item, Statement) and item.adapted.is_ours_in_part:
                self._learn(item.adapted)

    def _learn(self, statement: Adapted) -> None:
        table = table_of(statement.sql)
        if statement.position:
            for column in columns_added_by(statement.sql):
                self._positions[table, column] = statement.position
        if statement.name:
            for made in constraints_named_by(statement.sql):
                self._names[table, made.substance] = statement.name

    def __call__(self, sql: str) -> Adapted:
        made = Adapted(sql)
        if not (self._positions or self._names):
            return made
        table = table_of(sql)
        for column in columns_added_by(sql):
            if position := self._positions.get((table, column)):
                made = made.with_position(position)
        for each in constraints_named_by(sql):
            name = self._names.get((table, each.substance), each.name)
            if name != each.name:
                made = made.with_name(each.name, name)
        return made
