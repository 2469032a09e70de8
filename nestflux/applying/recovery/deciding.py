"""What becomes of the one step that was started and not finished. Pure.

A reading from before, the schema as it is now, and the change that was recorded: these three say
whether it ran. What else changed on the same objects meanwhile is left out, and named.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from nestflux.applying.recovery.projecting import Projection, project
from nestflux.schema.diff import Delta, Reading
from nestflux.sql.statements import is_repeatable


class Decision(StrEnum):
    """Run it (again); mark it as done; or leave it to a person."""

    RUN = "run"
    CLOSE = "close"
    ASK = "ask"


@dataclass(frozen=True)
class Conclusion:
    """The decision, why, and what was seen: the change of the live schema, and what of the
    recorded change is there and what is not, in lines."""

    decision: Decision
    why: str
    change: Delta
    parts: tuple[str, ...] = ()


@dataclass(frozen=True)
class Interrupted:
    """The step as the ledger has it. ``answered``: the server said that it failed; otherwise
    nobody knows what became of it. ``before`` is None for steps that commit with their row.
    ``same_server``: the version that ``recorded`` was read on is the one that runs here."""

    kind: str  # ddl | data | python
    sql: str
    answered: bool
    undecidable: str
    before: Reading | None
    recorded: Delta
    same_server: bool = True


def decide(step: Interrupted, live: Reading) -> Conclusion:
    """What to do about a step.

    Args:
        live: a reading, taken now, of the same objects as ``step.before``.
    """
    if step.kind != "ddl" or step.before is None:
        return _of_transactional(step)
    change = Delta.between(step.before, live)
    if not change:
        return _of_unchanged(step, change)
    seen = project(
        step.before,
        live,
        step.recorded,
        # What the server said had failed is never done by its shape alone.
        shapes=not (step.same_server or step.answered),
        failed=step.answered,
    )
    parts = tuple(seen.parts())
    if why := _why_undecided(step, seen):
        return Conclusion(Decision.ASK, why, change, parts)
    if seen.there:
        return Conclusion(
            Decision.CLOSE, f"the schema shows that it ran{_and(seen.besides)}", change
        )
    found = _of_unchanged(step, change)
    if found.decision is Decision.ASK:
        return Conclusion(Decision.ASK, found.why, change, parts)
    return Conclusion(Decision.RUN, f"{found.why}{_and(seen.besides)}", change)


def _why_undecided(step: Interrupted, seen: Projection) -> str:
    """Why the keys of the recorded change do not say whether a step ran; empty if they do."""
    if seen.doubt:
        return seen.doubt
    if seen.neither:
        return f"{next(iter(seen.neither))} is neither as before it nor as after it"
    if seen.there and seen.missing:
        return "a part of what it changes is there, and a part is not"
    if not (seen.there or seen.missing or is_repeatable(step.sql)):
        return "the schema changed, and not as the statement changes it"
    return ""


def _of_unchanged(step: Interrupted, change: Delta) -> Conclusion:
    """Nothing that the step changes is changed."""
    if step.answered:
        return Conclusion(Decision.RUN, "it changed nothing", change)
    if step.undecidable:
        return Conclusion(Decision.ASK, step.undecidable, change)
    if step.recorded:
        return Conclusion(Decision.RUN, "the schema shows that it did not run", change)
    if is_repeatable(step.sql):
        return Conclusion(Decision.RUN, "it may be run twice", change)
    return Conclusion(Decision.ASK, "it leaves no trace in the schema", change)


def _and(besides: Delta) -> str:
    """What else changed there, for the end of one line."""
    if not besides:
        return ""
    shown = [line.split(": ", 1)[0] for line in besides.lines()]
    more = f" and {len(shown) - 3} more" if len(shown) > 3 else ""
    return f"; changed there besides, and not by it: {', '.join(shown[:3])}{more}"


def _of_transactional(step: Interrupted) -> Conclusion:
    if step.undecidable:
        return Conclusion(Decision.ASK, step.undecidable, Delta())
    return Conclusion(
        Decision.RUN, "it commits together with its ledger row, which says that it did not", Delta()
    )
