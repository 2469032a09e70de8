"""What a file makes of live tables all in all: before its first step, and after its last. Pure.

A rule that looks at single statements takes a default that Django sets and drops again for a
change. Renamed tables and columns are the ones of before.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Protocol

from nestflux.history.data_loss import Names
from nestflux.schema.diff import Delta
from nestflux.schema.transform.tables import TableSchema
from nestflux.sql.definitions import ColumnParts, column_parts

Tables = Mapping[str, TableSchema]


class Changing(Protocol):
    """A step: what it runs, and what that changed."""

    @property
    def sql(self) -> str: ...
    @property
    def delta(self) -> Delta: ...


@dataclass(frozen=True)
class KeptColumn:
    """A column that is there before a file and after it, by its name before."""

    table: str
    name: str
    before: ColumnParts
    after: ColumnParts
    definitions: tuple[str, str]

    @property
    def about(self) -> str:
        return f"{self.table}.{self.name}"


@dataclass(frozen=True)
class TableChange:
    """A live table before and after. ``origins`` are the columns that stay: what they are called
    now, and what they were called."""

    before: TableSchema
    after: TableSchema
    origins: Mapping[str, str]

    @property
    def name(self) -> str:
        """As running code knows it."""
        return self.before.name

    @property
    def kept(self) -> list[KeptColumn]:
        return [
            KeptColumn(
                self.name,
                old,
                column_parts(self.before.columns[old]),
                column_parts(self.after.columns[new]),
                (self.before.columns[old], self.after.columns[new]),
            )
            for new, old in self.origins.items()
        ]

    @property
    def added(self) -> dict[str, ColumnParts]:
        return {
            name: column_parts(text)
            for name, text in self.after.columns.items()
            if name not in self.origins
        }

    @property
    def dropped(self) -> dict[str, ColumnParts]:
        stay = set(self.origins.values())
        return {
            name: column_parts(text)
            for name, text in self.before.columns.items()
            if name not in stay
        }

    @cached_property
    def before_renamed(self) -> TableSchema:
        """The table of before, its columns called as they are now."""
        names = {old: new for new, old in self.origins.items() if old != new}
        return self.before.renamed(names, in_checks=True)


@dataclass(frozen=True)
class SchemaChanges:
    """``tables`` are live ones that stay, ``dropped`` those that go, ``made`` the new ones.
    ``names`` are the live tables' names now by the ones before."""

    tables: tuple[TableChange, ...] = ()
    dropped: tuple[TableSchema, ...] = ()
    made: tuple[TableSchema, ...] = ()
    names: Mapping[str, str] = field(default_factory=dict)

    def name_now(self, table: str) -> str:
        return self.names.get(table, table)


def schema_changes(
    steps: Iterable[Changing], before: Tables, after: Tables, new: Collection[str]
) -> SchemaChanges:
    """What steps did all in all.

    Args:
        new: tables of ``before`` that are not live.
    """
    names = Names()
    touched: set[str] = set()
    for step in steps:
        names.follow(step.delta, step.sql)
        touched |= {key.holder_name for key in step.delta.changes if key.is_of_table}
    origins = {now: names.table(now) for now in after}
    live = {now: origin for now, origin in origins.items() if origin in before.keys() - set(new)}
    stay = set(live.values())
    return SchemaChanges(
        tuple(
            TableChange(before[origin], after[now], _origins(names, before[origin], after[now]))
            for now, origin in live.items()
            if origin and touched & {now, origin}
        ),
        tuple(table for name, table in before.items() if name not in stay and name not in new),
        tuple(table for now, table in after.items() if origins[now] not in before),
        {origin: now for now, origin in live.items() if origin},
    )


def _origins(names: Names, before: TableSchema, after: TableSchema) -> dict[str, str]:
    found = {name: names.column(after.name, name) for name in after.columns}
    return {now: old for now, old in found.items() if old in before.columns and old is not None}
