"""Values: a function of seed, model, field and row number, the same in every version. No server."""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nestflux.seeding import generators as make
from nestflux.seeding.draws import BLOCK, Draws
from nestflux.seeding.generators import Generator
from nestflux.seeding.spreading import Permutation, Spread, by_weight
from nestflux.seeding.texts import KIND_NAMES, text

GENERATORS: dict[str, Generator] = {
    "whole": make.whole(1, 1000, lowest=-5, highest=10**9),
    "decimals": make.decimals(0, 9999, 2, -9999, 9999),
    "moments": make.moments(),
    "days": make.days(),
    "times": make.times(),
    "durations": make.durations(),
    "uuids": make.uuids(),
    "octets": make.octets(20),
    "v4": make.addresses(ipv6=False),
    "v6": make.addresses(ipv6=True),
    "choose": make.choose(["a", "b", "c"]),
    "shares": make.shares({"a": 1, "b": 8}),
    **{f"text {kind}": text(kind, 60) for kind in sorted(KIND_NAMES)},
}


def some(rows: range, key: str = "shop.Thing.name", seed: int = 7) -> Draws:
    return Draws(seed, key, rows)


@given(st.integers(0, 5 * BLOCK), st.integers(1, 2 * BLOCK), st.integers(0, 9))
def test_a_words_place_does_not_matter(start: int, count: int, seed: int) -> None:
    whole = Draws(seed, "k", range(8 * BLOCK)).words()

    assert Draws(seed, "k", range(start, start + count)).words() == whole[start : start + count]


def test_words_of_other_fields_seeds_streams_and_attempts_are_others() -> None:
    rows = range(50)
    found = [
        some(rows).words(),
        some(rows, key="shop.Thing.title").words(),
        some(rows, seed=8).words(),
        some(rows).words("nulls"),
        Draws(7, "shop.Thing.name", rows, attempt=1).words(),
        Draws(7, "shop.Thing.name", rows, attempt=2).words(),
    ]

    assert len({tuple(words) for words in found}) == len(found)


def digest(values: Sequence[Any]) -> str:
    return hashlib.sha256(repr(list(values)).encode()).hexdigest()[:12]


def test_generator_1_makes_these_values_for_good() -> None:
    """A change here gives users other rows for their seed: raise ``draws.GENERATOR`` with it."""
    found = {}
    for name, generator in GENERATORS.items():
        drawn = generator.draw(some(range(990, 1200)))
        distinct = (
            generator.distinct(some(range(40)), range(min(40, generator.size or 40)))
            if generator.distinct
            else ()
        )
        found[name] = f"{digest(drawn)} {digest(distinct)}"

    assert digest(sorted(found.items())) == "c494bb1de715", found


@pytest.mark.parametrize("name", sorted(GENERATORS.keys() - {"octets"}))
def test_distinct_values_differ_also_without_case(name: str) -> None:
    generator = GENERATORS[name]
    assert generator.distinct is not None
    count = min(3000, generator.size or 3000)

    values = generator.distinct(some(range(count)), range(count))

    assert len({str(value).casefold() for value in values}) == count


def test_distinct_bytes_differ() -> None:
    distinct = GENERATORS["octets"].distinct
    assert distinct is not None

    assert len(set(distinct(some(range(3000)), range(3000)))) == 3000


@pytest.mark.parametrize("kind", sorted(KIND_NAMES))
@pytest.mark.parametrize("longest", [1, 2, 5, 9, 13, 30])
def test_texts_fit_and_differ_however_short(kind: str, longest: int) -> None:
    generator = text(kind, longest)
    if generator.distinct is None:
        return  # said: a column that must be unique is refused
    size = min(2000, generator.size or 2000)

    values = generator.distinct(some(range(size)), range(size))

    assert len({value.casefold() for value in values}) == size
    assert max(map(len, values)) <= longest


def test_a_text_may_have_to_be_long() -> None:
    values = text("word", 50, 45).draw(some(range(100)))

    assert {45 <= len(value) <= 50 for value in values} == {True}


def test_whole_numbers_count_beyond_the_usual_ones() -> None:
    generator = make.whole(1, 3, lowest=-1, highest=5)
    assert generator.distinct is not None

    assert generator.distinct(some(range(7)), range(7)) == [1, 2, 3, 4, 5, 0, -1]
    assert generator.size == 7


def test_types_of_values() -> None:
    rows = some(range(3))

    assert {type(one) for one in make.uuids().draw(rows)} == {uuid.UUID}
    assert {type(one) for one in make.decimals(1, 9, 2, 1, 9).draw(rows)} == {Decimal}
    assert {type(one) for one in make.moments().draw(rows)} == {datetime}
    assert {one.version for one in make.uuids().draw(rows)} == {4}


@given(st.integers(1, 5000), st.text(max_size=5))
def test_a_permutation_reaches_every_number_once(size: int, key: str) -> None:
    assert sorted(Permutation.of(size, key).at(range(size))) == list(range(size))


def test_zipf_takes_the_second_choice_half_as_often() -> None:
    pick = Spread(1).over(100, "k")
    words = [
        word
        for start in range(20)
        for word in some(range(start * 1000, start * 1000 + 1000)).words()
    ]

    counts = sorted(map(pick(words).count, range(100)), reverse=True)

    assert counts[0] / counts[1] == pytest.approx(2, rel=0.15)
    assert counts[0] / counts[3] == pytest.approx(4, rel=0.2)


def test_shares_are_kept() -> None:
    pick = by_weight([1, 0, 3])

    indexes = pick(some(range(4000)).words())

    assert indexes.count(1) == 0
    assert indexes.count(2) / indexes.count(0) == pytest.approx(3, rel=0.15)
