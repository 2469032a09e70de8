"""In which order tables are filled, and which keys have to wait for a second pass."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from nestflux.exceptions import CannotSeed


@dataclass(frozen=True)
class Need:
    """A foreign key: ``child.field`` refers to ``parent``. Labels of models. ``required``: it can
    not be NULL."""

    child: str
    field: str
    parent: str
    required: bool


@dataclass(frozen=True)
class Order:
    """The tables, parents first; and the keys that are NULL until all tables are filled."""

    labels: tuple[str, ...]
    later: frozenset[tuple[str, str]]


def ordered(labels: Sequence[str], needs: Iterable[Need]) -> Order:
    """The order. Raises CannotSeed where required keys make a circle.

    A table that refers to itself makes none: its rows refer to earlier ones.
    """
    left = list(labels)
    open_needs = [
        need
        for need in sorted(needs, key=lambda need: (need.child, need.field))
        if need.child != need.parent and need.child in left and need.parent in left
    ]
    done: list[str] = []
    later: set[tuple[str, str]] = set()
    while left:
        waiting = {need.child for need in open_needs}
        free = [label for label in left if label not in waiting]
        if free:
            done += free
            left = [label for label in left if label in waiting]
            open_needs = [need for need in open_needs if need.parent in left]
            continue
        circle = _circle(open_needs)
        given_up = next((need for need in circle if not need.required), None)
        if given_up is None:
            raise _impossible(circle)
        later.add((given_up.child, given_up.field))
        open_needs.remove(given_up)
    return Order(tuple(done), frozenset(later))


def _circle(needs: Sequence[Need]) -> list[Need]:
    """Needs that lead back to where they began. Each child waits for something here. A circle of
    required keys is found where there is one on the way."""
    by_child: dict[str, Need] = {}
    for need in sorted(needs, key=lambda need: not need.required):
        by_child.setdefault(need.child, need)
    path: list[Need] = []
    at = needs[0].child
    while at not in [need.child for need in path]:
        path.append(by_child[at])
        at = by_child[at].parent
    start = [need.child for need in path].index(at)
    return path[start:]


def _impossible(circle: Sequence[Need]) -> CannotSeed:
    keys = " -> ".join(f"{need.child}.{need.field}" for need in circle)
    return CannotSeed(
        f"No first row can be made: required foreign keys lead in a circle, {keys} -> "
        f"{circle[0].child}.",
        where=", ".join(f"{need.child}.{need.field}" for need in circle),
        then="let one of these keys be NULL (null=True), or leave the models out of --rows",
    )
