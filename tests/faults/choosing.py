"""Which of a run's commands are disturbed, and how. Pure but for the environment variable.

``NESTFLUX_FAULTS`` says how far a walk goes: nothing for the sample that every run of the tests
has time for, ``writes`` for every command that changes anything, ``all`` for every command.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from enum import StrEnum

from tests.faults.journal import Command, word_of
from tests.faults.proxy import Fault, What, When
from tests.faults.rig import DDL, FRESH, ONE_A_PACKET, REBASED, SQUASHED, Journey, Survey

# Seconds that a server works on a statement before it is killed: theirs take 1 to 30 ms.
_DELAYS = (0.001, 0.004, 0.012)


class Extent(StrEnum):
    """How far a walk goes."""

    SAMPLE = "sample"
    WRITES = "writes"
    ALL = "all"

    @classmethod
    def wanted(cls) -> Extent:
        return cls(os.environ.get("NESTFLUX_FAULTS") or cls.SAMPLE)


def faults(survey: Survey, journey: Journey, what: What, extent: Extent) -> Iterator[Fault]:
    """The faults of one walk, each for a run of its own."""
    commands = _from_the_third_file(survey) if journey is REBASED else survey.commands
    writes = [command for command in survey.writes() if command in commands]
    ddl = [command for command in survey.ddl() if command in commands]
    if extent is Extent.SAMPLE:
        is_short = journey is SQUASHED
        yield from _few(writes, what) if is_short else _sample(writes, ddl, journey, what)
        return
    for command in writes if extent is Extent.WRITES else commands:
        yield Fault(what, When.BEFORE, command.at)
        yield Fault(what, When.AFTER, command.at)
    for command in ddl:
        for delay in _DELAYS if what is What.KILL_SERVER else (0.0,):
            yield Fault(what, When.DURING, command.at, delay)
        if what is not What.KILL_SERVER:
            yield Fault(what, When.HELD, command.at)
        for ran in range(1, len(command.statements)) if extent is Extent.ALL else _edges(command):
            yield Fault(what, When.WITHIN, command.at, ran=ran)


def _edges(command: Command) -> Iterator[int]:
    """The places in a packet where something new stands: before and behind a COMMIT, behind DDL."""
    for ran, sql in enumerate(command.statements[:-1], start=1):
        if command.statements[ran] == "COMMIT" or word_of(sql) in {"COMMIT", *DDL}:
            yield ran


def _is_between_files(command: Command) -> bool:
    """Does it end a file, or begin one, besides the step that it runs?"""
    return any(sql.startswith("UPDATE nestflux_sql_migration") for sql in command.statements)


def _sample(
    writes: Sequence[Command], ddl: Sequence[Command], journey: Journey, what: What
) -> Iterator[Fault]:
    """So that every kind is there; each walk takes other steps."""
    step = {What.KILL_CLIENT: 7, What.CUT: 9, What.KILL_SERVER: 13}[what]
    if journey in (FRESH, REBASED):
        step //= 3  # few commands
    if journey is ONE_A_PACKET:
        step *= 5  # many
    for command in writes[1::step] if what is not What.KILL_SERVER or journey is FRESH else ():
        yield Fault(what, When.AFTER, command.at)  # servers: see again_and_again
    for command in writes[step // 2 :: step]:
        yield Fault(what, When.BEFORE, command.at)
    for command in ddl[step % 5 :: 12]:
        yield Fault(what, When.DURING, command.at, _DELAYS[command.at % len(_DELAYS)])
    if what is not What.KILL_SERVER:
        between_files = [command for command in ddl if _is_between_files(command)]
        for command in (*ddl[2 + step % 2 :: 16], *between_files):
            yield Fault(what, When.HELD, command.at)
    for number, command in enumerate(ddl if journey is FRESH else ddl[step % 4 :: 4]):
        edges = list(_edges(command))
        some = edges[:: 1 + len(edges) // 6] if journey is FRESH else edges[number % 3 :: 3]
        for ran in some:
            yield Fault(what, When.WITHIN, command.at, ran=ran)


def _few(writes: Sequence[Command], what: What) -> Iterator[Fault]:
    """Of a run that writes to the ledger only."""
    for command in writes:
        yield Fault(what, When.BEFORE, command.at)
        yield Fault(what, When.AFTER, command.at)
        for ran in _edges(command):
            yield Fault(what, When.WITHIN, command.at, ran=ran)


def _from_the_third_file(survey: Survey) -> tuple[Command, ...]:
    """Before it, a rebase of that file is none of a run's business."""
    first = next(
        command.at
        for command in survey.commands
        if any(sql.startswith("RENAME TABLE `shop_product`") for sql in command.statements)
    )
    return survey.commands[first - 1 :]
