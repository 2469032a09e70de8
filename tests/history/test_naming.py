"""Names of SQL migrations."""

from __future__ import annotations

import re
from unittest.mock import patch

import pytest

from nestflux.history.naming import codename, is_valid, numbered


def test_a_codename_is_an_adjective_and_a_hero() -> None:
    assert re.fullmatch(r"[a-z]+_[a-z]+", codename())


def test_every_adjective_makes_a_name_that_may_be_given_with_every_hero() -> None:
    with patch("random.choice", side_effect=lambda words: words[0]) as choice:
        codename()

    adjectives, heroes = (call.args[0] for call in choice.call_args_list)
    assert all(word.isalpha() and word.islower() for word in (*adjectives, *heroes))
    assert is_valid(f"{max(adjectives, key=len)}_{max(heroes, key=len)}")


def test_a_codename_is_not_given_twice() -> None:
    taken: list[str] = []
    for number in range(1, 500):
        taken.append(numbered(number, codename(taken)))

    assert len({name.split("_", 1)[1] for name in taken}) == len(taken)


def test_numbers_have_four_digits() -> None:
    assert numbered(4, "amazing_spiderman") == "0004_amazing_spiderman"
    assert numbered(12345, "x") == "12345_x"


@pytest.mark.parametrize("name", ["add_titles", "2fa", "a" * 59])
def test_names_that_may_be_given(name: str) -> None:
    assert is_valid(name)
    assert len(numbered(1, name)) <= 64


@pytest.mark.parametrize(
    "name", ["", "a" * 60, "Add", "add titles", "../x", "_x", "a-b", "a.sql", "é", "a\n"]
)
def test_names_that_may_not(name: str) -> None:
    assert not is_valid(name)
