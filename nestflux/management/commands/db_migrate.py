"""``db_migrate``: apply what is pending, as it was reviewed.

What applying needs is imported once there is something to apply: most deploys have nothing to do.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from django.core.management.base import CommandParser

from nestflux.applying.plan.load_plan import make_plan, nothing_to_do
from nestflux.applying.target import Target, open_target
from nestflux.exceptions import NotReviewed, Refused
from nestflux.management.backup_options import add_backup_arguments
from nestflux.management.command import NestFluxCommand, retire
from nestflux.management.run_options import RunOptions, add_unreviewed_argument, replica_seconds
from nestflux.wording import counted

if TYPE_CHECKING:
    from nestflux.applying.run.migrate import Outcome
    from nestflux.history.deploy_order import DeployOrder
    from nestflux.history.journal import Entry

_PATIENT = 3600  # seconds for what somebody asked for: one question, the replicas
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
        parser.add_argument(
            "--preflight",
            action="store_true",
            help="Only ask the rows whether they would stop a statement, in tables of any size, "
            "and run nothing. Exit code 1 where they would.",
        )
        parser.add_argument(
            "--no-preflight", action="store_true", help="Do not ask the rows before the run."
        )
        parser.add_argument(
            "--wait-for-replicas",
            nargs="?",
            type=replica_seconds,
            const=_PATIENT,
            metavar="SECONDS",
            help='Then wait until each replica of NESTFLUX["REPLICAS"] has the schema, for that '
            "many seconds (3600). Exit code 1 where one has not.",
        )
        add_unreviewed_argument(parser)
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
        if options["preflight"]:
            self._preflight(target, options)
            return
        if options["wait_for_replicas"]:
            from nestflux.applying.replicas import refuse_to_wait

            refuse_to_wait(target)
        if not options["json"] and nothing_to_do(target, to=options["to"]):
            self.stdout.write(_UP_TO_DATE)
            self._wait_for_replicas(target, options)
            return
        self._migrate(target, options)

    def _migrate(self, target: Target, options: dict[str, Any]) -> None:
        try:
            outcome, waited = self._run(target, options)
        except NotReviewed as error:
            if not (options["unreviewed"] or self._agrees(error, options)):
                raise
            outcome, waited = self._run(target, options, unreviewed=error.statements)
        replicas = self._wait_for_replicas(target, options)
        if options["json"]:
            self.print_json(
                {
                    "applied": [vars(finished) for finished in outcome.applied],
                    "loaded": list(outcome.loaded.names) if outcome.loaded else [],
                    "relinked": list(outcome.relinked),
                    "exchanged": list(outcome.exchanged),
                    "post_migrate_sent": outcome.signals_sent,
                    "waited": waited,
                    **replicas,
                }
            )
        left = make_plan(target).pending if options["to"] else ()
        if left:
            self.console().print(f"{len(left)} pending, as --to asked.")
        else:
            self.console().print(_UP_TO_DATE)

    def _wait_for_replicas(self, target: Target, options: dict[str, Any]) -> dict[str, Any]:
        """What a JSON document says of them; empty where nobody asked to wait."""
        if not options["wait_for_replicas"]:
            return {}
        from nestflux.applying.replicas import WaitOptions, wait_for_replicas
        from nestflux.management.progress import Progress
        from nestflux.management.replica_progress import ReplicaProgress

        with Progress(self.console()) as progress:
            shown = ReplicaProgress(progress)
            wait = WaitOptions(options["wait_for_replicas"], shown.looked, shown.arrived)
            found = wait_for_replicas(target, wait)
        return {"replicas": [replica.to_json() for replica in found]}

    def _preflight(self, target: Target, options: dict[str, Any]) -> None:
        from nestflux.applying.preflight.asking import preflight
        from nestflux.applying.run.one_by_one import works_of
        from nestflux.conf import PreflightLimits

        plan = make_plan(target, replay=options["replay"], to=options["to"])
        works = () if plan.load or plan.in_flight else works_of(target, plan)
        limits = PreflightLimits(rows=sys.maxsize, seconds=_PATIENT)
        asked = preflight(target.connection, works, limits)
        if options["json"]:
            self.print_json(asked.to_json())
        else:
            for line in asked.lines():
                self.console().print(line)
            if not asked.found:
                self.console().print(
                    f"✓ No row is in the way of {counted(len(works), 'pending file')} "
                    f"({counted(len(asked.asked), 'question')} asked)."
                )
        if asked.found:
            self.found()

    def _run(
        self, target: Target, options: dict[str, Any], unreviewed: tuple[str, ...] = ()
    ) -> tuple[Outcome, Any]:
        """What the run did, and for JSON how it waited for the lock."""
        from nestflux.applying.run.migrate import migrate
        from nestflux.management.progress import Progress

        with Progress(self.console()) as progress:
            outcome = migrate(
                target,
                replay=options["replay"],
                to=options["to"],
                options=replace(self.run_options(progress, options), unreviewed=unreviewed),
                looked=not options["json"] and options["to"] is None,
            )
        return outcome, progress.waited.to_json() if progress.waited else None

    def _agrees(self, error: NotReviewed, options: dict[str, Any]) -> bool:
        if not options["interactive"]:
            return False
        self.console().print(error.what)
        return self.confirm("Run them?")

    def _show_plan(self, target: Target, options: dict[str, Any]) -> None:
        from nestflux.applying.plan.costs import costs_here
        from nestflux.applying.plan.measured_here import measured_here
        from nestflux.applying.run.one_by_one import backups_due, works_of
        from nestflux.applying.suitability import suitability
        from nestflux.management.plan_format import PlanDetails, plan_as_json, plan_lines

        plan = make_plan(target, replay=options["replay"], to=options["to"])
        works = works_of(target, plan)
        here = None
        if not (plan.load or plan.in_flight):
            here = measured_here(target, works)
            works = here.works
        details = PlanDetails(
            works,
            due=() if plan.load else backups_due(target, works),
            costs=costs_here(target, () if plan.load else works),
            here=here,
            together=self._order(target, plan.pending) if options["order"] else None,
        )
        found = suitability(target, works)
        if options["json"]:
            self.print_json({**plan_as_json(plan, details), **found.to_json()})
            return
        for line in (*plan_lines(plan, details), *found.lines()):
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
