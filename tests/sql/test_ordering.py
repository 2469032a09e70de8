"""Names in the order in which they can be made: each after those that it refers to."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from nestflux.sql.ordering import Ordered, parents_first

GRAPHS = st.dictionaries(st.sampled_from("abcdef"), st.frozensets(st.sampled_from("abcdefg")))


def test_parents_come_first_and_the_others_stay_in_their_order() -> None:
    refers_to = {"link": {"post", "tag"}, "post": {"user"}, "user": set[str](), "tag": set[str]()}

    assert parents_first(refers_to) == Ordered(("user", "tag", "post", "link"), whole=True)


def test_what_is_not_among_the_names_and_a_name_itself_do_not_count() -> None:
    assert parents_first({"b": {"b", "elsewhere"}, "a": {"a"}}) == Ordered(("b", "a"), whole=True)


def test_a_circle_is_broken_at_its_first_name_and_reported() -> None:
    refers_to = {"a": {"b"}, "b": {"a"}, "c": {"a"}, "d": set[str]()}

    assert parents_first(refers_to) == Ordered(("d", "a", "b", "c"), whole=False)


def test_a_circle_is_broken_at_one_name_and_no_more() -> None:
    refers_to = {"a": {"b"}, "b": {"c"}, "c": {"a"}}

    assert parents_first(refers_to) == Ordered(("a", "c", "b"), whole=False)


def test_no_names_at_all_are_whole() -> None:
    assert parents_first({}) == Ordered((), whole=True)


@given(GRAPHS)
def test_each_name_is_there_once_and_after_its_parents_unless_there_is_a_circle(
    refers_to: dict[str, frozenset[str]],
) -> None:
    found = parents_first(refers_to)

    assert sorted(found.order) == sorted(refers_to)
    if found.whole:
        place = {name: n for n, name in enumerate(found.order)}
        pairs = [(p, n) for n in refers_to for p in refers_to[n] - {n} if p in place]
        assert all(place[parent] < place[name] for parent, name in pairs)


@given(st.lists(st.sampled_from("abcdef"), min_size=2, unique=True))
def test_a_circle_of_any_length_is_reported(names: list[str]) -> None:
    ring = [*names, names[0]]

    assert not parents_first({name: {to} for name, to in pairwise(ring)}).whole
