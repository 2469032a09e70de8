"""Which columns make the rows of a table differ, where they must: indexes of choices for each row.

A unique key is kept by one column whose values all differ, where it has one that can; otherwise by
the columns together: the rows run through the combinations of their choices. Pure functions of the
number of choices of each column.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from math import prod

from nestflux.seeding.draws import Draws
from nestflux.seeding.spreading import Permutation, Pick

# The indexes of a column's choices for some rows.
Indexes = Callable[[range], Sequence[int]]
_TRIES = 300


@dataclass(frozen=True)
class Choices:
    """What a column can choose among.

    Args:
        size: the number of choices; None: more than there are rows.
        free: may the column count its rows up? Not a foreign key, which would then use each
            parent once.
        per_parent: of the column that says to which parent a row belongs: rows each parent has.
        pick: how words become indexes; None: evenly.
        of_run: are the choices rows of this run? Then they begin with its first row; others go on
            behind those that the rows of an earlier run have.
    """

    size: int | None
    free: bool = True
    per_parent: int = 0
    pick: Pick | None = None
    of_run: bool = False


class TooFew(Exception):
    """There are fewer combinations than rows. ``fields``: of which columns; ``most``: how many."""

    def __init__(self, fields: Sequence[str], most: int) -> None:
        self.fields = tuple(fields)
        self.most = most
        super().__init__(", ".join(fields))


@dataclass
class _Assignment:
    keys: Sequence[frozenset[str]]
    choices: Mapping[str, Choices]
    rows: range
    seed: int
    label: str
    found: dict[str, Indexes] = field(default_factory=dict)


def assigned(
    keys: Sequence[frozenset[str]],
    choices: Mapping[str, Choices],
    rows: range,
    *,
    seed: int,
    label: str,
) -> dict[str, Indexes]:
    """The columns that cannot be drawn freely, each with its indexes.

    Args:
        keys: the unique keys of a table, as sets of columns.
        choices: of every column.
        rows: the numbers of the rows that are made.
        label: of the model, for what is drawn.

    Raises TooFew.
    """
    work = _Assignment(keys, choices, rows, seed, label)
    for name, choice in choices.items():
        if choice.per_parent:
            work.found[name] = _by_parent(rows.start, choice.per_parent)
    alone: set[str] = set()
    for key in sorted(keys, key=lambda key: (len(key), sorted(key))):
        if key & alone:
            continue
        one = _one_that_can(work, key)
        if one is not None:
            alone.add(one)
            work.found[one] = _counting(_first(work, {one}))
    together = [key for key in keys if not key & alone]
    for cluster in _clusters(together):
        _assign_cluster(work, cluster)
    return work.found


def _first(work: _Assignment, names: Collection[str]) -> int:
    """The row that has the first choice of these columns together."""
    return work.rows.start if any(work.choices[name].of_run for name in names) else 0


def _counting(start: int) -> Indexes:
    return lambda rows: [row - start for row in rows]


def _by_parent(start: int, each: int) -> Indexes:
    return lambda rows: [(row - start) // each for row in rows]


def _one_that_can(work: _Assignment, key: frozenset[str]) -> str | None:
    """A column whose values can all differ: the one with the most choices. Raises TooFew where the
    key is that column alone and it cannot."""
    if len(key) == 1:
        (name,) = key
        size, first = work.choices[name].size, _first(work, key)
        if size is not None and size < work.rows.stop - first:
            raise TooFew((name,), max(0, size - (work.rows.start - first)))
        return name
    able = [
        name
        for name in sorted(key)
        if (choice := work.choices[name]).free
        and (choice.size is None or choice.size >= work.rows.stop - _first(work, {name}))
    ]
    return max(able, key=lambda name: work.choices[name].size or 2**64, default=None)


def _clusters(keys: Sequence[frozenset[str]]) -> list[list[frozenset[str]]]:
    """Keys that share columns, together."""
    found: list[list[frozenset[str]]] = []
    for key in keys:
        touching = [one for one in found if any(key & other for other in one)]
        found = [one for one in found if one not in touching]
        found.append([*(other for one in touching for other in one), key])
    return found


def _assign_cluster(work: _Assignment, cluster: Sequence[frozenset[str]]) -> None:
    core = frozenset.intersection(*cluster) if len(cluster) > 1 else frozenset()
    names = frozenset.union(*cluster)
    parents = {name for name in names if work.choices[name].per_parent}
    if parents:
        core = frozenset(parents)
    rests = [key - core for key in cluster]
    overlapping = sum(map(len, rests)) != len(frozenset.union(*rests))
    shared = all(core <= key for key in cluster) and (core or len(cluster) == 1)
    drawn = any(work.choices[name].pick for name in names)
    if not shared or overlapping or not all(rests) or (drawn and not parents) or len(parents) > 1:
        _search(work, cluster)
        return
    sizes = {name: work.choices[name].size or len(work.rows) for name in names}
    most = min(prod(sizes[name] for name in rest) for rest in rests)
    if parents:
        (parent,) = parents
        each = work.choices[parent].per_parent
        if each > most:
            smallest = min(rests, key=lambda rest: prod(sizes[name] for name in rest))
            raise TooFew((parent, *sorted(smallest)), most * (len(work.rows) // each))
        _combine(work, core, rests, sizes, _of_parents(work.rows.start, each))
        return
    groups = prod(sizes[name] for name in core)
    start = _first(work, names)
    if groups * most < work.rows.stop - start:
        raise TooFew(sorted(names), max(0, groups * most - (work.rows.start - start)))
    order = Permutation.of(groups * most, f"{work.seed}:{work.label}:{sorted(names)}")
    _combine(work, core, rests, sizes, _of_order(start, order, groups))


# The group of a row, and its number within the group.
_Place = Callable[[range], Sequence[tuple[int, int]]]


def _of_parents(start: int, each: int) -> _Place:
    return lambda rows: [divmod(row - start, each) for row in rows]


def _of_order(start: int, order: Permutation, groups: int) -> _Place:
    def places(rows: range) -> Sequence[tuple[int, int]]:
        mixed = order.at([row - start for row in rows])
        return [(one % groups, one // groups) for one in mixed]

    return places


def _combine(
    work: _Assignment,
    core: frozenset[str],
    rests: Sequence[frozenset[str]],
    sizes: Mapping[str, int],
    place: _Place,
) -> None:
    """Columns of the core by the group; each rest by the number within it, beginning at another
    place in each group. Within a group no two numbers give the same combination of a rest."""
    for name, divisor in _digits(sorted(core), sizes):
        if name not in work.found:
            work.found[name] = _group_digit(place, divisor, sizes[name])
    for rest in rests:
        size = prod(sizes[name] for name in rest)
        order = Permutation.of(size, f"{work.seed}:{work.label}:{sorted(rest)}")
        for name, divisor in _digits(sorted(rest), sizes):
            work.found[name] = _rest_digit(place, order, divisor, sizes[name])


def _digits(names: Sequence[str], sizes: Mapping[str, int]) -> list[tuple[str, int]]:
    """A number as digits, one a column: by what each is divided."""
    found, divisor = [], 1
    for name in names:
        found.append((name, divisor))
        divisor *= sizes[name]
    return found


def _group_digit(place: _Place, divisor: int, size: int) -> Indexes:
    return lambda rows: [group // divisor % size for group, _ in place(rows)]


def _rest_digit(place: _Place, order: Permutation, divisor: int, size: int) -> Indexes:
    # A multiple of an odd number near 2**64 times the golden ratio scatters the groups.
    scatter = 0x9E3779B97F4A7C15

    def indexes(rows: range) -> list[int]:
        whole = [(group * scatter >> 16) % order.size + number for group, number in place(rows)]
        return [one // divisor % size for one in order.at(whole)]

    return indexes


def _search(work: _Assignment, cluster: Sequence[frozenset[str]]) -> None:
    """Any other kind of keys: the rows are drawn one after the other, and again where they are not
    new. All rows at once, so that batches do not matter."""
    names = sorted(frozenset.union(*cluster))
    taken: list[set[tuple[int, ...]]] = [set() for _ in cluster]
    columns: dict[str, list[int]] = {name: [] for name in names}
    for row in work.rows:
        chosen = _new_combination(work, cluster, names, taken, row)
        if chosen is None:
            raise TooFew(names, row - work.rows.start)
        for name in names:
            columns[name].append(chosen[name])
    start = work.rows.start
    for name in names:
        if name not in work.found:
            work.found[name] = _listed(columns[name], start)


def _listed(values: Sequence[int], start: int) -> Indexes:
    return lambda rows: values[rows.start - start : rows.stop - start]


def _new_combination(
    work: _Assignment,
    cluster: Sequence[frozenset[str]],
    names: Sequence[str],
    taken: Sequence[set[tuple[int, ...]]],
    row: int,
) -> dict[str, int] | None:
    for attempt in range(1, _TRIES):
        draws = Draws(work.seed, f"{work.label}.unique", range(row, row + 1), attempt)
        chosen = {name: _index(work, name, draws) for name in names}
        combinations = [tuple(chosen[name] for name in sorted(key)) for key in cluster]
        if not any(one in seen for one, seen in zip(combinations, taken, strict=True)):
            for one, seen in zip(combinations, taken, strict=True):
                seen.add(one)
            return chosen
    return None


def _index(work: _Assignment, name: str, draws: Draws) -> int:
    choice = work.choices[name]
    if choice.per_parent:
        return (draws.rows.start - work.rows.start) // choice.per_parent
    words = draws.words(name)
    if choice.pick is not None:
        return choice.pick(words)[0]
    return words[0] % (choice.size or len(work.rows))
