"""``db_profile``: what production is, in a file, so that changes can be judged far from it."""

from __future__ import annotations

from argparse import ArgumentTypeError
from typing import Any

from django.core.management.base import CommandParser

from nestflux.conf import profile_path
from nestflux.database.profile import Profile, for_the_file, refuse_another_family
from nestflux.database.profile_file import load, save
from nestflux.database.sizes import read_profile
from nestflux.history.folder import display_path
from nestflux.management.command import NestFluxCommand
from nestflux.management.profile_format import profile_lines

_LONGEST = 3600


class Command(NestFluxCommand):
    help = (
        "Shows the server of a database and how large its tables are; --write keeps it in "
        "profile.json, by which changes are judged where production cannot be reached. Reads no "
        "row of any table, and needs few rights."
    )
    machine_readable = True

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.add_argument(
            "--write", action="store_true", help="Write profile.json, to be reviewed and committed."
        )
        parser.add_argument(
            "--seconds",
            type=_seconds,
            default=5,
            metavar="N",
            help="Seconds between the two readings that tell how much is written (5); 0 leaves "
            "that out.",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        alias = options["database"]
        path = profile_path(alias)
        kept = load(path)
        connection, server = self.connect(alias)
        if options["write"]:
            refuse_another_family(server.family, kept, path)
        found = for_the_file(read_profile(connection, server, seconds=options["seconds"]), kept)
        written = options["write"] and save(found, path)
        if options["json"]:
            self.print_json({**found.to_json(), "file": str(path), "written": written})
            return
        self._print(alias, found)
        if written:
            self.stdout.write(self.style.SUCCESS(f"✓ Wrote {display_path(path)}"))
            self.stdout.write("Review it and commit it.")
        elif options["write"]:
            self.stdout.write(f"{display_path(path)} says all of it already.")

    def _print(self, alias: str, found: Profile) -> None:
        console = self.console()
        for line in profile_lines(alias, found):
            console.print(line)


def _seconds(text: str) -> float:
    try:
        number = float(text)
    except ValueError:
        number = -1
    if not 0 <= number <= _LONGEST:
        raise ArgumentTypeError(f"{text!r} is not a number of seconds up to an hour")
    return number
