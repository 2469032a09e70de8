"""Pure decisions: which order, which row has which choice, which row keeps a constraint."""

from __future__ import annotations

from itertools import pairwise, product
from math import prod
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nestflux.exceptions import CannotSeed
from nestflux.seeding.ordering import Need, ordered
from nestflux.seeding.spreading import Spread
from nestflux.seeding.uniqueness import Choices, TooFew, assigned


def combinations(
    keys: list[set[str]], choices: dict[str, Choices], rows: range, step: int = 7
) -> list[dict[str, int]]:
    """The indexes of each row, asked for in pieces."""
    frozen = [frozenset(key) for key in keys]
    found = assigned(frozen, choices, rows, seed=7, label="shop.Thing")
    pieces = [range(at, min(at + step, rows.stop)) for at in range(rows.start, rows.stop, step)]
    columns = {
        name: [index for piece in pieces for index in indexes(piece)]
        for name, indexes in found.items()
    }
    return [{name: values[place] for name, values in columns.items()} for place in range(len(rows))]


def assert_unique(keys: list[set[str]], rows: list[dict[str, int]]) -> None:
    for key in keys:
        seen = [tuple(row[name] for name in sorted(key)) for row in rows if key <= row.keys()]
        assert len(set(seen)) == len(seen), key


@given(st.lists(st.integers(1, 9), min_size=1, max_size=3), st.data())
def test_a_key_is_filled_to_the_last_combination(sizes: list[int], data: st.DataObject) -> None:
    choices = {f"c{n}": Choices(size, free=False) for n, size in enumerate(sizes)}
    rows = range(data.draw(st.integers(0, prod(sizes))))
    key = set(choices)

    found = combinations([key], choices, rows)

    assert_unique([key], found)
    for row in found:
        assert all(0 <= index < (choices[name].size or 0) for name, index in row.items())


@given(st.integers(1, 6), st.integers(1, 6), st.integers(1, 6))
def test_two_keys_that_share_a_column(tenants: int, numbers: int, names: int) -> None:
    choices = {
        "tenant": Choices(tenants, free=False),
        "number": Choices(numbers, free=False),
        "name": Choices(names, free=False),
    }
    keys = [{"tenant", "number"}, {"tenant", "name"}]
    most = tenants * min(numbers, names)

    assert_unique(keys, combinations(keys, choices, range(most)))
    with pytest.raises(TooFew):
        combinations(keys, choices, range(most + 1))


def test_a_column_that_can_count_makes_all_its_keys_differ() -> None:
    choices = {"tenant": Choices(3, free=False), "number": Choices(None), "name": Choices(None)}
    keys = [{"tenant", "number"}, {"tenant", "name"}]

    found = assigned(list(map(frozenset, keys)), choices, range(5, 9), seed=7, label="x")

    assert found.keys() == {"number", "name"}
    assert list(found["number"](range(6, 9))) == [6, 7, 8]


def test_choices_that_are_rows_of_the_run_begin_with_it() -> None:
    choices = {"user": Choices(4, free=False, of_run=True), "flag": Choices(6)}
    keys = [frozenset({"user"}), frozenset({"flag"})]

    found = assigned(keys, choices, range(2, 6), seed=7, label="x")

    assert list(found["user"](range(2, 6))) == [0, 1, 2, 3]
    assert list(found["flag"](range(2, 6))) == [2, 3, 4, 5]
    with pytest.raises(TooFew) as refused:
        assigned(keys, choices, range(3, 7), seed=7, label="x")
    assert (refused.value.fields, refused.value.most) == (("flag",), 3)


def test_keys_in_a_ring_are_searched() -> None:
    choices = {name: Choices(12, free=False) for name in "abc"}
    keys = [{"a", "b"}, {"b", "c"}, {"a", "c"}]

    assert_unique(keys, combinations(keys, choices, range(60)))


