"""Which steps of a run write a table anew, and what that costs."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from nestflux.applying.plan.files import MigrationFile
from nestflux.applying.plan.load_plan import make_plan
from nestflux.applying.plan.tasks import Task, Work
from nestflux.applying.target import Target, open_target
from nestflux.conf import SizeLimits, configuration
from nestflux.database.costs import Cost, cost_of, table_written_anew
from nestflux.database.profile import Sizes
from nestflux.database.sizes import sizes_at_hand
from nestflux.database.verdicts import CREATES, NEW_TABLE
from nestflux.sql.statement_parts import table_of


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


def pending_warnings(alias: str) -> Iterator[str]:
    """The steps of the pending files that write too large a table anew, a line each. Raises
    NestFluxError where the database or its files cannot be asked."""
    target = open_target(alias)
    plan = make_plan(target)
    if plan.load:
        return
    works = [MigrationFile.on_disk(target, entry).up for entry in plan.pending]
    limits = configuration().sizes
    for (name, ordinal), cost in costs_here(target, works).by_step.items():
        if cost.is_blocking(limits) or cost.is_large(limits):
            waits = ", and writes to it wait" if cost.blocks else ""
            yield (
                f"{name}.sql, which is pending, writes a table anew (statement {ordinal}){waits}. "
                f"{cost.size}; {cost.time}"
            )


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
