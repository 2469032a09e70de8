"""Names, each after those that it refers to. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Set
from dataclasses import dataclass


@dataclass(frozen=True)
class Ordered:
    """Names in an order; ``whole`` is False where a circle was broken somewhere."""

    order: tuple[str, ...]
    whole: bool


def parents_first(refers_to: Mapping[str, Set[str]]) -> Ordered:
    """Each name after those that it refers to, as far as that can be. What it refers to and is not
    among the names, or is itself, does not count."""
    waiting, ordered, whole = dict(refers_to), list[str](), True
    while waiting:
        ready = [name for name, others in waiting.items() if not (others & waiting.keys()) - {name}]
        whole = whole and bool(ready)
        for name in ready or list(waiting)[:1]:
            del waiting[name]
            ordered.append(name)
    return Ordered(tuple(ordered), whole)
