"""``db_squash``: the first files of a history become one."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from django.core.management.base import CommandParser

from nestflux.database.server import FAMILY_NAMES
from nestflux.exceptions import Refused
from nestflux.history.folder import display_path
from nestflux.management.command import NestFluxCommand
from nestflux.management.progress import narrated
from nestflux.recording.squash import Squashed, SquashPlan, plan_squash, squash
from nestflux.wording import counted


class Command(NestFluxCommand):
    help = (
        "Replaces the first files of the history by one that gives what they gave. A database "
        "that has them marks it as applied and runs nothing."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.add_argument(
            "--to", metavar="FILE", help="The last file to replace; without it, the last one."
        )
        parser.add_argument("--name", help='The new file\'s name, without its number: "squashed".')
        parser.add_argument(
            "--plan", action="store_true", help="Show what would be replaced, and write nothing."
        )
        parser.add_argument("--yes", action="store_true", help="Do not ask.")

    def handle(self, *args: Any, **options: Any) -> None:
        alias = options["database"]
        plans = plan_squash(alias, to=options["to"], name=options["name"])
        for line in _lines(plans):
            self.stdout.write(line)
        if options["plan"] or all(plan.nothing_to_do for plan in plans):
            return
        if not options["yes"] and not self.confirm("Replace them?"):
            raise Refused(
                "Not confirmed.",
                stands="nothing was changed",
                then="python manage.py db_squash --yes",
            )
        with narrated(self.console()):
            done = squash(alias, plans)
        for line in _done_lines(done):
            self.stdout.write(line)


def _lines(plans: Sequence[SquashPlan]) -> Iterator[str]:
    if all(plan.nothing_to_do for plan in plans):
        yield "Nothing to squash: it takes two files at least."
        return
    for plan in plans:
        if plan.entries:
            files = counted(len(plan.entries), "file")
            path = display_path(plan.folder.up_path(plan.name))
            yield f"{FAMILY_NAMES[plan.folder.family]}: {path} takes the place of {files}:"
            yield from (f"  {entry.name}.sql" for entry in plan.entries)
        if plan.leftovers:
            yield f"{FAMILY_NAMES[plan.folder.family]}: removes what a killed db_squash left:"
            yield from (f"  {path.name}" for path in plan.leftovers)


def _done_lines(done: Sequence[Squashed]) -> Iterator[str]:
    for one in done:
        path = display_path(one.target.folder.up_path(one.up.name))
        count = counted(sum(1 for _ in one.up.steps()), "statement")
        yield f"✓ Squashed: {path}  ({count}, {counted(len(one.plan.entries), 'file')})"
    if done:
        yield "The old files remain in git. A database that has all of them marks the new one"
        yield "with its next db_migrate; one that has some has to get the others first."
