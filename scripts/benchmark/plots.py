"""The figures as pictures: SVG, the same to the byte for the same figures."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from statistics import median
from typing import Any

import matplotlib as mpl
from matplotlib.figure import Figure as Canvas

from scripts.benchmark.figures import Figure
from scripts.benchmark.pictures import PICTURES, Bars, bars_of

_SAME = {"svg.hashsalt": "nestflux", "svg.fonttype": "none", "font.family": "sans-serif"}
_NO_DATE = {"Date": None, "Creator": None}


def draw(folder: Path, figures: Sequence[Figure]) -> list[Path]:
    """Writes every picture of which there are figures, both servers in one, and gives their paths.
    Others that are there go."""
    folder.mkdir(parents=True, exist_ok=True)
    for old in folder.glob("*.svg"):
        old.unlink()
    found = []
    with mpl.rc_context(_SAME):
        for picture in PICTURES:
            if bars := bars_of(picture, figures):
                path = folder / f"{picture.name}.svg"
                canvas = _bars(bars, picture.colours, picture.title)
                canvas.savefig(path, metadata=_NO_DATE, bbox_inches="tight")
                found.append(path)
    return found


def _bars(bars: Bars, colours: Mapping[str, str], title: str) -> Canvas:
    """Groups of horizontal bars, medians, with a line from minimum to maximum."""
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
