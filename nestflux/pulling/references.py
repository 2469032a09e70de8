"""Where foreign keys lead, and whether a field, the server's own words or nothing says so."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from nestflux.django_compat import key_name
from nestflux.pulling import remarks as said
from nestflux.pulling.describing import DescribedColumn, DescribedTable, Live
from nestflux.pulling.fields import canonical
from nestflux.pulling.identity import identity, stand_in
from nestflux.sql.definitions import ForeignKeyParts

if TYPE_CHECKING:
    from django.db.backends.base.base import BaseDatabaseWrapper


@dataclass(frozen=True)
class Target:
    """A model that foreign keys lead to. ``keys`` are the columns of its keys, primary and unique;
    ``migrated``: does a migration make its table? For a model that is installed already:
    ``fields`` by column, ``types`` by column, the names that are ``taken`` on it, and the
    ``setting`` that names it (a swappable user)."""

    label: str
    model: str
    primary: tuple[str, ...]
    keys: frozenset[frozenset[str]]
    migrated: bool = True
    fields: Mapping[str, str] = field(default_factory=dict)
    types: Mapping[str, str] = field(default_factory=dict)
    taken: frozenset[str] = frozenset()
    setting: str = ""


@dataclass(frozen=True)
class Known:
    """A model that is there already and that is to follow its table: its names stay. ``fields`` are
    their names by column; ``relations`` by column the table and column that they lead to;
    ``unique`` the columns whose unique key stands with the field; ``taken`` whatever a new field
    cannot be called."""

    label: str
    model: str
    module: str
    fields: Mapping[str, str]
    relations: Mapping[str, tuple[str, str]]
    unique: frozenset[str] = frozenset()
    taken: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Reference:
    """A foreign key and what becomes of it.

    ``is_field``: its column is a field that leads there; ``is_silent``: the field says all of it;
    ``is_stated``: it stands in ``Meta``. ``is_object``: a ForeignObject leads there, beside the
    fields of its columns: because they are several, or lead to two tables, or are generated, or
    because one is the stand-in for a key, which two rows may share, or a part of a composite
    primary key: Django's migrations add a relation behind the
    model, and the key needs it (django/db/migrations/autodetector.py, generate_created_models).
    ``is_loose``: a field that is there already leads there, and the database has no foreign key.
    """

    parts: ForeignKeyParts
    target: Target | None
    is_field: bool = False
    is_object: bool = False
    is_silent: bool = False
    is_loose: bool = False
    why_left_out: str = ""

    @property
    def column(self) -> str:
        return self.parts.columns[0]

    @property
    def is_stated(self) -> bool:
        return not (self.is_silent or self.is_loose or self.why_left_out)


class References:
    """The foreign keys of all pulled tables."""

    def __init__(
        self,
        connection: BaseDatabaseWrapper,
        live: Live,
        targets: Mapping[str, Target],
        known: Mapping[str, Known],
    ) -> None:
        self.names: Mapping[str, Mapping[str, str]] = {}
        self._known = known
        self._connection = connection
        self._live = live
        self._targets = targets
        pulled = [
            t for t in live.tables.values() if t.name in targets and not targets[t.name].types
        ]
        self._of = {table.name: self._decide(table) for table in pulled}
        self._accessors = Counter(
            (reference.parts.table, targets[table].model.lower())
            for table, references in self._of.items()
            for reference in references
            if reference.is_field or reference.is_object
        )

    def of(self, table: DescribedTable) -> tuple[Reference, ...]:
        return self._of[table.name]

    def field_name(self, table: str, column: str) -> str:
        """The field of a column that a foreign key refers to."""
        return self._targets[table].fields.get(column) or self.names[table][column]

    def same_type(self, column: DescribedColumn, reference: Reference) -> bool:
        """Has the column the type of the one that it refers to, which Django gives it?"""
        target, referenced = self._targets[reference.parts.table], reference.parts.referenced[0]
        given = target.types.get(referenced)
        if given is None:
            given = self._live.tables[reference.parts.table].column(referenced).parts.type
        return canonical(given) == canonical(column.parts.type)

    def related_name(self, table: DescribedTable, reference: Reference, name: str) -> str:
        """The name of the way back, where the default one would be another's too."""
        target = self._targets[reference.parts.table]
        own = self._targets[table.name]
        model = own.model.lower()
        there = set(self.names.get(reference.parts.table, {}).values()) | target.taken
        several = self._accessors[(reference.parts.table, model)] > 1
        if several or {model, f"{model}_set"} & there:
            return f"{own.label}_{model}_{name}_set"
        return ""

    def _decide(self, table: DescribedTable) -> tuple[Reference, ...]:
        found = []
        columns: set[str] = set()
        for parts in table.foreign_keys:
            reference = self._reference(table, parts, columns)
            if reference.is_field:
                columns.add(reference.column)
            found.append(reference)
        return (*found, *self._loose(table, columns))

    def _loose(self, table: DescribedTable, led: set[str]) -> Iterator[Reference]:
        """The relations of a model that is there already, where the table has no foreign key."""
        known = self._known.get(table.name)
        there = {column.name for column in table.columns}
        for column, (to, referenced) in known.relations.items() if known else ():
            target = self._targets.get(to)
            if target is not None and column in there - led:
                parts = ForeignKeyParts("", (column,), "", to, (referenced,), "", "")
                yield Reference(parts, target, is_field=True, is_loose=True)

    def _reference(
        self, table: DescribedTable, parts: ForeignKeyParts, taken: set[str]
    ) -> Reference:
        target = None if parts.schema else self._targets.get(parts.table)
        if target is None or not target.migrated:
            return Reference(parts, target, why_left_out=said.ELSEWHERE)
        if frozenset(parts.referenced) not in target.keys:
            return Reference(parts, target, why_left_out=said.NO_KEY)
        column = table.column(parts.columns[0])
        key = identity(table)
        in_key = column.name in key if len(key) > 1 else not key and column.name == stand_in(table)
        several = len(parts.columns) > 1 or column.name in taken
        if several or in_key or column.parts.generated:
            return Reference(parts, target, is_object=True)
        known = self._known.get(table.name)
        if known and column.name in known.fields and column.name not in known.relations:
            return Reference(parts, target)  # code that is there takes the field for a value
        silent = self._is_djangos(table, parts)
        return Reference(parts, target, is_field=True, is_silent=silent)

    def _is_djangos(self, table: DescribedTable, parts: ForeignKeyParts) -> bool:
        """Is it called as Django would call it, with no rules that Django cannot say?"""
        suffix = f"_fk_{parts.table}_{parts.referenced[0]}"
        name = key_name(self._connection, table.name, parts.columns, suffix)
        return parts.name == name and not parts.rules
