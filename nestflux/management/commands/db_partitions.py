"""``db_partitions``: add the coming partitions, take the old ones away."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from django.core.checks import Tags
from django.core.management.base import CommandParser

from nestflux.applying.backups.choice import choice_of
from nestflux.applying.suitability import suitability
from nestflux.applying.target import open_target
from nestflux.management.command import NestFluxCommand
from nestflux.management.progress import Progress
from nestflux.management.run_options import RunOptions
from nestflux.partitions.declared import declared_tables
from nestflux.partitions.planning import TablePlan
from nestflux.partitions.running import Done, Outcome, maintain_partitions, plan_partitions
from nestflux.wording import counted


class Command(RunOptions, NestFluxCommand):
    help = (
        "Adds the coming partitions of every table whose model declares a range, and drops the "
        "old ones, dumped first where the model says so. Run it daily. Exit code 1 when a table "
        "is not partitioned as its model declares."
    )
    machine_readable = True
    requires_system_checks = (Tags.models,)

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.add_argument(
            "--plan", action="store_true", help="Show what would be done, and do nothing."
        )
        parser.add_argument(
            "--backup",
            metavar="DIR",
            help="Where the dumps of old partitions go, each in a folder of its own; "
            'NESTFLUX["BACKUPS"] if not given.',
        )
        self.add_lock_arguments(parser)

    def handle(self, *args: Any, **options: Any) -> None:
        alias = options["database"]
        self.connect(alias)
        target = open_target(alias)
        if options["plan"]:
            plans = plan_partitions(target.connection)
            found = suitability(target)
            outcome = Outcome(plans)
            if options["json"]:
                tables = [plan.to_json() for plan in plans]
                self.print_json({"tables": tables, **found.to_json()})
            else:
                self._print([*_plan_lines(plans), *found.lines()])
        else:
            with Progress(self.console()) as progress:
                outcome = maintain_partitions(
                    target,
                    archive=_archive(options["backup"], alias),
                    options=self.run_options(progress, {**options, "no_backup": True}),
                    on_done=lambda done: None if options["json"] else self._print([_done(done)]),
                )
            if options["json"]:
                self.print_json(
                    {
                        "tables": [plan.to_json() for plan in outcome.plans],
                        "done": [each.to_json() for each in outcome.done],
                    }
                )
            else:
                self._print(_done_lines(outcome))
        if outcome.problems:
            self.found()

    def _print(self, lines: list[str]) -> None:
        for line in lines:
            self.console().print(line)


def _archive(folder: str | None, alias: str) -> Path | None:
    """Where dumps go. The setting is not asked for where nothing is ever dumped."""
    if not any(table.archives for table in declared_tables(alias)):
        return None
    return choice_of(folder, declined=False, watched=True).folder


def _plan_lines(plans: tuple[TablePlan, ...]) -> Iterator[str]:
    if not plans:
        yield "No model declares partitions by range."
    for plan in plans:
        yield from _problem(plan)
        if not plan.problem:
            yield f"{plan.table.table}: {'nothing to do' if not plan.steps else ''}".rstrip()
        for step in plan.steps:
            yield f"  {step}"
            yield f"      {step.sql};"


def _done_lines(outcome: Outcome) -> list[str]:
    lines = [line for plan in outcome.problems for line in _problem(plan)]
    if not outcome.plans:
        lines.append("No model declares partitions by range.")
    elif not outcome.done and not outcome.problems:
        lines.append("The partitions are up to date!")
    return lines


def _problem(plan: TablePlan) -> Iterator[str]:
    if plan.problem:
        yield (
            f"{plan.table.table} is left alone: {plan.table.label} declares "
            f"{plan.table.ranges.name!r}, and {plan.problem}."
        )
        yield "  Next: python manage.py db_status --drift   (db_migrate where files are pending)"


def _done(done: Done) -> str:
    if done.archive:
        rows = counted(done.rows or 0, "row")
        names = ", ".join(done.step.names)
        return (
            f"✓ {done.table.table}: dumped and dropped {names}  ({rows}, {done.seconds:.1f} s)\n"
            f"  {done.archive}"
        )
    verb = "dropped" if done.step.takes_away else "added"
    names = ", ".join(done.step.names)
    return f"✓ {done.table.table}: {verb} {names}  ({done.seconds:.1f} s)"
