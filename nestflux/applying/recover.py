"""What becomes of the one step that was started and not finished. Pure.

A reading from before, the schema as it is now, and the change that was recorded: these three say
whether it ran. DDL is atomic in the supported servers, so there is no third state of our making.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from nestflux.history import spellings
from nestflux.history.deltas import Delta
from nestflux.history.statements import is_repeatable


class Decision(StrEnum):
    """Run it (again); book it as done; or leave it to a person."""

    RUN = "run"
    CLOSE = "close"
    ASK = "ask"


@dataclass(frozen=True)
class Finding:
    """The decision, why, and what was seen: the change of the live schema."""

    decision: Decision
    why: str
    change: Delta


@dataclass(frozen=True)
class Interrupted:
    """The step as the ledger has it. ``answered``: the server said that it failed; otherwise
    nobody knows what became of it. ``before`` is None for steps that commit with their row.
    ``same_server``: the version that ``recorded`` was read on is the one that runs here."""

    kind: str  # ddl | data | python
    sql: str
    answered: bool
    undecidable: str
    before: Mapping[str, str] | None
    recorded: Delta
    same_server: bool = True


def decide(step: Interrupted, live: Mapping[str, str]) -> Finding:
    """What to do about a step.

    Args:
        live: a reading, taken now, of the same objects as ``step.before``.
    """
    if step.kind != "ddl" or step.before is None:
        return _of_transactional(step)
    change = Delta.between(step.before, live)
    if change:
        tables = {**step.before, **live}
        lenient = not (step.same_server or step.answered)
        if step.recorded and is_the_recorded(change, step.recorded, tables, lenient=lenient):
            return Finding(Decision.CLOSE, "the schema shows that it ran", change)
        return Finding(
            Decision.ASK, "the schema changed, and not as the statement changes it", change
        )
    if step.answered:
        return Finding(Decision.RUN, "it changed nothing", change)
    if step.undecidable:
        return Finding(Decision.ASK, step.undecidable, change)
    if step.recorded:
        return Finding(Decision.RUN, "the schema shows that it did not run", change)
    if is_repeatable(step.sql):
        return Finding(Decision.RUN, "it may be run twice", change)
    return Finding(Decision.ASK, "it leaves no trace in the schema", change)


def is_the_recorded(
    change: Delta, recorded: Delta, tables: Mapping[str, str], *, lenient: bool
) -> bool:
    """Is it the change that was recorded, as a table of its own past and another version of the
    server show it?

    A column of an old latin1 table has that table's character set, and was recorded with the
    schema's. Another version prints a definition differently: there it is enough that an object
    came or went, if nobody knows that the statement failed; one that changed must read the same
    but for known spellings.

    Args:
        tables: a reading that holds the lines of the tables concerned.
        lenient: the server is of another version, and did not say that the statement failed.
    """
    live, recorded = (spellings.less_tables_own(d, tables) for d in (change, recorded))
    if live.same_as(recorded):
        return True
    if not lenient:
        return False
    mine, theirs = (delta.without_order().changes for delta in (live, recorded))
    return mine.keys() == theirs.keys() and all(
        _came_or_went_alike(mine[key], theirs[key]) or _reads_alike(mine[key], theirs[key])
        for key in mine
    )


_Change = tuple[str | None, str | None]


def _came_or_went_alike(one: _Change, other: _Change) -> bool:
    gone = [side is None for side in one]
    return any(gone) and gone == [side is None for side in other]


def _reads_alike(one: _Change, other: _Change) -> bool:
    if None in (*one, *other):
        return False
    return [spellings.plain(str(t)) for t in one] == [spellings.plain(str(t)) for t in other]


def _of_transactional(step: Interrupted) -> Finding:
    if step.undecidable:
        return Finding(Decision.ASK, step.undecidable, Delta())
    return Finding(
        Decision.RUN, "it commits together with its ledger row, which says that it did not", Delta()
    )
