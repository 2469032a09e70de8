"""Many-to-many relations whose table goes while another one of the same two tables comes. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

from nestflux.reviewing.table_changes import SchemaChanges
from nestflux.schema.transform.tables import TableSchema


@dataclass(frozen=True)
class MovedRelation:
    """``old`` and ``new`` are tables, ``parents`` the two that they relate."""

    old: str
    new: str
    parents: tuple[str, str]


def moved_relations(changes: SchemaChanges) -> Iterator[MovedRelation]:
    for old in changes.dropped:
        keys = [changes.name_now(key.parent) for key in old.foreign_keys.values()]
        if len(keys) != 2 or len(old.columns) != 3:  # Django's own table: a key, and two parents
            continue
        for new in changes.made:
            if not Counter(keys) - Counter(_parents(new)):
                yield MovedRelation(old.name, new.name, (keys[0], keys[1]))
                break


def _parents(table: TableSchema) -> list[str]:
    return [key.parent for key in table.foreign_keys.values()]