def test_a_skewed_column_in_a_key_keeps_its_distribution() -> None:
    skewed = Choices(50, free=False, pick=Spread(1).over(50, "k"))
    choices = {"user": skewed, "role": Choices(40, free=False)}

    found = combinations([{"user", "role"}], choices, range(300))

    assert_unique([{"user", "role"}], found)
    counts = sorted(([row["user"] for row in found].count(n) for n in range(50)), reverse=True)
    assert counts[0] > 3 * counts[20]


def test_rows_for_each_parent_within_a_key() -> None:
    choices = {"post": Choices(10, free=False, per_parent=4), "tag": Choices(5, free=False)}

    found = combinations([{"post", "tag"}], choices, range(40))

    assert_unique([{"post", "tag"}], found)
    assert [row["post"] for row in found] == [n // 4 for n in range(40)]
    many = {"post": Choices(10, free=False, per_parent=6), "tag": Choices(5, free=False)}
    with pytest.raises(TooFew) as refused:
        combinations([{"post", "tag"}], many, range(60))
    assert refused.value.most == 50


def test_a_column_with_too_few_values() -> None:
    with pytest.raises(TooFew) as refused:
        combinations([{"flag"}], {"flag": Choices(2)}, range(3))

    assert (refused.value.fields, refused.value.most) == (("flag",), 2)


# ---- order ----------------------------------------------------------------------------------


def need(text: str) -> Need:
    """``a.x->b``, or ``a.x=>b`` for one that may not be NULL."""
    required = "=>" in text
    left, parent = text.split("=>" if required else "->")
    child, field = left.split(".")
    return Need(child, field, parent, required)


@pytest.mark.parametrize(
    ("labels", "needs", "order", "later"),
    [
        ("a b", "", "a b", ""),
        ("a b", "a.x=>b", "b a", ""),
        ("a b c", "a.x=>b b.y->c", "c b a", ""),
        ("a b", "a.x->b b.y=>a", "a b", "a.x"),
        ("a b", "a.x->b b.y->a", "a b", "a.x"),
        ("a", "a.x=>a", "a", ""),
        ("a b c", "a.x=>b b.y=>c c.z->a", "c b a", "c.z"),
        ("a b", "a.x=>b a.y->b b.z->a", "b a", "b.z"),
        ("a b c d", "a.x=>b b.y->a c.z=>d d.w->c", "b a d c", "b.y d.w"),
    ],
)
def test_orders(labels: str, needs: str, order: str, later: str) -> None:
    found = ordered(labels.split(), map(need, needs.split()))

    assert " ".join(found.labels) == order
    assert " ".join(sorted(".".join(one) for one in found.later)) == later


@given(st.data())
def test_parents_come_first_or_their_key_waits(data: st.DataObject) -> None:
    labels = list("abcdef")
    pairs = [pair for pair in product(labels, labels) if pair[0] < pair[1]]
    required = [Need(b, f"r{a}", a, True) for a, b in data.draw(st.lists(st.sampled_from(pairs)))]
    optional = [Need(a, f"o{b}", b, False) for a, b in data.draw(st.lists(st.sampled_from(pairs)))]

    found = ordered(data.draw(st.permutations(labels)), [*required, *optional])

    for one in (*required, *optional):
        place = found.labels.index
        waits = (one.child, one.field) in found.later
        assert waits or place(one.parent) < place(one.child)
        assert not (waits and one.required)


def test_a_circle_of_required_keys_is_named() -> None:
    with pytest.raises(CannotSeed, match=r"a\.x -> b\.y -> a\."):
        ordered(["a", "b", "c"], map(need, "a.x=>b b.y=>a c.z=>a".split()))


def test_pieces_of_a_permutation_join() -> None:
    choices: dict[str, Any] = {"a": Choices(100, free=False), "b": Choices(100, free=False)}
    whole = combinations([{"a", "b"}], choices, range(500), step=500)

    assert combinations([{"a", "b"}], choices, range(500), step=13) == whole
    assert all(one != other for one, other in pairwise(whole))
