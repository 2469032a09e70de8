"""``db_check``: what is wrong with models, migrations, files and database, before a deploy."""

from __future__ import annotations

from typing import Any

from django.core.checks import Tags
from django.core.management.base import CommandParser

from nestflux.management.command import NestFluxCommand
from nestflux.management.findings_format import report_lines
from nestflux.management.progress import narrated
from nestflux.reviewing.review import review


class Command(NestFluxCommand):
    help = (
        "Checks models, migrations, SQL files, hashes and the database's ledger against each "
        "other, runs the files again on a scratch schema and records the migrations again. Exit "
        "code 1 when an error was found, 2 when nothing could be checked."
    )
    machine_readable = True
    requires_system_checks = (Tags.models,)

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.add_argument(
            "--no-server",
            action="store_true",
            help="Ask no server: files, journals, models and the code of migrations only.",
        )
        parser.add_argument(
            "--no-shadow",
            action="store_true",
            help="Make no scratch schema: run and record nothing again (for a production server).",
        )
        parser.add_argument("--no-ledger", action="store_true", help="Leave out the live database.")
        parser.add_argument(
            "--existing-only",
            action="store_true",
            help="Detect no changes in the models: for an application whose migrations somebody "
            "else writes.",
        )

        parser.add_argument(
            "--since",
            metavar="REF",
            default="",
            help="Apply the schema rules to the files that a branch adds: those that the journal "
            "at this commit does not list (origin/main).",
        )
        parser.add_argument(
            "--all-files",
            action="store_true",
            help="Apply the schema rules to every file. Without --since and this: to those that "
            "the database has not applied, or to the newest.",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        no_server = options["no_server"]
        with narrated(self.console()):
            report = review(
                options["database"],
                shadows=not (no_server or options["no_shadow"]),
                ledger=not (no_server or options["no_ledger"]),
                without="--no-server" if no_server else "",
                existing_only=options["existing_only"],
                since=options["since"],
                every=options["all_files"],
            )
        if options["json"]:
            self.print_json(report.to_json())
        else:
            console = self.console()
            for line in report_lines(report, console.width):
                console.print(line)
        if report.failed:
            self.found()
