"""What becomes of the one step that was started and not finished. Pure.

A reading from before, the schema as it is now, and the change that was recorded: these three say
whether it ran. DDL is atomic in the supported servers, so there is no third state of our making.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

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
        if step.recorded and _is_the_recorded(change, step):
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


def _is_the_recorded(change: Delta, step: Interrupted) -> bool:
    """Two versions of a server print a definition differently (integer widths, default
    collations); then it is the objects that count, and which of them came, went or changed."""
    if change.same_as(step.recorded):
        return True
    return not step.same_server and _shape(change) == _shape(step.recorded)


def _shape(delta: Delta) -> dict[str, tuple[bool, bool]]:
    return {
        key: (before is None, after is None)
        for key, (before, after) in delta.without_order().changes.items()
    }


def _of_transactional(step: Interrupted) -> Finding:
    if step.undecidable:
        return Finding(Decision.ASK, step.undecidable, Delta())
    return Finding(
        Decision.RUN, "it commits together with its ledger row, which says that it did not", Delta()
    )
