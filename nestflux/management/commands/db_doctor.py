"""``db_doctor``: is the server set up as production should be, and are its tables in good shape?"""

from __future__ import annotations

from typing import Any

from nestflux.management.command import NestFluxCommand
from nestflux.management.report_formats.text import report_lines
from nestflux.reviewing.doctor import examine


class Command(NestFluxCommand):
    help = (
        "Looks at a live server and the database on it: set-up, keys near their end, indexes that "
        "nobody reads, tables without a key, privileges. Reads no row and changes nothing. Exit "
        "code 1 when an error was found."
    )
    machine_readable = True

    def handle(self, *args: Any, **options: Any) -> None:
        report = examine(*self.connect(options["database"]))
        if options["json"]:
            self.print_json(report.to_json())
        else:
            console = self.console()
            for line in report_lines(report, console.width):
                console.print(line)
        if report.failed:
            self.found()
