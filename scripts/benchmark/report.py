"""docs/performance.md: what was measured, between its markers; what people wrote stays."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from textwrap import fill

from scripts.benchmark.counting import Packets
from scripts.benchmark.figures import Circumstances, Figure, chosen, place_of_project
from scripts.benchmark.measuring import Spread
from scripts.benchmark.rows import ROWS, Row
from scripts.reports import NAMES, REPOSITORY, put, table

DOCUMENT = REPOSITORY / "docs" / "performance.md"
PICTURES = "<!-- pictures: written by make benchmark -->"
END_OF_PICTURES = "<!-- end of the pictures -->"
BEGIN = "<!-- figures: written by make benchmark -->"
END = "<!-- end of the figures -->"
_WIDTH = 120  # characters of a line of prose


def write(
    document: Path,
    figures: Sequence[Figure],
    packets: Sequence[Packets] = (),
    plots: Iterable[Path] = (),
) -> None:
    """Raises ReportError where the document has no markers."""
    text = document.read_text(encoding="utf-8")
    shown = [path.relative_to(document.parent) for path in plots]
    text = put(text, pictures(shown), PICTURES, END_OF_PICTURES)
    document.write_text(put(text, render(figures, packets), BEGIN, END), encoding="utf-8")


def pictures(plots: Iterable[Path]) -> str:
    return "\n\n".join(f"![{path.stem.replace('-', ' ')}]({path.as_posix()})" for path in plots)


def render(figures: Sequence[Figure], packets: Sequence[Packets] = ()) -> str:
    """The text between the markers of the figures."""
    parts = []
    for family, name in NAMES.items():
        some = chosen(figures, family=family)
        counted = [one for one in packets if one.family == family]
        if some:
            parts += [f"### {name}", *circumstances(some), summary(some)]
        if counted:
            parts += [f"#### {name}, packets", *map(packets_of, counted)]
        if some:
            parts += [f"#### {name}, measured", measured(some)]
            parts += [f"#### {name}, the projects", subjects(some)]
    return "\n\n".join(parts)


def packets_of(of: Packets) -> str:
    """A line a tool."""
    heads = [of.title, "every file", "a statement", "fresh database", "nothing pending"]
    lines = []
    for count in of.counts:
        each = count.for_each_of(of.statements)
        counts = (count.replay, each, count.fresh, count.pending)
        shown = ("" if value is None else _packets(value) for value in counts)
        lines.append([count.title, *shown])
    return table(heads, lines)


def _packets(value: float) -> str:
    return f"{value:,}" if isinstance(value, int) else f"{value:.2f}"


def circumstances(figures: Sequence[Figure]) -> Iterator[str]:
    """What the rows were measured on; a paragraph each, where they were measured apart."""
    found: dict[tuple[object, ...], list[Figure]] = {}
    for figure in figures:
        found.setdefault(_key(figure.circumstances), []).append(figure)
    for some in found.values():
        what = ""
        if len(found) > 1:
            rows = ", ".join(dict.fromkeys(figure.row for figure in some))
            what = f" (rows {rows})"
        yield _told(some[0].circumstances, what)


def _key(of: Circumstances) -> tuple[object, ...]:
    return (of.machine, of.server, tuple(sorted(of.versions.items())), of.commit, of.day)


def _told(of: Circumstances, what: str) -> str:
    versions = ", ".join(f"{name} {version}" for name, version in of.versions.items())
    when = f"measured on {of.day} at commit `{of.commit}`"
    text = f"{of.server}, {when}{what}: {of.machine}; {versions}."
    return fill(text, _WIDTH, break_long_words=False, break_on_hyphens=False)


def summary(figures: Sequence[Figure]) -> str:
    """A line a row of the table: what is to be reached, and on how many projects it is."""
    lines = []
    for row in ROWS:
        some = chosen(figures, row=row.name)
        if not some:
            continue
        lines.append(
            [row.name, row.what, row.against, row.reach.words(some[0].family), _range(row, some),
             _reached(some)]
        )  # fmt: skip
    return table(["row", "what", "against", "to reach", "measured", "reached"], lines)


def _range(row: Row, figures: Iterable[Figure]) -> str:
    """From the worst project to the best one."""
    times = sorted(_decides(row, figure) for figure in figures)
    words = "times faster" if row.reach.is_about_faster else "times"
    if len(times) == 1:
        return f"{number(times[0])} {words}"
    return f"{number(times[0])} to {number(times[-1])} {words}"


def _decides(row: Row, figure: Figure) -> float:
    """How many times: without start-ups, where the row says so."""
    found = figure.outcome
    without = row.less_start and found.less_start is not None
    return found.less_start if without and found.less_start else found.whole


def _reached(figures: Sequence[Figure]) -> str:
    words = [figure.outcome.reached for figure in figures]
    if not any(words):
        return ""
    if len(set(words)) == 1:
        return words[0]
    told = (f"{words.count(word)} {word}" for word in dict.fromkeys(sorted(words, reverse=True)))
    return f"of {len(words)} projects: {', '.join(told)}"


def measured(figures: Sequence[Figure]) -> str:
    """Every figure: minimum / median / maximum of each side in seconds."""
    heads = [
        "row", "project", "runs", "NestFlux", "its start-up", "the other", "its start-up",
        "times", "less start-up", "reached",
    ]  # fmt: skip
    lines = []
    for figure in figures:
        found = figure.outcome
        ours, theirs = figure.spreads
        runs = f"{ours.runs}" if ours.runs == theirs.runs else f"{ours.runs}, {theirs.runs}"
        lines.append(
            [figure.row, figure.title, runs, spread(ours), _start(figure.ours_start),
             spread(theirs), _start(figure.theirs_start), number(found.whole),
             "" if found.less_start is None else number(found.less_start), found.reached]
        )  # fmt: skip
    return table(heads, lines)


def _start(values: Sequence[float]) -> str:
    return spread(Spread.of(values)) if values else ""


def subjects(figures: Iterable[Figure]) -> str:
    """How much of everything there is in each, Django's and packages' own part included."""
    by_title = {figure.title: figure.facts for figure in sorted(figures, key=place_of_project)}
    heads = list(dict.fromkeys(name for facts in by_title.values() for name in facts))
    lines = [
        [title, *(f"{facts.get(head, 0):,}" for head in heads)] for title, facts in by_title.items()
    ]
    return table(["project", *heads], lines)


def spread(of: Spread) -> str:
    return f"{number(of.least)} / {number(of.median)} / {number(of.most)}"


def number(value: float) -> str:
    """Three digits, or whole."""
    digits = 0 if value >= 100 else 1 if value >= 10 else 2 if value >= 1 else 3
    return f"{value:,.{digits}f}"
