"""``db_rollback``: undo files from their reviewed down files."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from django.core.management.base import CommandParser

from nestflux.applying.plan.costs import Costs, costs_here
from nestflux.applying.run.rollback import RollbackPlan, Wanted, plan_rollback, rollback
from nestflux.applying.suitability import Suitability, suitability
from nestflux.applying.target import open_target
from nestflux.exceptions import Refused
from nestflux.management.backup_options import add_backup_arguments
from nestflux.management.command import NestFluxCommand
from nestflux.management.plan_format import rollback_as_json, rollback_lines
from nestflux.management.progress import Progress
from nestflux.management.run_options import RunOptions, add_unreviewed_argument


class Command(RunOptions, NestFluxCommand):
    help = (
        "Undoes the SQL migration that was applied last, or down to one, and says first what "
        "data that loses. A rollback that died is finished; of a file that is half applied, what "
        "ran is undone."
    )
    machine_readable = True

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.add_argument(
            "file", nargs="?", help="Undo this file, and what was applied after it."
        )
        parser.add_argument(
            "--to",
            metavar="FILE",
            help='Undo what was applied after this file, which stays; "zero" undoes everything.',
        )
        parser.add_argument(
            "--off-branch",
            action="store_true",
            help="Undo what the files on disk do not hold, another branch's, from its text in the "
            "ledger; and what was applied after it.",
        )
        parser.add_argument("--yes", action="store_true", help="Do not ask.")
        add_unreviewed_argument(parser)
        parser.add_argument(
            "--plan",
            action="store_true",
            help="Show what would run and what it loses; run nothing.",
        )
        add_backup_arguments(parser)
        self.add_lock_arguments(parser)

    def handle(self, *args: Any, **options: Any) -> None:
        alias = options["database"]
        wanted = Wanted(options["file"], options["to"], options["off_branch"])
        if sum(map(bool, vars(wanted).values())) > 1:
            raise Refused(
                "Give one of: a file, --to, --off-branch.",
                then="python manage.py db_rollback   (undoes the last file), or with one of them",
            )
        self.connect(alias)
        target = open_target(alias)
        plan = plan_rollback(target, wanted)
        if options["plan"]:
            works = [file.work for file in plan.files]
            self._show(plan, options, suitability(target, works), costs_here(target, works))
            return
        if plan.nothing_to_do:
            self.console().print("Nothing to roll back.")
            return
        if plan.files:
            self._show(plan, {**options, "json": False})
        agreed = options["unreviewed"]
        if plan.files and not options["yes"]:
            agreed = True  # or refused
            if not self.confirm(_question(plan)):
                raise Refused("Nothing was rolled back.", then=_then(plan))
        with Progress(self.console()) as progress:
            run_options = self.run_options(progress, options)
            finished = rollback(
                target,
                wanted,
                expected=plan,
                options=replace(run_options, unreviewed=plan.unreviewed if agreed else ()),
            )
        if options["json"]:
            waited = progress.waited.to_json() if progress.waited else None
            self.print_json({"rolled_back": [vars(each) for each in finished], "waited": waited})

    def _show(
        self,
        plan: RollbackPlan,
        options: dict[str, Any],
        found: Suitability | None = None,
        costs: Costs | None = None,
    ) -> None:
        """The plan; with its SQL and costs, and what a run would say of the server, if it is only
        shown."""
        costs = costs or Costs()
        if options["json"]:
            self.print_json({**rollback_as_json(plan, costs), **(found.to_json() if found else {})})
            return
        for line in rollback_lines(plan, with_sql=found is not None, costs=costs):
            self.console().print(line)
        for line in found.lines() if found else ():
            self.console().print(line)


def _question(plan: RollbackPlan) -> str:
    if plan.unreviewed:
        return "Roll back, with statements that nobody reviewed?"
    return "Roll back?"


def _then(plan: RollbackPlan) -> str:
    yes = "python manage.py db_rollback --yes"
    return f"review them, then: {yes} --unreviewed" if plan.unreviewed else yes
