"""``db_migrate``: apply what is pending, as it was reviewed.

What applying needs is imported once there is something to apply: most deploys have nothing to do.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from django.core.management.base import CommandParser

from nestflux.applying.plan.load_plan import make_plan, nothing_to_do
from nestflux.applying.target import Target, open_target
from nestflux.exceptions import Refused
from nestflux.management.backup_options import add_backup_arguments
from nestflux.management.command import NestFluxCommand, retire
from nestflux.management.run_options import RunOptions

if TYPE_CHECKING:
    from nestflux.history.deploy_order import DeployOrder
    from nestflux.history.journal import Entry

_UP_TO_DATE = "Database is up to date!"


class Command(RunOptions, NestFluxCommand):
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
            "--order",
            action="store_true",
            help="With --plan: measure on a development server which goes first, all pending files "
            "together or the code that comes with them.",
        )
        parser.add_argument(
            "--replay",
            action="store_true",
            help="On an empty database run the files one by one instead of loading schema.sql.",
        )
        parser.add_argument(
            "--to",
            metavar="FILE",
            help="Stop after this file. One whose rollback was begun "
            "and not finished goes forward again.",
        )
        add_backup_arguments(parser)
        self.add_lock_arguments(parser)
        retire(parser, "--book", "python manage.py db_mark_applied FILE")
        retire(parser, "--turn", "--to FILE, with the file whose rollback was begun")
        parser.add_argument(
            "--create-database", action="store_true", help="Make the database if it is missing."
        )
        parser.add_argument(
            "--noinput", "--no-input", action="store_false", dest="interactive", help="Never ask."
        )

    def handle(self, *args: Any, **options: Any) -> None:
        alias = options["database"]
        if options["order"] and not options["plan"]:
            raise Refused(
                "--order measures and runs nothing.",
                stands="nothing was run",
                then="python manage.py db_migrate --plan --order",
            )
        self.connect(
            alias,
            create_database_if_missing=options["create_database"],
            interactive=options["interactive"],
        )
        target = open_target(alias)
        if options["plan"]:
            self._show_plan(target, options)
            return
        if not options["json"] and nothing_to_do(target, to=options["to"]):
            self.stdout.write(_UP_TO_DATE)
            return
        self._migrate(target, options)

    def _migrate(self, target: Target, options: dict[str, Any]) -> None:
        from nestflux.applying.run.migrate import migrate
        from nestflux.management.progress import Progress

        with Progress(self.console()) as progress:
            outcome = migrate(
                target,
                replay=options["replay"],
                to=options["to"],
                options=self.run_options(progress, options),
                looked=not options["json"] and options["to"] is None,
            )
        if options["json"]:
            self.print_json(
                {
                    "applied": [vars(finished) for finished in outcome.applied],
                    "loaded": list(outcome.loaded.names) if outcome.loaded else [],
                    "relinked": list(outcome.relinked),
                    "exchanged": list(outcome.exchanged),
                    "post_migrate_sent": outcome.signals_sent,
                    "waited": progress.waited.to_json() if progress.waited else None,
                }
            )
        left = make_plan(target).pending if options["to"] else ()
        if left:
            self.console().print(f"{len(left)} pending, as --to asked.")
        else:
            self.console().print(_UP_TO_DATE)

    def _show_plan(self, target: Target, options: dict[str, Any]) -> None:
        from nestflux.applying.run.one_by_one import backups_due, works_of
        from nestflux.applying.suitability import suitability
        from nestflux.management.plan_format import plan_as_json, plan_lines

        plan = make_plan(target, replay=options["replay"], to=options["to"])
        works = works_of(target, plan)
        due = () if plan.load else backups_due(target, works)
        found = suitability(target, works)
        together = self._order(target, plan.pending) if options["order"] else None
        if options["json"]:
            self.print_json({**plan_as_json(plan, works, due, together), **found.to_json()})
            return
        for line in (*plan_lines(plan, works, due, together), *found.lines()):
            self.console().print(line)

    def _order(self, target: Target, pending: Sequence[Entry]) -> DeployOrder | None:
        from nestflux.conf import configuration
        from nestflux.recording.deploy_order.several import order_of_pending
        from nestflux.recording.recording_target import recording_target

        if not pending:
            return None
        family = target.server.family
        shadows = recording_target(target.connection.alias, family, configuration())
        return order_of_pending(shadows, pending)
