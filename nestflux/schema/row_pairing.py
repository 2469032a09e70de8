"""Which row of one run is which of another, where the same steps ran twice. Pure.

Rows are paired by a key that both runs filled alike. A uuid that is another in each run is known by
the one that it was paired with, wherever it stands; so a row that refers to a row with such a key
is paired by what it refers to.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from nestflux.schema.rows import TableRows
from nestflux.sql.ordering import parents_first

# As Python and the servers write them: with dashes, without, and as sixteen bytes.
_UUID = re.compile(
    r"'(?P<dashed>[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})'"
    r"|'(?P<hex>[0-9a-f]{32})'|X'(?P<bytes>[0-9a-f]{32})'"
)

Label = tuple[object, ...]
Pairs = tuple[tuple[int, int], ...]


@dataclass(frozen=True)
class Uuid:
    """A literal that has the form of a uuid: ``form`` is ``dashed``, ``hex`` or ``bytes``."""

    form: str
    value: str


def uuid_in(text: str) -> Uuid | None:
    """The uuid that a literal may be."""
    if len(text) not in (34, 35, 38):
        return None
    if not (match := _UUID.fullmatch(text)) or match.lastgroup is None:
        return None
    return Uuid(match.lastgroup, match[match.lastgroup].replace("-", ""))


@dataclass(frozen=True)
class Comparison:
    """Two runs, table by table.

    ``columns``: those that differ, but for uuids that have a counterpart and for counters that were
    given in another order. ``uneven``: tables with another number of rows. ``pairs``: which row is
    which. ``uuids``: those of the first run that are others in the second.
    """

    columns: Mapping[str, frozenset[str]]
    uneven: frozenset[str]
    pairs: Mapping[str, Pairs]
    uuids: frozenset[str]


def compare_rows(one: Mapping[str, TableRows], other: Mapping[str, TableRows]) -> Comparison:
    """Pair the rows of two runs. A table refers to others by its foreign keys, or by any column
    that holds the uuid of another row: so all are looked at again once the uuids are known."""
    comparing = _Comparing()
    comparing.run(one, other)
    comparing.learns_from_all = True
    return comparing.run(one, other)


@dataclass
class _Comparing:
    """What is known so far: uuids by their counterparts, and keys by the row that they lead to."""

    forward: dict[str, str] = field(default_factory=dict)
    backward: dict[str, str] = field(default_factory=dict)
    rows_of_keys: dict[tuple[str, str], tuple[Mapping[str, int], Mapping[str, int]]] = field(
        default_factory=dict
    )
    learns_from_all: bool = False

    def run(self, one: Mapping[str, TableRows], other: Mapping[str, TableRows]) -> Comparison:
        columns: dict[str, frozenset[str]] = {}
        pairs: dict[str, Pairs] = {}
        uneven: set[str] = set()
        self.rows_of_keys.clear()
        known = {**other, **one}
        parents = {name: {to[0] for _, to in t.references} for name, t in sorted(known.items())}
        for table in parents_first(parents).order:
            first, second = one.get(table), other.get(table)
            if first is None or second is None or len(first.rows) != len(second.rows):
                uneven.add(table)
                continue
            if first.rows == second.rows and not self._holds_known(first):
                pairs[table] = _in_place(first)
                self._learn(first, second, pairs[table])
                continue
            pairs[table], is_sure = self._pair(first, second)
            if is_sure or self.learns_from_all:
                self._learn(first, second, pairs[table])
            differing = self._differing(first, second, pairs[table])
            self._remember_keys(first, second, pairs[table], differing)
            if varying := differing - _reordered(first, second, differing):
                columns[table] = varying
        uuids = frozenset(a for a, b in self.forward.items() if a != b)
        return Comparison(columns, frozenset(uneven), pairs, uuids)

    def _holds_known(self, rows: TableRows) -> bool:
        """Does it hold a uuid that is another one in the other run?"""
        for row in rows.rows:
            for value in row:
                if uuid := uuid_in(value):
                    if self.forward.get(uuid.value, uuid.value) != uuid.value:
                        return True
                    if self.backward.get(uuid.value, uuid.value) != uuid.value:
                        return True
        return False

    # ---- pairing ---------------------------------------------------------------------------

    def _pair(self, first: TableRows, second: TableRows) -> tuple[Pairs, bool]:
        """The pairing that leaves the fewest columns different; is it by what tells rows apart?"""
        ours, theirs = self._labels(first, 0), self._labels(second, 1)
        best, is_sure, fewest = _in_place(first), False, len(first.columns) + 1
        for pairs, sure in _candidates(first, ours, theirs):
            varying = frozenset(
                column.name
                for index, column in enumerate(first.columns)
                if any(ours[a][index] != theirs[b][index] for a, b in pairs)
            )
            differing = len(varying - _reordered(first, second, varying))
            if differing < fewest or (differing == fewest and sure > is_sure):
                best, is_sure, fewest = pairs, sure, differing
            if not differing:
                break
        return best, is_sure

    def _labels(self, rows: TableRows, run: int) -> list[tuple[Label, ...]]:
        references = dict(rows.references)
        keys = [self.rows_of_keys.get(references.get(c.name, ("", ""))) for c in rows.columns]
        return [
            tuple(self._label(v, run, key) for v, key in zip(row, keys, strict=True))
            for row in rows.rows
        ]

    def _label(
        self, value: str, run: int, rows: tuple[Mapping[str, int], Mapping[str, int]] | None
    ) -> Label:
        """What a value is in either run: itself, a pair of uuids, or the row that it leads to."""
        if rows is not None and value in rows[run]:
            return ("row", rows[run][value])
        if uuid := uuid_in(value):
            known = self.backward.get(uuid.value) if run else uuid.value
            if known in self.forward:
                return (uuid.form, known)
        return (value,)

    def _differing(self, first: TableRows, second: TableRows, pairs: Pairs) -> frozenset[str]:
        ours, theirs = self._labels(first, 0), self._labels(second, 1)
        return frozenset(
            column.name
            for index, column in enumerate(first.columns)
            if any(ours[a][index] != theirs[b][index] for a, b in pairs)
        )

    # ---- what is learned -------------------------------------------------------------------

    def _learn(self, first: TableRows, second: TableRows, pairs: Pairs) -> None:
        for a, b in pairs:
            for ours, theirs in zip(first.rows[a], second.rows[b], strict=True):
                one, other = uuid_in(ours), uuid_in(theirs)
                if one is None or other is None or one.form != other.form:
                    continue
                if one.value not in self.forward and other.value not in self.backward:
                    self.forward[one.value] = other.value
                    self.backward[other.value] = one.value

    def _remember_keys(
        self, first: TableRows, second: TableRows, pairs: Pairs, differing: frozenset[str]
    ) -> None:
        """Where keys differ that are no uuids, those who refer to them are known by the row."""
        for index, column in enumerate(first.columns):
            if column.referenced and column.name in differing:
                self.rows_of_keys[first.table, column.name] = (
                    {first.rows[a][index]: n for n, (a, _) in enumerate(pairs)},
                    {second.rows[b][index]: n for n, (_, b) in enumerate(pairs)},
                )


def _candidates(
    rows: TableRows, ours: Sequence[tuple[Label, ...]], theirs: Sequence[tuple[Label, ...]]
) -> Iterator[tuple[Pairs, bool]]:
    """Pairings by each unique key whose values are the same in both runs; then by the columns that
    do not vary, as far as these tell rows apart; then by place."""
    places = {column.name: index for index, column in enumerate(rows.columns)}
    for key in rows.keys:
        if not set(key) <= places.keys():
            continue
        indexes = [places[name] for name in key]
        a, b = _by(ours, indexes), _by(theirs, indexes)
        if len(a) == len(ours) and a.keys() == b.keys():
            yield tuple((a[each][0], b[each][0]) for each in a), True
    stable = [
        index
        for index in places.values()
        if Counter(row[index] for row in ours) == Counter(row[index] for row in theirs)
    ]
    a, b = _by(ours, stable), _by(theirs, stable)
    if {each: len(n) for each, n in a.items()} == {each: len(n) for each, n in b.items()}:
        pairs = tuple(pair for each in a for pair in zip(a[each], b[each], strict=True))
        yield pairs, len(a) == len(ours)
    yield _in_place(rows), False


def _in_place(rows: TableRows) -> Pairs:
    return tuple((n, n) for n in range(len(rows.rows)))


def _by(
    rows: Sequence[tuple[Label, ...]], indexes: Sequence[int]
) -> dict[tuple[Label, ...], list[int]]:
    found: dict[tuple[Label, ...], list[int]] = {}
    for number, row in enumerate(rows):
        found.setdefault(tuple(row[index] for index in indexes), []).append(number)
    return found


def _reordered(first: TableRows, second: TableRows, differing: frozenset[str]) -> frozenset[str]:
    """Counters that gave the same numbers, to the rows in another order: either order is true."""
    return frozenset(
        column.name
        for index, column in enumerate(first.columns)
        if column.name in differing
        and column.counted
        and {row[index] for row in first.rows} == {row[index] for row in second.rows}
    )
