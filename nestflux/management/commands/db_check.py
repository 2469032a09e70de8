"""``db_check``: what is wrong with models, migrations, files and database, before a deploy."""

from __future__ import annotations

from typing import Any

from django.core.checks import Tags
from django.core.management.base import CommandParser

from nestflux.management.command import NestFluxCommand
from nestflux.management.progress import narrated
from nestflux.management.report_formats import DOCUMENTS, FORMATS, TEXTS
from nestflux.management.report_formats.text import report_lines
from nestflux.reviewing.findings import Report
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
        parser.add_argument(
            "--format",
            choices=FORMATS,
            default="",
            help="text (the default); json, as --json; github: annotations of a pull request; "
            "sarif, for code scanning; markdown: a comment for a pull request.",
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
            help="Judge the files that a branch adds: those that the journal at this commit does "
            "not list (origin/main).",
        )
        parser.add_argument(
            "--all-files",
            action="store_true",
            help="Judge every file. Without --since and this: those that the database has not "
            "applied, or the newest.",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        wanted = options["format"] or ("json" if options["json"] else "text")
        no_server = options["no_server"]
        with narrated(self.console(stderr=wanted != "text")):
            report = review(
                options["database"],
                shadows=not (no_server or options["no_shadow"]),
                ledger=not (no_server or options["no_ledger"]),
                without="--no-server" if no_server else "",
                existing_only=options["existing_only"],
                since=options["since"],
                every=options["all_files"],
            )
        self._print(report, wanted)
        if report.failed:
            self.found()

    def _print(self, report: Report, wanted: str) -> None:
        if wanted in DOCUMENTS:
            self.print_json(DOCUMENTS[wanted](report))
        elif wanted in TEXTS:
            self.stdout.write(TEXTS[wanted](report))
        else:
            console = self.console()
            for line in report_lines(report, console.width):
                console.print(line)
