"""``db_migrate``: apply what is pending, as it was reviewed."""

from __future__ import annotations

from typing import Any

from django.core.management.base import CommandParser

from nestflux.applying.api import Options, make_plan, migrate, works_of
from nestflux.management.command import NestFluxCommand
from nestflux.management.lock_options import LockOptions
from nestflux.management.progress import Progress
from nestflux.management.shown import plan_as_json, plan_lines


class Command(LockOptions, NestFluxCommand):
    help = (
        "Applies the SQL migrations that this database lacks, statement by statement, and goes "
        "on where an earlier run stopped."
    )
    machine_readable = True

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.add_argument(
            "--plan", action="store_true", help="Show what would run, and run nothing."
        )
        parser.add_argument(
            "--replay",
            action="store_true",
            help="On an empty database run the files one by one instead of loading schema.sql.",
        )
        parser.add_argument("--to", metavar="FILE", help="Stop after this file.")
        parser.add_argument(
            "--turn",
            action="store_true",
            help="Take a file forward again whose rollback was begun and not finished.",
        )
        self.add_lock_arguments(parser)
        parser.add_argument(
            "--create-database", action="store_true", help="Make the database if it is missing."
        )
        parser.add_argument(
            "--noinput", "--no-input", action="store_false", dest="interactive", help="Never ask."
        )

    def handle(self, *args: Any, **options: Any) -> None:
        alias = options["database"]
        self.connect(
            alias,
            create_database_if_missing=options["create_database"],
            interactive=options["interactive"],
        )
        if options["plan"]:
            self._show_plan(alias, options)
            return
        with Progress(self.console()) as progress:
            outcome = migrate(
                alias,
                replay=options["replay"],
                to=options["to"],
                turn=options["turn"],
                options=Options(
                    lock=self.lock_times(options),
                    retry=self.retry_policy(options),
                    on_event=progress.on_event,
                    verbosity=options["verbosity"],
                    interactive=options["interactive"],
                    stdout=self.stdout,
                ),
            )
        if options["json"]:
            self.print_json(
                {
                    "applied": [vars(finished) for finished in outcome.applied],
                    "loaded": list(outcome.loaded.names) if outcome.loaded else [],
                    "relinked": list(outcome.relinked),
                    "post_migrate_sent": outcome.signals_sent,
                }
            )
        left = make_plan(alias).pending if options["to"] else ()
        if left:
            self.console().print(f"{len(left)} pending, as --to asked.")
        else:
            self.console().print("Database is up to date!")

    def _show_plan(self, alias: str, options: dict[str, Any]) -> None:
        plan = make_plan(alias, replay=options["replay"], to=options["to"], turn=options["turn"])
        works = works_of(alias, plan)
        if options["json"]:
            self.print_json(plan_as_json(plan, works))
            return
        for line in plan_lines(plan, works):
            self.console().print(line)
