"""Which steps of a run write a table anew, and what that costs."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from nestflux.applying.plan.tasks import Task, Work
from nestflux.conf import SizeLimits, configuration
from nestflux.database.costs import Cost, cost_of, table_written_anew
from nestflux.database.profile import Sizes
from nestflux.database.sizes import sizes_at_hand
from nestflux.database.verdicts import CREATES, NEW_TABLE
from nestflux.sql.statement_parts import table_of

if TYPE_CHECKING:
    from nestflux.applying.target import Target


@dataclass(frozen=True)
class Anew:
    """A step that writes ``table`` anew, one that existed before the run."""

    work: Work
    task: Task
    table: str


@dataclass(frozen=True)
class Costs:
    """What the steps of some files cost, by the file's name and the step's ordinal."""

    by_step: Mapping[tuple[str, int], Cost] = field(default_factory=dict)

    def of(self, work: Work, task: Task) -> Cost | None:
        return self.by_step.get((work.file.name, task.ordinal))


def costs_here(target: Target, works: Iterable[Work]) -> Costs:
    """What the steps of some files cost on the database of ``target``, which is asked only where
    one of them writes a table anew. Raises HistoryError where the profile cannot be read."""
    family = target.server.family
    steps = written_anew(works, family)
    if not steps:
        return Costs()
    return costs_of(steps, sizes_at_hand(target.connection, family), configuration().sizes)


def written_anew(works: Iterable[Work], family: str) -> tuple[Anew, ...]:
    """The steps that copy or rebuild a table, but for those that one of the files makes before it:
    they have no rows that count. Pure.

    Args:
        works: of the files that are to run, in their order.
    """
    found: list[Anew] = []
    new: set[str] = set()
    for work in works:
        to_run = {task.ordinal for task in work.to_run}
        for task in work.tasks:
            # The words of a file of 0.1 may mean another table, to which a key of this one leads.
            verdict = task.record.verdict.removesuffix(NEW_TABLE)
            if verdict == CREATES:
                new.add(table_of(task.text))
            elif table := table_written_anew(task.text, verdict, family, new):
                found += [Anew(work, task, table)] if task.ordinal in to_run else []
    return tuple(found)


def costs_of(steps: Iterable[Anew], sizes: Sizes, limits: SizeLimits) -> Costs:
    """What they cost, as far as the sizes of their tables are known. Pure."""
    costs = {
        (step.work.file.name, step.task.ordinal): cost
        for step in steps
        if (cost := cost_of(step.table, step.task.record.verdict, sizes, limits))
    }
    return Costs(costs)
