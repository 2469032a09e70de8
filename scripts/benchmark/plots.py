"""The figures as pictures: SVG, the same to the byte for the same figures."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from statistics import median
from typing import Any

import matplotlib as mpl
from matplotlib.figure import Figure as Canvas

from scripts.benchmark.figures import Figure, chosen
from scripts.benchmark.servers import NAMES

# One colour a tool, in every picture.
OURS, OURS_SLOW, STOCK, OTHER = "#2f6f4f", "#8fc1a5", "#b5543a", "#8a8a8a"
_SAME = {"svg.hashsalt": "nestflux", "svg.fonttype": "none", "font.family": "sans-serif"}
_NO_DATE = {"Date": None, "Creator": None}


def draw(folder: Path, figures: Sequence[Figure]) -> list[Path]:
    """Writes the pictures of every server and gives their paths. Others that are there go."""
    folder.mkdir(parents=True, exist_ok=True)
    for old in folder.glob("*.svg"):
        old.unlink()
    found = []
    with mpl.rc_context(_SAME):
        for family in NAMES:
            some = chosen(figures, family=family)
            for name, canvas in (
                ("from-nothing", from_nothing(some)),
                ("nothing-pending", nothing_pending(some)),
                ("generate", generate(some)),
            ):
                if canvas is not None:
                    path = folder / f"{family}-{name}.svg"
                    canvas.savefig(path, metadata=_NO_DATE, bbox_inches="tight")
                    found.append(path)
    return found


def from_nothing(figures: Sequence[Figure]) -> Canvas | None:
    """Bars a project: Django's migrate, the files, schema.sql, the plain client; less start-up."""
    bars: dict[str, dict[str, list[float]]] = {}
    for row, ours, theirs in (
        ("replay", "db_migrate --replay", "Django's migrate"),
        ("fresh", "db_migrate (schema.sql)", "Django's migrate"),
        ("client", "db_migrate (schema.sql)", "the plain client, schema.sql"),
    ):
        for figure in chosen(figures, row=row):
            of = bars.setdefault(figure.title, {})
            of.setdefault(ours, _less(figure.ours, figure.ours_start))
            of.setdefault(theirs, _less(figure.theirs, figure.theirs_start))
    colours = {
        "the plain client, schema.sql": OTHER,
        "db_migrate (schema.sql)": OURS,
        "db_migrate --replay": OURS_SLOW,
        "Django's migrate": STOCK,
    }
    return _bars(bars, colours, "An empty database, seconds less start-up")


def generate(figures: Sequence[Figure]) -> Canvas | None:
    """Bars a project: db_generate with nothing changed, and others' like commands."""
    bars: dict[str, dict[str, list[float]]] = {}
    for row, theirs in (
        ("unchanged", "makemigrations --check"),
        ("drizzle", "drizzle-kit generate"),
    ):
        for figure in chosen(figures, row=row):
            of = bars.setdefault(figure.title, {})
            of.setdefault("db_generate", list(figure.ours))
            of.setdefault(theirs, list(figure.theirs))
    colours = {"drizzle-kit generate": OTHER, "db_generate": OURS, "makemigrations --check": STOCK}
    return _bars(bars, colours, "Nothing changed, seconds of the whole process", scale="linear")


def nothing_pending(figures: Sequence[Figure]) -> Canvas | None:
    """Seconds by the number of migrations, of projects with equally many tables."""
    some = [f for f in chosen(figures, row="pending") if f.kind == "generated"]
    if not some:
        return None
    tables = [f.tables for f in some]
    most = max(tables, key=tables.count)
    some = [f for f in some if f.tables == most]
    if len(some) == 1:
        return None
    canvas, axes = _canvas(3.2)
    for label, colour, values in (
        ("db_migrate, nothing pending", OURS, [f.ours for f in some]),
        ("manage.py version", OTHER, [f.theirs for f in some]),
    ):
        places = [f.migrations for f in some]
        middles = [median(each) for each in values]
        below = [m - min(each) for m, each in zip(middles, values, strict=True)]
        above = [max(each) - m for m, each in zip(middles, values, strict=True)]
        axes.errorbar(
            places, middles, [below, above], label=label, color=colour, marker="o", capsize=3
        )
    axes.set_xscale("log")
    axes.set_ylim(0, 1.2 * max(max(f.ours + f.theirs) for f in some))
    axes.xaxis.set_major_formatter("{x:g}")
    axes.set_xlabel("migrations")
    axes.set_title(f"Nothing pending, {most} tables, seconds of the whole process")
    axes.legend(frameon=False, loc="lower right")
    return canvas


def _bars(
    bars: dict[str, dict[str, list[float]]],
    colours: dict[str, str],
    title: str,
    scale: str = "log",
) -> Canvas | None:
    """Groups of horizontal bars, medians, with a line from minimum to maximum."""
    if not bars:
        return None
    canvas, axes = _canvas(0.8 + 0.22 * sum(len(of) + 1 for of in bars.values()))
    ticks, place = [], 0.0
    told: set[str] = set()
    for of in reversed(bars.values()):
        first = place
        for name, colour in colours.items():
            if name not in of:
                continue
            middle = median(of[name])
            ends = [[middle - min(of[name])], [max(of[name]) - middle]]
            label = "" if name in told else name
            axes.barh(place, middle, color=colour, label=label, xerr=ends, ecolor="#333333")
            axes.annotate(
                f"{middle:.2g} s" if middle < 10 else f"{middle:,.0f} s",
                (max(of[name]), place), xytext=(4, 0), textcoords="offset points",
                va="center", fontsize=7,
            )  # fmt: skip
            told.add(name)
            place += 1
        ticks.append((first + place - 1) / 2)
        place += 0.8
    axes.set_yticks(ticks, list(reversed(bars)))
    axes.set_xscale(scale)
    axes.xaxis.set_major_formatter("{x:g}")
    axes.margins(x=0.12)
    axes.set_title(title)
    canvas.legend(
        *_upside_down(axes), frameon=False, loc="upper center", ncols=4, bbox_to_anchor=(0.5, 0.02)
    )
    return canvas


def _upside_down(axes: Any) -> tuple[list[Any], list[str]]:
    handles, labels = axes.get_legend_handles_labels()
    return handles[::-1], labels[::-1]


def _canvas(height: float) -> tuple[Canvas, Any]:
    canvas = Canvas(figsize=(9, height), layout="constrained")
    axes = canvas.subplots()
    axes.spines[["top", "right"]].set_visible(False)
    return canvas, axes


def _less(values: Sequence[float], start: Sequence[float]) -> list[float]:
    """Without the median start-up, and no less than a millisecond: the axis is logarithmic."""
    off = median(start) if start else 0.0
    return [max(value - off, 0.001) for value in values]
