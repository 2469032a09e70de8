"""The brackets of a text: depth, mates, and the parts between commas."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nestflux.sql.brackets import apart, first_bracket, inside, mate, split, with_depth
from nestflux.sql.lexer import Token, text_of, tokens
from tests.sql.texts import AWKWARD

# Brackets and commas that are none: in strings, names, comments.
HIDDEN = [
    "'(a, b'",
    "')'",
    '"),("',
    "`(`",
    "`a),``b`",
    "/* ( , */",
    "/*! ) */",
    "-- ),(\n",
    "# (\n",
]
PLAIN = ["a", "1", "=", "''", "-", ".", " "]


def _parts(depth: int = 3) -> st.SearchStrategy[str]:
    """Text without a comma of its own outside brackets; what is opened is closed."""
    pieces = st.sampled_from(HIDDEN) | st.sampled_from(PLAIN)
    if depth:
        pieces |= st.lists(_parts(depth - 1), max_size=3).map(lambda each: f"({','.join(each)})")
    return st.lists(pieces, max_size=3).map(" ".join)


PARTS = _parts()


def lexed(text: str) -> list[Token]:
    return list(tokens(text))


@given(st.lists(PARTS, min_size=1, max_size=4))
def test_a_text_is_split_at_the_commas_outside_brackets(written: list[str]) -> None:
    assert [text_of(part) for part in split(lexed(",".join(written)))] == [
        text_of(lexed(part)) for part in written
    ]


@given(PARTS, PARTS, PARTS)
def test_a_bracket_has_its_mate(before: str, held: str, behind: str) -> None:
    found = lexed(f"{before} ({held}) {behind}")
    opening = len(lexed(f"{before} "))
    closing = mate(found, opening)

    assert found[opening].text == "("
    assert (found[closing].text, found[closing].start) == (")", len(f"{before} ({held}"))
    assert text_of(inside(found, opening)) == text_of(lexed(held))


@given(st.lists(PARTS, max_size=3), PARTS, st.sampled_from(PLAIN), st.sampled_from(HIDDEN))
def test_a_text_comes_apart_at_its_first_brackets(
    held: list[str], behind: str, word: str, hidden: str
) -> None:
    found = lexed(f"{word} {hidden} ({','.join(held)}){behind}")
    head, inner, rest = apart(found)

    assert [*head, found[len(head)], *inner, found[len(head) + len(inner) + 1], *rest] == found
    assert text_of(head) == f"{word} {hidden}".strip()
    assert text_of(rest) == text_of(lexed(behind))


@given(st.text(st.one_of(st.sampled_from((*AWKWARD, ",")), st.characters(codec="utf-8"))))
def test_no_token_is_lost_however_brackets_stand(text: str) -> None:
    found = lexed(text)
    commas = sum(token.text == "," and depth == 0 for token, depth in with_depth(found))
    found_parts = split(found)

    assert [token for token, _ in with_depth(found)] == found
    assert len(found_parts) == commas + 1
    assert sum(map(len, found_parts)) == len(found) - commas


@pytest.mark.parametrize(
    ("text", "depths"),
    [
        ("a(b(c),d)e", [0, 0, 1, 1, 2, 1, 1, 1, 0, 0]),
        ("a)b(c", [0, -1, -1, -1, 0]),
        ("((", [0, 1]),
        ("'('`(`/*(*/", [0, 0, 0]),
        ("", []),
    ],
)
def test_how_deep_tokens_stand(text: str, depths: list[int]) -> None:
    assert [depth for _, depth in with_depth(tokens(text))] == depths


def test_what_is_never_closed_goes_on_to_the_end() -> None:
    found = lexed("a (b, (c)")

    assert mate(found, 2) == len(found)
    assert text_of(inside(found, 2)) == "b, (c)"
    assert [text_of(part) for part in split(found)] == ["a (b, (c)"]
    with pytest.raises(ValueError, match=r"no brackets in a \(b, \(c\)"):
        apart(found)


def test_what_closes_nothing_ends_no_part() -> None:
    assert [text_of(part) for part in split(lexed("a, b), c"))] == ["a", "b), c"]
    assert text_of(apart(lexed(") (a) b"))[1]) == "a"


def test_a_text_without_brackets() -> None:
    found = lexed("a `(`")

    assert first_bracket(found) == mate(found, first_bracket(found)) == len(found)
    assert list(inside(found, len(found))) == []
    with pytest.raises(ValueError, match="no brackets in a `"):
        apart(found)
