"""What is to be done with a table's partitions. Pure.

Nothing is remembered of earlier runs: the same partitions, declaration and time give the same plan,
and a table that is as it should be gives an empty one. So a run that died is simply run again.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from itertools import pairwise
from typing import Any

from nestflux.orm.partitioning.checks import LIMIT
from nestflux.orm.partitioning.constraints import REST, name_of, partition_sql
from nestflux.orm.partitioning.intervals import (
    Bound,
    as_bound,
    floor,
    following,
    shifted,
)
from nestflux.partitions.declared import DeclaredTable
from nestflux.partitions.live import LivePartition, LiveTable
from nestflux.sql.lexer import quoted
from nestflux.wording import counted, listed


class Action(StrEnum):
    """``SPLIT``: new partitions are cut out of the catch-all. ``ARCHIVE``: dumped, then dropped."""

    ADD = "add"
    SPLIT = "split"
    DROP = "drop"
    ARCHIVE = "archive"


@dataclass(frozen=True)
class Step:
    """One statement. ``partitions`` are those that come or go; ``rows`` the server's estimate of
    those that go, or that are copied out of the catch-all."""

    action: Action
    partitions: tuple[LivePartition, ...]
    sql: str
    rows: int = 0

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(each.name for each in self.partitions)

    @property
    def takes_away(self) -> bool:
        return self.action in (Action.DROP, Action.ARCHIVE)

    def __str__(self) -> str:
        names = listed(self.names)
        last = self.partitions[-1].below
        match self.action:
            case Action.ADD | Action.SPLIT:
                until = "" if last is None else f", up to {_shown(last)}"
                copied = f"; copies about {counted(self.rows, 'row')}" if self.rows else ""
                out_of = f" out of {REST}" if self.action is Action.SPLIT else ""
                return f"+ {names}{out_of}{until}{copied}"
            case _:
                how = "dumped, then dropped" if self.action is Action.ARCHIVE else "dropped"
                return f"- {names}, before {_shown(last)}: about {counted(self.rows, 'row')}, {how}"

    def to_json(self) -> dict[str, Any]:
        return {
            "action": str(self.action),
            "partitions": [
                {"name": each.name, "below": None if each.below is None else _shown(each.below)}
                for each in self.partitions
            ],
            "rows": self.rows,
            "sql": self.sql,
        }


@dataclass(frozen=True)
class TablePlan:
    """What is to be done with one table, in this order; or ``problem``, why nothing is."""

    table: DeclaredTable
    steps: tuple[Step, ...] = ()
    problem: str = ""

    def to_json(self) -> dict[str, Any]:
        return {
            "model": self.table.label,
            "table": self.table.table,
            "steps": [step.to_json() for step in self.steps],
            "problem": self.problem,
        }


def plan_table(table: DeclaredTable, live: LiveTable, now: Bound) -> TablePlan:
    """First the coming partitions, then the old ones: some partition is always left.

    Args:
        now: a moment, or the largest number (``live.current_value``).
    """
    if live.why_other:
        return TablePlan(table, problem=live.why_other)
    coming = _coming(table, live, now)
    old = _old(table, live, now)
    count = len(live.partitions) + len(coming) - len(old)
    if count > LIMIT:
        return TablePlan(
            table,
            problem=f"it would have {count:,} partitions, and a table has {LIMIT:,} at the most",
        )
    return TablePlan(table, (*_adding(table, live, coming), *_dropping(table, old)))


def cutoff(table: DeclaredTable, now: Bound) -> Bound | None:
    """What lies wholly before it is old; None where all is kept."""
    every, keep = table.ranges.every, table.ranges.keep
    return None if keep is None else shifted(every, floor(every, now), -keep)


def _coming(table: DeclaredTable, live: LiveTable, now: Bound) -> tuple[LivePartition, ...]:
    """From the last bound on. What is old already gets no partitions of its own: the first one
    that stays takes it in."""
    every, ranges = table.ranges.every, table.ranges
    bounds = [each.below for each in live.partitions if each.below is not None]
    begin = bounds[-1] if bounds else as_bound(ranges.start)
    begin = _later(begin, cutoff(table, now))
    wanted = shifted(every, floor(every, now), ranges.ahead + 1)
    made = [begin]
    while _is_before(made[-1], wanted) and len(made) <= LIMIT + 1:
        made.append(following(every, made[-1]))
    return tuple(LivePartition(name_of(first), below) for first, below in pairwise(made))


def _old(table: DeclaredTable, live: LiveTable, now: Bound) -> tuple[LivePartition, ...]:
    """The oldest first. The catch-all is never old."""
    limit = cutoff(table, now)
    if limit is None:
        return ()
    return tuple(
        each
        for each in live.partitions
        if each.below is not None and not _is_before(limit, each.below)
    )


def _adding(
    table: DeclaredTable, live: LiveTable, coming: tuple[LivePartition, ...]
) -> tuple[Step, ...]:
    rest = next((each for each in live.partitions if each.below is None), None)
    if rest is not None:
        if not coming:
            return ()
        parts = _listed(table, (*coming, rest))
        clause = f"REORGANIZE PARTITION {quoted(rest.name)} INTO ({parts})"
        return (Step(Action.SPLIT, coming, _alter(table, clause), rest.rows),)
    if table.ranges.catch_all:
        coming = (*coming, LivePartition(REST, None))
    if not coming:
        return ()
    clause = f"ADD PARTITION ({_listed(table, coming)})"
    return (Step(Action.ADD, coming, _alter(table, clause)),)


def _dropping(table: DeclaredTable, old: tuple[LivePartition, ...]) -> tuple[Step, ...]:
    """Those that are dumped go one by one: each waits for its dump alone."""
    if not old:
        return ()
    if table.ranges.archive:
        return tuple(_drop(table, Action.ARCHIVE, (each,)) for each in old)
    return (_drop(table, Action.DROP, old),)


def _drop(table: DeclaredTable, action: Action, old: tuple[LivePartition, ...]) -> Step:
    names = ", ".join(quoted(each.name) for each in old)
    rows = sum(each.rows for each in old)
    return Step(action, old, _alter(table, f"DROP PARTITION {names}"), rows)


def _alter(table: DeclaredTable, clause: str) -> str:
    return f"ALTER TABLE {quoted(table.table)} {clause}"


def _listed(table: DeclaredTable, partitions: tuple[LivePartition, ...]) -> str:
    return ", ".join(
        partition_sql(each.name, each.below, timed=table.is_timed) for each in partitions
    )


def _shown(bound: Bound | None) -> str:
    """A midnight as its day."""
    return str(bound).removesuffix(" 00:00:00")


def _later(one: Bound, other: Bound | None) -> Bound:
    return one if other is None or not _is_before(one, other) else other


def _is_before(one: Bound, other: Bound) -> bool:
    """Both are of one kind, which their types do not say."""
    return bool(one < other)  # type: ignore[operator]
