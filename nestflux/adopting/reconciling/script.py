"""The text of a transformation: a script for the plain ``mysql`` client. Pure.

What is risky is a comment in each of its lines, so that a name or a literal with a line break in it
can run nothing either.
"""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from textwrap import wrap

from nestflux.database.session import PINNED
from nestflux.history.sqlfile import delimited
from nestflux.schema.transform.changes import Change, Transformation
from nestflux.wording import for_database

_WIDTH = 76


@dataclass(frozen=True)
class Made:
    """What a script was made for. ``last`` is the last file of the history that the database has;
    ``proved_on`` the server on which it was run on scratch schemas; ``then`` the command that goes
    on from there."""

    alias: str
    database: str
    server: str
    last: str
    proved_on: str
    file: str
    then: str = "db_baseline"


def render(planned: Transformation, made: Made) -> str:
    blocks = ["\n".join(_header(planned, made)), "\n".join(f"{sql};" for sql in PINNED)]
    numbers = {change.key: n for n, change in enumerate(planned.changes, start=1)}
    for change in planned.changes:
        blocks.append("\n".join(_lines(change, numbers[change.key])))
    for each in planned.by_hand:
        what = f"BY HAND: no statement is written for {each.key}: {each.what}"
        blocks.append("\n".join(_comment(what)))
    return "\n\n".join(blocks) + "\n"


def _header(planned: Transformation, made: Made) -> Iterator[str]:
    yield from _comment(
        f"Makes the live schema of the database {made.alias!r} ({made.database} on {made.server}) "
        f"what the files up to {made.last}.sql make. Written by db_baseline --reconcile; it is run "
        "once and is no part of the history."
    )
    yield "--"
    yield from _comment(
        f"{describe(planned)} Proved on scratch schemas of {made.proved_on}, without rows."
    )
    if planned.risky:
        yield "--"
        yield from _comment(
            "A statement that is commented out loses data, may fail over the rows that are there, "
            "or waits for a decision; its query shows the rows at stake. Where it is right, take "
            'the "-- " off each of its lines, and off those that go along.'
        )
    yield "--"
    yield from _comment("Review it, take a backup, and give it to the mysql client:")
    yield f"--     {how_to_run(made.alias, made.file)}"
    yield f"--     python manage.py {made.then}"
    yield from _comment("Where rows stop it, fix them, and write a script for the rest.")


def how_to_run(alias: str, file: str) -> str:
    """Django's dbshell is the plain client, with the alias's server and account."""
    return f"python manage.py dbshell{for_database(alias)} < {shlex.quote(file)}"


def describe(planned: Transformation) -> str:
    """``9 statements, and 3 commented out.``"""
    safe, risky = len(planned.safe), len(planned.risky)
    text = f"{safe} statement{'' if safe == 1 else 's'}"
    if risky:
        text += f", and {risky} commented out"
    if planned.by_hand:
        text += f", and {len(planned.by_hand)} to be made by hand"
    return f"{text}."


def _lines(change: Change, number: int) -> Iterator[str]:
    verdict = change.verdict or "not measured"
    if change.risk is None:
        yield from _note(f"[{number}] {verdict}")
    else:
        yield from _note(f"[{number}] {change.risk.kind}: {change.risk.why}; {verdict}")
        for query in change.risk.queries:
            yield from _note(f"    {query};")
    for remark in change.remarks:
        yield from _note(f"{'' if remark.startswith('if ') else '    '}{remark}")
    for line in delimited(change.sql).split("\n"):
        yield line if change.is_safe else f"-- {line}".rstrip()


def _note(text: str) -> Iterator[str]:
    yield from (f"-- {line}" for line in text.split("\n"))


def _comment(text: str) -> Iterator[str]:
    text = " ".join(text.split())
    yield from (f"-- {line}" for line in wrap(text, _WIDTH, break_long_words=False))
