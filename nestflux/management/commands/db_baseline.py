"""``db_baseline``: take over a database that stock Django migrated."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.core.management.base import CommandParser

from nestflux.applying.api import Options
from nestflux.applying.baseline import BaselinePlan, baseline, plan_baseline
from nestflux.exceptions import Refused
from nestflux.management.command import NestFluxCommand
from nestflux.management.progress import Progress

_WHAT_TO_DO = """\
Nothing was changed. Make both agree, names included, for later files drop by name: change the
database by hand (ALTER TABLE … RENAME INDEX, ADD, DROP), or, where it is the database that is
right, the models and their migrations. Then: python manage.py db_baseline"""


class Command(NestFluxCommand):
    help = (
        "Takes over a database that stock Django migrated: compares its whole schema with what "
        "the SQL migrations make, and books them as applied where both agree. Exit code 1 when "
        "they differ."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.add_argument(
            "--to",
            metavar="FILE",
            help="The last file that the database is expected to have; without it, whichever "
            "django_migrations says.",
        )
        parser.add_argument("--yes", action="store_true", help="Do not ask.")
        parser.add_argument(
            "--plan", action="store_true", help="Compare, show what would be booked, book nothing."
        )

    def handle(self, *args: Any, **options: Any) -> None:
        alias = options["database"]
        self.connect(alias)
        plan = plan_baseline(alias, to=options["to"])
        console = self.console()
        for line in _lines(plan):
            console.print(line)
        if not plan.agrees:
            self.found()
        if options["plan"]:
            return
        if not options["yes"] and not self.confirm("Take the database over?"):
            raise Refused(
                "Nobody said yes.",
                stands="nothing was changed",
                then="python manage.py db_baseline --yes",
            )
        with Progress(console) as progress:
            baseline(
                alias,
                plan,
                options=Options(
                    on_event=progress.on_event, verbosity=options["verbosity"], stdout=self.stdout
                ),
            )
        console.print(f"✓ Took the database over at {plan.entries[-1].name}.sql")
        if plan.pending:
            console.print(f"{len(plan.pending)} pending. Next: python manage.py db_migrate")
        else:
            console.print("Database is up to date!")


def _lines(plan: BaselinePlan) -> Iterator[str]:
    last = plan.entries[-1].name
    for remark in plan.comparison.remarks:
        yield f"Remark: {remark}"
    if not plan.agrees:
        yield f"The schema is not what the files up to {last}.sql make:"
        yield from (f"    {line}" for line in plan.comparison.differences)
        if plan.built_on:
            yield (
                f"The files' schema was built on {plan.built_on}, another version than the "
                "database's, which may print the same definition in another way."
            )
        yield from _WHAT_TO_DO.splitlines()
        return
    yield f"The schema is what the files up to {last}.sql make. Booked as applied:"
    yield from (f"    {entry.name}.sql" for entry in plan.entries)
    yield from (f"Pending afterwards: {entry.name}.sql" for entry in plan.pending)
