"""One way through the brackets of MySQL text: how deep a token stands, and what a pair holds.

A string, a quoted name and a comment are one token each (``lexer.py``), so that no bracket in them
counts; nor does one in ``/*! … */``, which is a text of its own.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import islice

from nestflux.sql.lexer import Token


def with_depth(found: Iterable[Token]) -> Iterator[tuple[Token, int]]:
    """Each token and the number of brackets around it; a bracket stands outside its own pair.

    From a ``)`` on that closes nothing the number is below zero.
    """
    depth = 0
    for token in found:
        if token.text == ")":
            depth -= 1
        yield token, depth
        if token.text == "(":
            depth += 1


def first_bracket(found: Sequence[Token]) -> int:
    """Where the first ``(`` stands; the end of the tokens where there is none."""
    return next((index for index, token in enumerate(found) if token.text == "("), len(found))


def mate(found: Sequence[Token], opening: int) -> int:
    """Where the ``(`` at ``opening`` is closed; the end of the tokens where nothing closes it."""
    following = with_depth(islice(found, opening, None))
    next(following, None)
    inner = enumerate(following, opening + 1)
    return next((index for index, (_, depth) in inner if depth == 0), len(found))


def inside(found: Sequence[Token], opening: int) -> Sequence[Token]:
    """What stands between the ``(`` at ``opening`` and its mate."""
    return found[opening + 1 : mate(found, opening)]


def split(found: Iterable[Token], mark: str = ",") -> list[list[Token]]:
    """The parts between the commas outside brackets: one more than there are commas."""
    parts: list[list[Token]] = [[]]
    for token, depth in with_depth(found):
        if depth == 0 and token.text == mark:
            parts.append([])
        else:
            parts[-1].append(token)
    return parts


def apart(
    found: Sequence[Token],
) -> tuple[Sequence[Token], Sequence[Token], Sequence[Token]]:
    """What stands before the first brackets, inside and behind them.

    Raises ValueError where there are none, and where nothing closes them.
    """
    opening = first_bracket(found)
    closing = mate(found, opening)
    if closing == len(found):
        raise ValueError(f"no brackets in {''.join(token.text for token in found)}")
    return found[:opening], found[opening + 1 : closing], found[closing + 1 :]
