"""A run: subjects one after the other, all sides of a subject in rounds, a figure a row."""

from __future__ import annotations

import platform
import shutil
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from importlib.metadata import version

from nestflux.history.sqlfile import PythonStep
from scripts.benchmark import drizzle, figures, real, subjects
from scripts.benchmark.choosing import Choice
from scripts.benchmark.figures import Circumstances, Figure
from scripts.benchmark.measuring import Side, measure
from scripts.benchmark.rows import Row
from scripts.benchmark.servers import NAMES, Server
from scripts.benchmark.sides import SIDES
from scripts.benchmark.subjects import LOCAL, PREFIX, Subject

Say = Callable[[str], None]
Seconds = Mapping[str, list[float]]


def run(choice: Choice, say: Say) -> None:
    """Raises BenchmarkError where a server, a program or a command fails. What was measured until
    then is kept."""
    for family in choice.families:
        server = Server.of_the_environment(family)
        say(f"{NAMES[family]} {server.version}")
        server.drop_all(PREFIX)
        try:
            _run_on(server, choice, say)
        finally:
            server.drop_all(PREFIX)
            shutil.rmtree(LOCAL / "work", ignore_errors=True)


def _run_on(server: Server, choice: Choice, say: Say) -> None:
    small_and_large: list[Subject] = []
    for subject in _subjects(server, choice, say):
        if subject.kind == "generated":
            small_and_large.append(subject)
        if rows := choice.rows_of(subject.kind):
            say(f"{subject.title}: {', '.join(row.name for row in rows)}")
            _measure(subject, rows, choice, say)
    for row in choice.rows:
        if row.across:
            _measure_across(row, small_and_large, choice, say)


def _subjects(server: Server, choice: Choice, say: Say) -> Iterator[Subject]:
    wanted = [kind for kind in choice.kinds if any(kind in row.kinds for row in choice.rows)]
    for shape in choice.shapes:
        if shape.kind in wanted:
            yield subjects.generated(shape, server, say)
    if "real" in wanted:
        yield real.real(server, say, whole=choice.whole)


def _measure(subject: Subject, rows: tuple[Row, ...], choice: Choice, say: Say) -> None:
    names = dict.fromkeys(name for row in rows for name in row.sides if name)
    sides = [SIDES[name](subject) for name in names]
    taken = measure(sides, repeat=choice.repeat, patience=choice.patience, say=_indented(say))
    known, facts = _circumstances(subject.server), _facts(subject)
    for row in rows:
        _save(row, subject, taken, [*row.sides], known, facts, choice)


def _measure_across(row: Row, found: list[Subject], choice: Choice, say: Say) -> None:
    """The same side of the smallest and of the largest subject with as many migrations."""
    pairs = [
        (small, large)
        for small in found
        for large in found
        if small.shape and large.shape
        and small.shape.migrations == large.shape.migrations
        and small.shape.tables < large.shape.tables
    ]  # fmt: skip
    if not pairs:
        say(f"{row.name}: left out; it needs two numbers of --tables")
    for small, large in pairs:
        say(f"{large.title}: {row.name}, beside {small.title}")
        names = [(subject, name) for subject in (large, small) for name in row.sides[::2]]
        sides = [_named(SIDES[name](subject), subject) for subject, name in names]
        taken = measure(sides, repeat=choice.repeat, patience=choice.patience, say=_indented(say))
        known, facts = _circumstances(large.server), _facts(large)
        keys = [side.name for side in sides]  # ours, our start, theirs, their start
        order = [keys[0], keys[2], keys[1], keys[3]]
        against = f"its own time at {small.shape.tables if small.shape else 0:,} tables"
        _save(row, large, taken, order, known, facts, choice, against, beside=small.name)


def _named(side: Side, subject: Subject) -> Side:
    return replace(side, name=f"{side.name} of {subject.name}")


def _save(
    row: Row,
    subject: Subject,
    taken: Seconds,
    sides: list[str],
    known: Circumstances,
    facts: Mapping[str, int],
    choice: Choice,
    against: str = "",
    beside: str = "",
) -> None:
    ours, theirs, ours_start, theirs_start = (tuple(taken.get(name, ())) for name in sides)
    figure = Figure(
        family=subject.server.family,
        row=row.name,
        subject=subject.name + (f".{beside}" if beside else ""),
        title=subject.title,
        kind=subject.kind,
        tables=facts["tables"],
        migrations=facts["migrations"],
        ours=ours,
        theirs=theirs,
        ours_start=ours_start,
        theirs_start=theirs_start,
        circumstances=known,
        against=against,
        facts=facts,
    )
    figures.save(choice.figures, figure)


def _circumstances(server: Server) -> Circumstances:
    names = ("Django", "mysqlclient")
    versions = {name: version(name) for name in names}
    versions = {"Python": platform.python_version(), **versions, "drizzle-kit": drizzle.KIT}
    return figures.circumstances(f"{NAMES[server.family]} {server.version}", versions)


def _facts(subject: Subject) -> dict[str, int]:
    """How much of everything a history holds, packages' part included."""
    entries = subject.history.journal.entries
    steps = [step for e in entries for _, _, step in subject.history.file(e).steps()]
    python_steps = sum(isinstance(step, PythonStep) for step in steps)
    return {
        "tables": subject.history.snapshot().count("\nCREATE TABLE "),
        "migrations": sum(len(entry.migrations) for entry in entries),
        "files": len(entries),
        "statements": len(steps) - python_steps,
        "Python steps": python_steps,
    }


def _indented(say: Say) -> Say:
    return lambda text: say(f"  {text}")
