"""The tables whose models declare partitions by range."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.apps import apps
from django.db import router
from django.db.models import DateTimeField

from nestflux.orm.partitioning import RangePartitions
from nestflux.orm.partitioning.checks import declared

if TYPE_CHECKING:
    from django.db.models import Model


@dataclass(frozen=True)
class DeclaredTable:
    """A table, its model's label, the column of its partitions, and what is declared of them.
    ``is_timed``: the column holds times, and not dates or numbers."""

    label: str
    table: str
    column: str
    is_timed: bool
    ranges: RangePartitions

    @property
    def by_time(self) -> bool:
        return isinstance(self.ranges.every, str)

    @property
    def archives(self) -> bool:
        """Are old partitions dumped before they go?"""
        return self.ranges.archive and self.ranges.keep is not None


def declared_tables(alias: str) -> tuple[DeclaredTable, ...]:
    """Those that Django migrates in the database of an alias, by their names."""
    found = (table for model in apps.get_models() for table in _of(model, alias))
    return tuple(sorted(found, key=lambda table: table.table))


def _of(model: type[Model], alias: str) -> Iterator[DeclaredTable]:
    meta = model._meta
    if meta.proxy or not meta.managed or not router.allow_migrate_model(alias, model):
        return
    for each in declared(model):
        if isinstance(each, RangePartitions):
            (column,) = each.columns(model)
            is_timed = isinstance(meta.get_field(each.field), DateTimeField)
            yield DeclaredTable(meta.label, meta.db_table, column, is_timed, each)
