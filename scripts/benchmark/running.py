"""A run: subjects one after the other, all sides of a subject in rounds, a figure a row."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from importlib.metadata import version

from nestflux.history.sqlfile import PythonStep
from scripts.benchmark import counting, figures, npm, real, subjects
from scripts.benchmark.choosing import Choice
from scripts.benchmark.counting import Packets
from scripts.benchmark.figures import Circumstances, Figure
from scripts.benchmark.link import Link
from scripts.benchmark.measuring import Side, measure
from scripts.benchmark.rows import Row
from scripts.benchmark.servers import BenchmarkError, LeftOutError, Server
from scripts.benchmark.sides import SIDES, through
from scripts.benchmark.subjects import Subject
from scripts.reports import NAMES

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
    for title, kind, make in _subjects(server, choice, say):
        try:
            subject = make()
            if rows := choice.rows_of(kind):
                say(f"{title}: {', '.join(row.name for row in rows)}")
                failures += _measure(subject, rows, choice, say)
            if choice.packets and kind in counting.KINDS:
                say(f"{title}: packets")
                failures += _count(subject, choice, say)
        except BenchmarkError as error:
            failures.append(error)
            say(f"FAILED: {title}: {error}")
    return [f"{NAMES[server.family]}: {error}" for error in failures]


def _subjects(
    server: Server, choice: Choice, say: Say
) -> Iterator[tuple[str, str, Callable[[], Subject]]]:
    """Their titles and kinds, and what makes them."""
    for shape in choice.shapes:
        if choice.wants(shape.kind):
            make = partial(subjects.generated, shape, server, choice.room, say)
            yield shape.title, shape.kind, make
    if choice.wants("real"):
        make = partial(real.real, server, choice.room, say, whole=choice.whole)
        yield "real packages", "real", make


def _measure(
    subject: Subject, rows: tuple[Row, ...], choice: Choice, say: Say
) -> list[BenchmarkError]:
    """The rows of each delay apart: a side is another one behind it."""
    failures: list[BenchmarkError] = []
    known, facts = _circumstances(subject.server), _facts(subject)
    for delay in dict.fromkeys(row.delay for row in rows):
        some = [row for row in rows if row.delay == delay]
        names = dict.fromkeys(name for row in some for name in row.sides if name)
        with _side_maker(subject, delay) as make:
            if delay:
                say(f"  {delay * 1000:g} ms a round trip")
            taken, failed = _timed(list(_made(names, make, say)), choice, say)
        failures += failed
        for row in some:
            _save(row, subject, taken, known, facts, choice)
    return failures


@contextmanager
def _side_maker(subject: Subject, delay: float) -> Iterator[Callable[[str], Side]]:
    """What makes a side of its name, on a server that is that far away while this lasts."""
    if not delay:
        yield lambda name: SIDES[name](subject)
        return
    with Link(subject.server, delay) as link:
        yield lambda name: through(link, name, subject)


def _made(names: Iterable[str], make: Callable[[str], Side], say: Say) -> Iterator[Side]:
    for name in names:
        try:
            yield make(name)
        except LeftOutError as missing:
            say(f"  {name} is left out: {missing}")


def _count(subject: Subject, choice: Choice, say: Say) -> list[BenchmarkError]:
    counts, failures = counting.count(subject, lambda text: say(f"  {text}"))
    found = Packets(
        family=subject.server.family,
        subject=subject.name,
        title=subject.title,
        statements=_facts(subject)["statements"],
        counts=tuple(counts),
        circumstances=_circumstances(subject.server),
    )
    counting.save(choice.figures, found)
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
    known: Circumstances,
    facts: Mapping[str, int],
    choice: Choice,
) -> None:
    """A file, where every side of the row has seconds."""
    if any(name and name not in taken for name in row.sides):
        return
    ours, theirs, ours_start, theirs_start = (tuple(taken.get(name, ())) for name in row.sides)
    figure = Figure(
        family=subject.server.family,
        row=row.name,
        subject=subject.name,
        title=subject.title,
        kind=subject.kind,
        tables=facts["tables"],
        migrations=facts["migrations"],
        ours=ours,
        theirs=theirs,
        ours_start=ours_start,
        theirs_start=theirs_start,
        circumstances=known,
        facts=facts,
    )
    figures.save(choice.figures, figure)


def _circumstances(server: Server) -> Circumstances:
    names = ("Django", "mysqlclient")
    versions = {name: version(name) for name in names} | npm.VERSIONS
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
