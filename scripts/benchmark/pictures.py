"""Which pictures there are, and what stands in each: pure, without what draws them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import median

from scripts.benchmark.figures import Figure
from scripts.benchmark.rows import NETWORK
from scripts.reports import NAMES

# One colour a tool, in every picture.
OURS, STOCK, CLIENT = "#2f6f4f", "#b5543a", "#8a8a8a"
LOOP, DBMATE, DRIZZLE = "#8a8a8a", "#4f6d8f", "#9a7aa0"

Bars = dict[str, dict[str, list[float]]]  # by project, by what the bar is


@dataclass(frozen=True)
class Picture:
    """``rows``, the same side of ours in each; ``bars`` are the names and colours of that side and
    of the other side of each row, from the bottom up."""

    name: str
    title: str
    rows: tuple[str, ...]
    ours: str
    others: tuple[str, ...]
    colours: Mapping[str, str]


PICTURES = (
    Picture(
        "fresh-database",
        "A fresh database, seconds less start-up",
        ("fresh", "client"),
        "db_migrate (schema.sql)",
        ("Django's migrate", "the plain client, schema.sql"),
        {
            "the plain client, schema.sql": CLIENT,
            "db_migrate (schema.sql)": OURS,
            "Django's migrate": STOCK,
        },
    ),
    Picture(
        "test-database",
        "A test database (pytest --create-db), seconds less start-up",
        ("tests",),
        "with NestFlux",
        ("with Django's migrate",),
        {"with NestFlux": OURS, "with Django's migrate": STOCK},
    ),
    Picture(
        "over-a-network",
        f"Every file, {NETWORK * 1000:g} ms a round trip, seconds less start-up",
        ("network-loop", "network-dbmate", "network-drizzle-orm"),
        "db_migrate --replay",
        ("a bare loop", "dbmate", "drizzle-orm"),
        {
            "a bare loop": LOOP,
            "dbmate": DBMATE,
            "drizzle-orm": DRIZZLE,
            "db_migrate --replay": OURS,
        },
    ),
)


def bars_of(picture: Picture, figures: Sequence[Figure]) -> Bars:
    """Seconds less start-up, by server and project: those of which there is the first row."""
    bars: Bars = {}
    of_first = {(f.family, f.title) for f in figures if f.row == picture.rows[0]}
    for figure in figures:
        if figure.row in picture.rows and (figure.family, figure.title) in of_first:
            of = bars.setdefault(f"{NAMES[figure.family]}\n{figure.title}", {})
            other = picture.others[picture.rows.index(figure.row)]
            of.setdefault(picture.ours, _less(figure.ours, figure.ours_start))
            of.setdefault(other, _less(figure.theirs, figure.theirs_start))
    return bars


def _less(values: Sequence[float], start: Sequence[float]) -> list[float]:
    """Without the median start-up; one that took longer than a run leaves nothing."""
    off = median(start) if start else 0.0
    return [max(value - off, 0.0) for value in values]
