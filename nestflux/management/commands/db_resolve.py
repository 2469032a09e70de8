"""``db_resolve``: say whether the statement in flight ran, where the schema cannot tell."""

from __future__ import annotations

from typing import Any

from django.core.management.base import CommandParser

from nestflux.applying.recovery.resolve import Evidence, examine, resolve
from nestflux.applying.run.context import Options
from nestflux.applying.suitability import suitability
from nestflux.applying.target import open_target
from nestflux.exceptions import Refused
from nestflux.management.command import NestFluxCommand
from nestflux.management.progress import Progress


class Command(NestFluxCommand):
    help = (
        "Decides the one statement that was begun and not finished, where nobody but a person "
        "can tell whether it ran. Shows the evidence; without an answer it ends with exit code 1."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("file", help="The file, as db_migrate names it.")
        parser.add_argument("statement", type=int, help="The statement's number in the file.")
        answer = parser.add_mutually_exclusive_group()
        answer.add_argument(
            "--ran",
            action="store_const",
            const=True,
            dest="ran",
            help="It ran, or what it does was done by hand: mark it as done.",
        )
        answer.add_argument(
            "--did-not-run",
            action="store_const",
            const=False,
            dest="ran",
            help="It did not run, or what it did was undone by hand: the next run runs it.",
        )
        parser.add_argument("--yes", action="store_true", help="Do not ask.")

    def handle(self, *args: Any, **options: Any) -> None:
        alias, ran = options["database"], options["ran"]
        self.connect(alias)
        target = open_target(alias)
        evidence = examine(target, options["file"], options["statement"])
        console = self.console()
        for line in evidence.lines():
            console.print(line)
        command = f"python manage.py db_resolve {evidence.name}.sql {evidence.ordinal}"
        if ran is None:
            console.print("Nothing was changed. Look at the database, then run one of:")
            console.print(f"    {command} --ran           marks it as done")
            console.print(f"    {command} --did-not-run   the next {evidence.goes_on_with} runs it")
            for line in suitability(target).lines():
                console.print(line)
            self.found()
        question = "Mark it as done?" if ran else f"Let {evidence.goes_on_with} run it?"
        if not options["yes"] and not self.confirm(question):
            answer = "--ran" if ran else "--did-not-run"
            raise Refused(
                "Not confirmed.", stands="nothing was changed", then=f"{command} {answer} --yes"
            )
        with Progress(console) as progress:
            resolved = resolve(
                target,
                evidence,
                ran=ran,
                options=Options(
                    on_event=progress.on_event, verbosity=options["verbosity"], stdout=self.stdout
                ),
            )
        console.print(_describe_outcome(evidence, ran=ran, finished=resolved.finished))


def _describe_outcome(evidence: Evidence, *, ran: bool, finished: bool) -> str:
    place = f"{evidence.file}, statement {evidence.ordinal}"
    going_on = f"Next: python manage.py {evidence.goes_on_with}"
    if not ran:
        return f"✓ Put back: {place}, will be run. {going_on}"
    if not finished:
        return f"✓ Marked as done: {place}. {going_on}"
    done = "rolled back" if evidence.direction == "down" else "applied"
    return f"✓ Marked as done: {place}. {evidence.name}.sql is {done}."
