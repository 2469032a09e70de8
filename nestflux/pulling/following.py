"""What has to change in a model so that it follows its table: the differences of one table, as
fields and entries of ``Meta``. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from nestflux.pulling.describing import DescribedTable
from nestflux.pulling.keys import made_by_server
from nestflux.pulling.modelling import ModelPlan
from nestflux.pulling.partitioning import CLASSES
from nestflux.pulling.python_text import Call
from nestflux.pulling.references import Known
from nestflux.pulling.round_trip import Difference
from nestflux.schema.objects import COLUMN, CONSTRAINT, INDEX, TABLE, ObjectKey
from nestflux.sql.definitions import foreign_key_parts, key_parts

PRIMARY = "the key of a model is changed by hand"
UNKNOWN = "no field and no entry of Meta stands for it alone"
NO_ENTRY = "db_pull has no entry of Meta for it"


@dataclass(frozen=True)
class ByHand:
    """What is not written: what it is about, why, and the text that would say it. ``whole``:
    nothing of the table is written."""

    about: ObjectKey
    why: str
    write: str = ""
    whole: bool = False

    def __str__(self) -> str:
        return f"{self.about}: {self.why}" + (f"; write: {self.write}" if self.write else "")

    def covers(self, key: ObjectKey) -> bool:
        """Is a difference of this object left with it?"""
        same = self.whole or key.name == self.about.name or key == self.about
        return key.holder_name == self.about.holder_name and same


@dataclass
class Wanted:
    """The changes of one model: columns of fields, and what stands in ``Meta.indexes`` and
    ``Meta.constraints``, by the object of the schema that it makes. ``comment``: the table's is
    another one."""

    added: list[str] = field(default_factory=list)
    replaced: dict[str, ObjectKey] = field(default_factory=dict)
    removed: dict[str, ObjectKey] = field(default_factory=dict)
    stated: dict[ObjectKey, Call] = field(default_factory=dict)
    dropped: set[ObjectKey] = field(default_factory=set)
    comment: bool = False
    by_hand: list[ByHand] = field(default_factory=list)


def wanted(
    table: DescribedTable,
    plan: ModelPlan,
    known: Known,
    entries: Sequence[ObjectKey],
    excuses: Mapping[ObjectKey, str],
    differences: Iterable[Difference],
) -> Wanted:
    """What has to change.

    Args:
        plan: the model as db_pull would write it of the table as it is.
        entries: what the model's ``Meta`` states already.
        excuses: what no model can say of the table, and why.
    """
    return _Following(table, plan, known, entries, excuses).follow(differences)


def entry_key(table: str, kind: str, name: str, sql: str = "") -> ObjectKey:
    """The object of the schema that an entry of ``Meta`` makes.

    Args:
        kind: the name of its class.
        sql: the server's words for it, of a class that says them.
    """
    kind = kind.rpartition(".")[2]
    if kind == "SqlTableOptions" or kind in CLASSES:
        return ObjectKey(TABLE, table)
    found = re.search("`((?:[^`]|``)+)`", sql)
    name = found[1].replace("``", "`") if found else name
    if sql.startswith("CONSTRAINT ") or kind.endswith("CheckConstraint"):
        return ObjectKey(CONSTRAINT, name, table)
    return ObjectKey(INDEX, name, table)


def key_of_entry(table: str, entry: Any) -> ObjectKey:
    """The object of the schema that an index or constraint of a model makes."""
    sql = getattr(entry, "sql", "")
    return entry_key(table, type(entry).__name__, entry.name, sql)


class _Following:
    def __init__(
        self,
        table: DescribedTable,
        plan: ModelPlan,
        known: Known,
        entries: Sequence[ObjectKey],
        excuses: Mapping[ObjectKey, str],
    ) -> None:
        self._table = table
        self._excuses = excuses
        self._known = known
        self._entries = set(entries)
        self._pulled: Mapping[ObjectKey, Call] = {
            _key_of_call(table.name, call): call
            for call in (*plan.rules.indexes, *plan.rules.constraints)
        }
        self._implied = made_by_server(table, table.foreign_keys)
        self._wanted = Wanted()

    def follow(self, differences: Iterable[Difference]) -> Wanted:
        by_key: dict[ObjectKey, list[Difference]] = {}
        for difference in differences:
            by_key.setdefault(difference.key, []).append(difference)
        for key in sorted(by_key, key=lambda each: each.kind != COLUMN):  # fields decide on keys
            self._decide(key, by_key[key])
        for column in (*self._wanted.replaced, *self._wanted.added):
            self._state_all_of(column)
        return self._wanted

    def _decide(self, key: ObjectKey, differences: Sequence[Difference]) -> None:
        live = any(each.live for each in differences)
        made = any(each.made for each in differences)
        if key.kind == COLUMN:
            self._column(key)
        elif key.kind == TABLE:
            self._options(key, {each.attribute for each in differences})
        elif key.kind not in (INDEX, CONSTRAINT):
            self._leave(key, PRIMARY)
        elif key in self._excuses:
            self._leave(key, self._excuses[key])
        elif live:
            self._there(key, differences[0].live)
        elif made:
            self._gone(key, differences[0].made)

    def _column(self, key: ObjectKey) -> None:
        there = {column.name for column in self._table.columns}
        if key.name not in there:
            self._wanted.removed[key.name] = key
        elif key.name in self._known.fields:
            self._wanted.replaced[key.name] = key
        else:
            self._wanted.added.append(key.name)

    def _options(self, key: ObjectKey, attributes: set[str]) -> None:
        if "comment" in attributes:
            self._wanted.comment = True
        if attributes - {"comment"}:
            if key in self._pulled:
                self._wanted.stated[key] = self._pulled[key]
            elif key in self._entries:
                self._wanted.dropped.add(key)
            else:
                self._leave(key, NO_ENTRY)

    def _there(self, key: ObjectKey, text: str) -> None:
        """An index or constraint that the database has, and the model not or otherwise."""
        if key in self._pulled:
            self._wanted.stated[key] = self._pulled[key]
            if key in self._entries:
                return
        elif key in self._entries:
            self._wanted.dropped.add(key)
        if key.kind == INDEX and key.name in self._implied:
            return  # its foreign key makes it
        if key not in self._pulled:
            self._by_field(key, text)

    def _gone(self, key: ObjectKey, text: str) -> None:
        """An index or constraint that the model makes, and the database does not have."""
        if key in self._entries:
            self._wanted.dropped.add(key)
            index = ObjectKey(INDEX, key.name, key.table)
            if index in self._pulled:  # what served a foreign key stands for itself now
                self._wanted.stated[index] = self._pulled[index]
        else:
            self._by_field(key, text)

    def _by_field(self, key: ObjectKey, text: str) -> None:
        """What a field states: ``unique``, ``db_index``, a relation, the check of its type."""
        columns = _columns_of(key, text)
        if columns and {*self._wanted.removed, *self._wanted.added}.issuperset(columns):
            return
        if len(columns) == 1 and columns[0] in self._known.fields:
            self._wanted.replaced.setdefault(columns[0], key)
        else:
            self._leave(key, UNKNOWN)

    def _state_all_of(self, column: str) -> None:
        """What the old statement of a field may have made by itself, and the new one does not."""
        for key in self._table.keys:
            found = ObjectKey(INDEX, key.name, self._table.name)
            if key.named == (column,) and found in self._pulled and found not in self._entries:
                self._wanted.stated[found] = self._pulled[found]

    def _leave(self, key: ObjectKey, why: str) -> None:
        self._wanted.by_hand.append(ByHand(key, why))


def _key_of_call(table: str, call: Call) -> ObjectKey:
    sql, name = call.keywords.get("sql", ""), call.keywords["name"]
    return entry_key(table, call.function, str(name), str(sql))


def _columns_of(key: ObjectKey, text: str) -> tuple[str, ...]:
    """The columns of a key, a foreign key, or the condition of a check."""
    if key.kind == INDEX:
        return key_parts(text).named
    if foreign := foreign_key_parts(text):
        return foreign.columns
    _, _, condition = text.partition(" CHECK ")
    return tuple(dict.fromkeys(re.findall("`((?:[^`]|``)+)`", condition)))
