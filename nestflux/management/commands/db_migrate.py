"""``db_migrate``: apply what is pending, as it was reviewed."""

from __future__ import annotations

from typing import Any

from django.core.management.base import CommandParser

from nestflux.applying.api import LockTimes, Options, make_plan, migrate, works_of
from nestflux.applying.retry import RetryPolicy
from nestflux.management.command import NestFluxCommand
from nestflux.management.progress import Progress
from nestflux.management.shown import plan_as_json, plan_lines


class Command(NestFluxCommand):
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
            "--lock-timeout",
            type=float,
            default=LockTimes.wait,
            metavar="SECONDS",
            help="How long to wait for another deploy (default: %(default)s).",
        )
        parser.add_argument(
            "--ddl-lock-timeout",
            type=int,
            default=RetryPolicy.ddl_lock_timeout,
            metavar="SECONDS",
            help="How long one try of a statement waits for a table that others use, before it "
            "steps back and tries again (default: %(default)s).",
        )
        parser.add_argument(
            "--stale-after",
            type=float,
            default=LockTimes.stale,
            metavar="SECONDS",
            help="A deploy that gave no sign of life for so long is ended (default: %(default)s).",
        )
        parser.add_argument(
            "--heartbeat",
            type=float,
            default=LockTimes.beat,
            metavar="SECONDS",
            help="Time between two signs of life of this deploy (default: %(default)s); another "
            "is ended after three of them at the least.",
        )
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
                options=Options(
                    lock=LockTimes(
                        wait=options["lock_timeout"],
                        beat=options["heartbeat"],
                        stale=options["stale_after"],
                    ),
                    retry=RetryPolicy(ddl_lock_timeout=options["ddl_lock_timeout"]),
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
        plan = make_plan(alias, replay=options["replay"], to=options["to"])
        works = works_of(alias, plan)
        if options["json"]:
            self.print_json(plan_as_json(plan, works))
            return
        for line in plan_lines(plan, works):
            self.console().print(line)
