"""What becomes of the one step that was started and not finished. Pure.

The schema before it, the schema as it is now, and the change that was recorded: these three say
whether it ran. What else changed on the same objects meanwhile is left out, and named.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from nestflux.applying.recovery.projecting import Projection, project
from nestflux.ledger.rows import LedgerStep
from nestflux.schema.diff import Definitions, Delta
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


def decide(
    step: LedgerStep, live: Definitions, *, same_server: bool = True, collation: str = ""
) -> Conclusion:
    """What to do about a step that is in flight.

    Args:
        live: the definitions now of the same objects as ``step.schema_before``, which is None
            for steps that commit with their row.
        same_server: the version that ``step.recorded`` was read on is the one that runs here.
        collation: the live schema's default; empty: not known.
    """
    if step.kind != "ddl" or step.schema_before is None:
        return _of_transactional(step)
    change = Delta.between(step.schema_before, live)
    if not change:
        return _of_unchanged(step, change)
    seen = project(
        step.schema_before,
        live,
        step.recorded,
        # What the server said had failed is never done by its shape alone.
        shapes=not (same_server or step.has_failed),
        failed=step.has_failed,
        collation=collation,
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


def _why_undecided(step: LedgerStep, seen: Projection) -> str:
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


def _of_unchanged(step: LedgerStep, change: Delta) -> Conclusion:
    """Nothing that the step changes is changed."""
    if step.has_failed:
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


def _of_transactional(step: LedgerStep) -> Conclusion:
    if step.undecidable:
        return Conclusion(Decision.ASK, step.undecidable, Delta())
    return Conclusion(
        Decision.RUN, "it commits together with its ledger row, which says that it did not", Delta()
    )
