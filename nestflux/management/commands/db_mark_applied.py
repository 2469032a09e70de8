"""``db_mark_applied``: a file that somebody ran by hand is marked as applied."""

from __future__ import annotations

from typing import Any

from django.core.management.base import CommandParser

from nestflux.adopting.mark_applied import mark_applied, plan_mark
from nestflux.applying.suitability import suitability
from nestflux.applying.target import open_target
from nestflux.exceptions import Refused
from nestflux.management.command import NestFluxCommand
from nestflux.management.plan_format import mark_as_json, mark_lines
from nestflux.management.progress import Progress
from nestflux.management.run_options import RunOptions


class Command(RunOptions, NestFluxCommand):
    help = (
        "Runs nothing: marks the next pending file, which somebody ran by hand, as applied, once "
        "the schema shows it. Exit code 1 when it does not."
    )
    machine_readable = True

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("file", help="The file, by its name or its number.")
        parser.add_argument(
            "--plan", action="store_true", help="Compare only; change nothing in the ledger."
        )
        parser.add_argument("--yes", action="store_true", help="Do not ask.")
        self.add_lock_arguments(parser)

    def handle(self, *args: Any, **options: Any) -> None:
        alias = options["database"]
        self.connect(alias)
        target = open_target(alias)
        plan = plan_mark(target, options["file"])
        console = self.console()
        for line in mark_lines(plan):
            console.print(line)
        wanted = plan.agrees and not options["plan"]
        found = suitability(target)
        for line in () if wanted else found.lines():
            console.print(line)
        if wanted and not options["yes"] and not self.confirm("Mark it as applied?"):
            raise Refused(
                "Not confirmed.",
                stands="nothing was changed",
                then=f"python manage.py db_mark_applied {plan.entry.name}.sql --yes",
            )
        if wanted:
            with Progress(console) as progress:
                mark_applied(
                    target,
                    plan,
                    options=self.run_options(progress, options),
                )
            console.print(f"✓ Marked as applied: {plan.entry.name}.sql")
        if options["json"]:
            self.print_json({**mark_as_json(plan), "marked": wanted, **found.to_json()})
        if not plan.agrees:
            self.found()
