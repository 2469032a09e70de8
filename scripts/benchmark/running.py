"""A run: subjects one after the other, all sides of a subject in rounds, a figure a row."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from importlib.metadata import version
from itertools import pairwise

from nestflux.history.sqlfile import PythonStep
from scripts.benchmark import drizzle, figures, real, subjects
from scripts.benchmark.choosing import Choice
from scripts.benchmark.figures import Circumstances, Figure
from scripts.benchmark.measuring import Side, measure
from scripts.benchmark.rows import Row
from scripts.benchmark.servers import NAMES, BenchmarkError, Server
from scripts.benchmark.sides import SIDES
from scripts.benchmark.subjects import Subject

Say = Callable[[str], None]
Seconds = Mapping[str, list[float]]


def run(choice: Choice, say: Say) -> list[str]:
    """What failed, in words; a failure leaves out the rows that need it and no more. Raises
    BenchmarkError where a server cannot be reached."""
    failures: list[str] = []
    for family in choice.families:
        server = Server.of_the_environment(family, choice.prefix)
        say(f"{NAMES[family]} {server.version}")
        server.drop_all()
        try:
            failures += _run_on(server, choice, say)
        finally:
            server.drop_all()
            shutil.rmtree(choice.room / "work", ignore_errors=True)
    return failures


def _run_on(server: Server, choice: Choice, say: Say) -> list[str]:
    failures: list[BenchmarkError] = []
    made: list[Subject] = []
    for title, make in _subjects(server, choice, say):
        try:
            subject = make()
            made.append(subject)
            if rows := choice.rows_of(subject.kind):
                say(f"{title}: {', '.join(row.name for row in rows)}")
                failures += _measure(subject, rows, choice, say)
        except BenchmarkError as error:
            failures.append(error)
            say(f"FAILED: {title}: {error}")
    for row in choice.rows:
        if row.across and "generated" in choice.kinds:
            failures += _measure_across(row, made, choice, say)
    return [f"{NAMES[server.family]}: {error}" for error in failures]


def _subjects(
    server: Server, choice: Choice, say: Say
) -> Iterator[tuple[str, Callable[[], Subject]]]:
    """Their titles, and what makes them."""
    wanted = [kind for kind in choice.kinds if any(kind in row.kinds for row in choice.rows)]
    for shape in choice.shapes:
        if shape.kind in wanted:
            yield shape.title, partial(subjects.generated, shape, server, choice.room, say)
    if "real" in wanted:
        yield "real packages", partial(real.real, server, choice.room, say, whole=choice.whole)


def _measure(
    subject: Subject, rows: tuple[Row, ...], choice: Choice, say: Say
) -> list[BenchmarkError]:
    names = dict.fromkeys(name for row in rows for name in row.sides if name)
    sides = [SIDES[name](subject) for name in names]
    taken, failures = _timed(sides, choice, say)
    known, facts = _circumstances(subject.server), _facts(subject)
    for row in rows:
        _save(row, subject, taken, row.sides, known, facts, choice)
    return failures


def _measure_across(
    row: Row, found: list[Subject], choice: Choice, say: Say
) -> list[BenchmarkError]:
    """The same side of two subjects with as many migrations: each with the next smaller one."""
    shaped = sorted(
        ((s.shape.migrations, s.shape.tables, s) for s in found if s.shape and s.kind in row.kinds),
        key=lambda one: one[:2],
    )
    pairs = [
        (tables, small, large)
        for (few, tables, small), (as_few, _, large) in pairwise(shaped)
        if few == as_few
    ]
    if not pairs:
        say(f"{row.name}: left out; it needs two numbers of --tables")
    failures: list[BenchmarkError] = []
    for tables, small, large in pairs:
        say(f"{large.title}: {row.name}, beside {small.title}")
        sides = [
            replace(SIDES[name](subject), name=f"{name} of {subject.name}")
            for name in (row.ours, row.ours_start)
            for subject in (large, small)
        ]
        taken, failed = _timed(sides, choice, say)
        failures += failed
        names = [side.name for side in sides]
        known, facts = _circumstances(large.server), _facts(large)
        against = f"its own time at {tables:,} tables"
        _save(row, large, taken, names, known, facts, choice, against, beside=small.name)
    return failures


def _timed(
    sides: list[Side], choice: Choice, say: Say
) -> tuple[dict[str, list[float]], list[BenchmarkError]]:
    def indented(text: str) -> None:
        say(f"  {text}")

    return measure(sides, repeat=choice.repeat, patience=choice.patience, say=indented)


def _save(
    row: Row,
    subject: Subject,
    taken: Seconds,
    sides: Sequence[str],
    known: Circumstances,
    facts: Mapping[str, int],
    choice: Choice,
    against: str = "",
    beside: str = "",
) -> None:
    """A file, where every side of the row has seconds. ``sides`` in the order of Row.sides."""
    if any(name and name not in taken for name in sides):
        return
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
    versions["drizzle-kit"] = drizzle.KIT
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
