"""What was measured, as JSON in ``.local/benchmark/figures``: a file a server, row and subject.

Partial runs add up: a row that is measured again replaces its own file only.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Any

from scripts.benchmark.measuring import Spread
from scripts.benchmark.rows import BY_NAME, Outcome, Row, outcome
from scripts.benchmark.servers import BenchmarkError
from scripts.reports import this_machine


@dataclass(frozen=True)
class Circumstances:
    """What a row was measured on, with, and when."""

    machine: str
    server: str
    versions: Mapping[str, str]
    commit: str
    day: str


@dataclass(frozen=True)
class Figure:
    """A row measured on a subject; seconds of each run. The start-ups may be empty."""

    family: str
    row: str
    subject: str
    title: str
    kind: str
    tables: int
    migrations: int
    ours: tuple[float, ...]
    theirs: tuple[float, ...]
    ours_start: tuple[float, ...]
    theirs_start: tuple[float, ...]
    circumstances: Circumstances
    facts: Mapping[str, int] = field(default_factory=dict)  # files, statements, Python steps

    @property
    def of(self) -> Row:
        return BY_NAME[self.row]

    @property
    def outcome(self) -> Outcome:
        return outcome(
            self.of, self.family, self.ours, self.theirs, self.ours_start, self.theirs_start
        )

    @property
    def spreads(self) -> tuple[Spread, Spread]:
        return Spread.of(self.ours), Spread.of(self.theirs)


def circumstances(server: str, versions: Mapping[str, str]) -> Circumstances:
    """Those of now."""
    here = this_machine()
    processor = f" ({name})" if (name := _processor()) else ""
    machine = str(here).replace(" cores", f" cores{processor}", 1)
    return Circumstances(machine, server, versions, here.commit, here.day)


def _processor() -> str:
    """Its name, where Linux tells it."""
    told = Path("/proc/cpuinfo")
    lines = told.read_text(encoding="utf-8").splitlines() if told.exists() else []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else ""


def save(folder: Path, figure: Figure) -> None:
    path = folder / f"{figure.family}.{figure.row}.{figure.subject}.json"
    folder.mkdir(parents=True, exist_ok=True)
    text = json.dumps(asdict(figure), indent=1, ensure_ascii=False)
    path.write_text(f"{text}\n", encoding="utf-8")


def read(folder: Path) -> list[Figure]:
    """Every figure in the folder; rows of an earlier time, which are no more, are left out. Raises
    BenchmarkError where there is none."""
    paths = sorted(folder.glob("*.json"))
    if not paths:
        raise BenchmarkError(f"there are no figures in {folder}. Next: make benchmark")
    found, known = [], {each.name for each in fields(Figure)}
    for path in paths:
        given: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        given = {name: value for name, value in given.items() if name in known}
        if given["row"] not in BY_NAME:
            continue
        for name in ("ours", "theirs", "ours_start", "theirs_start"):
            given[name] = tuple(given[name])
        given["circumstances"] = Circumstances(**given["circumstances"])
        found.append(Figure(**given))
    return sorted(found, key=_place)


def _place(figure: Figure) -> tuple[object, ...]:
    """Servers, then rows as in the table, then projects."""
    return (figure.family, list(BY_NAME).index(figure.row), place_of_project(figure))


def place_of_project(figure: Figure) -> tuple[object, ...]:
    """From small to large, real ones last."""
    return (
        figure.kind == "real",
        figure.kind,
        figure.tables,
        figure.migrations,
        figure.subject,
    )


def chosen(figures: Iterable[Figure], *, family: str = "", row: str = "") -> list[Figure]:
    return [
        figure
        for figure in figures
        if (not family or figure.family == family) and (not row or figure.row == row)
    ]
