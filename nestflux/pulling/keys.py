"""A table's keys, checks and options to what stands in a model's ``Meta``. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial

from nestflux.pulling.describing import DescribedTable
from nestflux.pulling.names import rule_name
from nestflux.pulling.partitioning import declared
from nestflux.pulling.python_text import Call, Value
from nestflux.sql.definitions import ForeignKeyParts, KeyParts

_INDEX_NAME = 30  # django/db/models/indexes.py, Index.max_name_length
_NAME = 64  # MySQL Manual 11.2.1, "Identifier Length Limits"
_ENGINE = "InnoDB"


@dataclass(frozen=True)
class Rules:
    """``Meta.indexes`` and ``Meta.constraints``; ``kept`` are the classes of kept.py in them."""

    indexes: tuple[Call, ...] = ()
    constraints: tuple[Call, ...] = ()
    kept: frozenset[str] = frozenset()


@dataclass
class Taken:
    """The names of indexes and constraints that any model has: Django wants each one once, where
    a server wants it once a table."""

    indexes: set[str] = field(default_factory=set)
    constraints: set[str] = field(default_factory=set)

    def index(self, table: str, name: str) -> str:
        return self._add(self.indexes, rule_name(table, name, self.indexes, _INDEX_NAME))

    def constraint(self, table: str, name: str) -> str:
        return self._add(self.constraints, rule_name(table, name, self.constraints, _NAME))

    def _add(self, names: set[str], name: str) -> str:
        names.add(name)
        return name


def inline_unique(table: DescribedTable, column: str) -> KeyParts | None:
    """The key that ``unique=True`` on the field would be: one column, called like it. Of the
    primary key Django takes it for said."""
    if table.primary_columns == (column,):
        return None
    return next((key for key in _unique_keys(table, column) if key.name == column), None)


def is_unique(table: DescribedTable, column: str) -> bool:
    """Has the column a value only once, whatever the key is called?"""
    return table.primary_columns == (column,) or any(_unique_keys(table, column))


def _unique_keys(table: DescribedTable, column: str) -> Iterator[KeyParts]:
    for key in table.keys:
        if key.kind == "UNIQUE" and key.is_plain and key.columns == (column,):
            yield key


def counter(table: DescribedTable) -> str:
    """The AUTO_INCREMENT column, where the primary key does not begin with it: the statement that
    makes the table has to make a key that does (error 1075). Empty where there is none."""
    first = table.primary.named[:1] if table.primary else ()
    found = (column.name for column in table.columns if column.parts.auto_increment)
    return next((name for name in found if first != (name,)), "")


def key_of_counter(table: DescribedTable) -> KeyParts | None:
    """The key that begins with the ``counter``; none where an engine counts within groups."""
    column = counter(table)
    return next((key for key in table.keys if column and key.named[:1] == (column,)), None)


def made_by_server(table: DescribedTable, foreign_keys: Collection[ForeignKeyParts]) -> set[str]:
    """The indexes that the server makes for these foreign keys: called like them, on the same
    columns, with no other index that serves (MySQL Manual 15.1.20.5)."""
    found = set()
    for foreign in foreign_keys:
        serving = [
            key for key in table.keys if key.columns[: len(foreign.columns)] == foreign.columns
        ]
        if len(serving) == 1 and serving[0].name == foreign.name:
            own = serving[0]
            if own.kind == "KEY" and own.is_plain and own.columns == foreign.columns:
                found.add(own.name)
    return found


def rules_of(
    table: DescribedTable,
    fields: Mapping[str, str],
    taken: Taken,
    *,
    inline: Collection[str],
    foreign_keys: Collection[ForeignKeyParts],
    silent: Collection[ForeignKeyParts],
) -> Rules:
    """What is to stand in ``Meta``.

    Args:
        fields: field names by column.
        inline: the columns whose unique key stands with the field.
        foreign_keys: those to state here.
        silent: those that the fields state themselves.
    """
    indexes, constraints, kept = [], [], set()
    implied = made_by_server(table, [*foreign_keys, *silent])
    counting = key_of_counter(table)
    others = _options(table, partitions=False)
    partitions = None if others else declared(table, fields, partial(taken.constraint, table.name))
    if partitions is not None:
        constraints.append(partitions)
    elif options := _options(table, partitions=True):
        name = taken.constraint(table.name, f"{table.name}_options")
        constraints.append(Call("SqlTableOptions", (), {"sql": options, "name": name}))
    for key in table.keys:
        if key.kind == "PRIMARY" or (key.name in implied and key != counting):
            continue
        if key.kind == "UNIQUE":
            if key.columns and key.columns[0] in inline and key.name == key.columns[0]:
                continue
            constraints.append(_unique(table, key, fields, taken))
        elif key == counting:
            constraints.append(_raw(table, key.name, key.text, taken))
        else:
            indexes.append(_index(table, key, fields, taken))
    constraints += [_raw(table, name, text, taken) for name, text in table.checks]
    constraints += [_raw(table, each.name, each.text, taken) for each in foreign_keys]
    kept = {call.function for call in (*indexes, *constraints) if call.function.startswith("Sql")}
    return Rules(tuple(indexes), tuple(constraints), frozenset(kept))


def _unique(table: DescribedTable, key: KeyParts, fields: Mapping[str, str], taken: Taken) -> Call:
    name = taken.constraint(table.name, key.name)
    names = tuple(fields[column] for column in key.columns)
    if key.is_plain and name == key.name:
        return Call("models.UniqueConstraint", (), {"fields": names, "name": name})
    if key.columns and not any(key.descending):
        words: dict[str, Value] = {"sql": key.text, "fields": names, "name": name}
        return Call("SqlUniqueConstraint", (), words)
    return Call("SqlConstraint", (), {"sql": key.text, "name": name})


def _index(table: DescribedTable, key: KeyParts, fields: Mapping[str, str], taken: Taken) -> Call:
    name = taken.index(table.name, key.name)
    if key.kind == "KEY" and key.columns and not key.more and name == key.name:
        signed = zip(key.columns, key.descending, strict=True)
        names = tuple(f"{'-' if down else ''}{fields[column]}" for column, down in signed)
        return Call("models.Index", (), {"fields": names, "name": name})
    names = tuple(fields[column] for column in key.named if column in fields)
    return Call("SqlIndex", (), {"sql": key.text, "fields": names, "name": name})


def _raw(table: DescribedTable, name: str, text: str, taken: Taken) -> Call:
    return Call("SqlConstraint", (), {"sql": text, "name": taken.constraint(table.name, name)})


def _options(table: DescribedTable, *, partitions: bool) -> str:
    """The options that Django's CREATE TABLE does not give, as an ALTER TABLE takes them; a comment
    where it has a percent sign, which Django sends as a parameter's (``execute`` with ``()``)."""
    options, primary = table.options, table.primary
    said = [f"ENGINE={options.engine}"] if options.engine != _ENGINE else []
    said += [f"COMMENT={options.comment}"] if "%" in options.comment else []
    said += [options.more] if options.more else []
    parts = [" ".join(said)] if said else []
    if primary is not None and not primary.is_plain:  # USING BTREE, DESC
        parts.append(f"DROP PRIMARY KEY, ADD {primary.text}")
    return f"{', '.join(parts)} {options.partitions if partitions else ''}".strip()
