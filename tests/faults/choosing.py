"""Which of a run's commands are disturbed, and how. Pure but for the environment variable.

``NESTFLUX_FAULTS`` says how far a walk goes: nothing for the sample that every run of the tests
has time for, ``writes`` for every command that changes anything, ``all`` for every command.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from enum import StrEnum

from tests.faults.journal import Command
from tests.faults.proxy import Fault, What, When
from tests.faults.rig import FRESH, REBASED, SQUASHED, Journey, Survey

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


def _sample(
    writes: Sequence[Command], ddl: Sequence[Command], journey: Journey, what: What
) -> Iterator[Fault]:
    """So that every kind is there; each walk takes other steps."""
    step = {What.KILL_CLIENT: 37, What.CUT: 41, What.KILL_SERVER: 71}[what]
    if journey in (FRESH, REBASED):
        step //= 3  # few commands
    for command in writes[1::step] if what is not What.KILL_SERVER or journey is FRESH else ():
        yield Fault(what, When.AFTER, command.at)  # servers: see again_and_again
    for command in writes[step // 2 :: step]:
        yield Fault(what, When.BEFORE, command.at)
    for command in ddl[step % 5 :: 12]:
        yield Fault(what, When.DURING, command.at, _DELAYS[command.at % len(_DELAYS)])
    if what is not What.KILL_SERVER:
        for command in ddl[2 + step % 2 :: 16]:
            yield Fault(what, When.HELD, command.at)


def _few(writes: Sequence[Command], what: What) -> Iterator[Fault]:
    """Of a run that writes to the ledger only: its commit among them."""
    commit = next(index for index, command in enumerate(writes) if command.word == "COMMIT")
    for command in writes[commit % 3 :: 3]:
        yield Fault(what, When.AFTER, command.at)
    for command in writes[(commit + (what is What.CUT)) % 3 :: 3]:
        yield Fault(what, When.BEFORE, command.at)


def _from_the_third_file(survey: Survey) -> tuple[Command, ...]:
    """Before it, a rebase of that file is none of a run's business."""
    first = next(c.at for c in survey.commands if c.sql.startswith("RENAME TABLE `shop_product`"))
    return survey.commands[first - 1 :]
