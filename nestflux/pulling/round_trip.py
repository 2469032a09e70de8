"""The round trip: the schema that the written models give, against the live one. Pure.

Compared is attribute by attribute: a remark excuses the one difference that it names, and no other
of the same column or table.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from nestflux.pulling import remarks as said
from nestflux.pulling.remarks import Excuse, Remark
from nestflux.schema.compare import same_columns
from nestflux.schema.diff import Definitions, Delta
from nestflux.schema.equivalence import same_but_for_ranges
from nestflux.schema.objects import ORDER, TABLE, ObjectKey
from nestflux.sql.definitions import attributes

_WHOLE = "definition"
_NULL = "NULL"  # what stands where a nullable column has no other default


@dataclass(frozen=True)
class Difference:
    """What one attribute of an object is in the database and what the models make; empty where it
    is not there."""

    key: ObjectKey
    attribute: str
    live: str
    made: str

    def __str__(self) -> str:
        what = f"{self.key}" if self.attribute == _WHOLE else f"{self.key}, {self.attribute}"
        if not self.made:
            return f"missing: {what}: {self.live}"
        if not self.live:
            return f"not in the database: {what}: {self.made}"
        return f"differs: {what}: {self.live}, and by the models: {self.made}"


def as_texts(found: Difference) -> dict[str, str]:
    """For JSON."""
    return {**vars(found), "key": str(found.key)}


@dataclass(frozen=True)
class Proof:
    """The outcome. ``differences`` are those that no remark excuses, ``excused`` the others;
    ``remarks`` are those that only the round trip could find."""

    differences: tuple[Difference, ...]
    excused: tuple[Difference, ...]
    remarks: tuple[Remark, ...]


def compare(
    live: Definitions, made: Definitions, tables: Iterable[str], remarks: Iterable[Remark]
) -> Proof:
    """Compare what is there of ``tables`` with what the models made of them."""
    names = list(tables)
    changes = Delta.between(_only(live, names), _only(made, names)).changes
    excuses = {remark.excuse for remark in remarks if remark.excuse}
    differences, excused, found = [], [], []
    for key, (wanted, given) in changes.items():
        if key.kind == ORDER:
            if same_columns(wanted, given):
                found.append(Remark(said.ORDER, key.table))
            continue  # otherwise a column is reported
        if key.is_table and same_but_for_ranges(wanted, given):
            continue  # what comes and goes is nothing that a model says
        for difference in _differences(key, wanted, given):
            excuse = Excuse(key, difference.attribute, difference.live)
            if difference.made in ("", _NULL) and excuse in excuses:
                excused.append(difference)
            else:
                differences.append(difference)
    return Proof(tuple(differences), tuple(excused), tuple(found))


def _differences(key: ObjectKey, wanted: str | None, given: str | None) -> Iterator[Difference]:
    if wanted is None or given is None:
        yield Difference(key, _WHOLE, wanted or "", given or "")
        return
    live, made = attributes(key.kind, wanted), attributes(key.kind, given)
    for name in dict.fromkeys((*live, *made)):
        if live.get(name) != made.get(name):
            yield Difference(key, name, live.get(name, ""), made.get(name, ""))
    if live == made:  # the same attributes in another order, or what nobody took apart
        yield Difference(key, _WHOLE, wanted, given)


def _only(definitions: Definitions, tables: Iterable[str]) -> Definitions:
    heads = {ObjectKey(TABLE, name) for name in tables}
    return {key: text for key, text in definitions.items() if key.holder in heads}
