"""A profile as text. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from rich.text import Text

from nestflux.database.profile import Profile, TableSize
from nestflux.wording import in_bytes

_WIDTH = re.compile(r"\(\d+\)")  # a display width, which says nothing
_HEADS = ("table", "rows", "data", "indexes", "auto-increment", "writes/min")


def profile_lines(alias: str, found: Profile) -> Iterator[Text]:
    """Server, tables from the largest on, and what was not read."""
    yield Text(f"{found.server}, database {alias!r}{_replicas(found.replicas)}")
    sizes = sorted(found.tables.items(), key=lambda item: (-item[1].all_bytes, item[0]))
    yield from _table([_HEADS, *(_cells(name, size) for name, size in sizes)])
    for reason in found.not_read.values():
        yield Text(f"Not read: {reason}", style="yellow")


def _replicas(number: int | None) -> str:
    return "" if number is None else f", {number or 'no'} replica{'' if number == 1 else 's'}"


def _cells(name: str, size: TableSize) -> tuple[str, ...]:
    counter = size.auto_increment
    return (
        name,
        f"{size.rows:,}",
        in_bytes(size.bytes),
        in_bytes(size.index_bytes),
        f"{counter.used} % of {_WIDTH.sub('', counter.type)}" if counter else "",
        "" if size.writes is None else f"{size.writes:,}",
    )


def _table(rows: Sequence[tuple[str, ...]]) -> Iterator[Text]:
    """As wide as its words, in each kind of terminal: names to the left, figures to the right."""
    widths = [max(len(row[column]) for row in rows) for column in range(len(_HEADS))]
    for number, row in enumerate(rows):
        name, *figures = row
        cells = [f"{name:{widths[0]}}"]
        cells += [f"{cell:>{width}}" for cell, width in zip(figures, widths[1:], strict=True)]
        yield Text("  ".join(cells).rstrip(), style="bold" if number == 0 else "")
