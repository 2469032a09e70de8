"""``db_baseline``: take over a database that stock Django migrated."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from django.core.management.base import CommandParser

from nestflux.adopting.baseline import BaselinePlan, baseline, plan_baseline
from nestflux.adopting.reconciling.reconcile import Written, reconcile, refuse_existing
from nestflux.adopting.reconciling.script import describe, how_to_run
from nestflux.applying.run.context import Options
from nestflux.applying.suitability import suitability
from nestflux.applying.target import Target, open_target
from nestflux.exceptions import Refused
from nestflux.management.command import NestFluxCommand
from nestflux.management.progress import Progress

_WHAT_TO_DO = """\
Nothing was changed. Make both agree, names included, for later files drop by
name. Where the database is right, change the models and their migrations;
otherwise write the script that changes the database, for a review:
python manage.py db_baseline --reconcile"""


class Command(NestFluxCommand):
    help = (
        "Takes over a database that stock Django migrated: compares its whole schema with what "
        "the SQL migrations make, and marks them as applied where both agree. Exit code 1 when "
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
        way = parser.add_mutually_exclusive_group()
        way.add_argument("--yes", action="store_true", help="Do not ask.")
        way.add_argument(
            "--plan", action="store_true", help="Compare, show what would be marked, mark nothing."
        )
        way.add_argument(
            "--reconcile",
            nargs="?",
            const="",
            metavar="FILE",
            help="Write a script, to be reviewed and run by hand, that makes the database what "
            "the files make (of one that NestFlux migrates: those that are applied); mark "
            "nothing. Without FILE: reconcile_ALIAS.sql in this folder.",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        alias = options["database"]
        self.connect(alias)
        target = open_target(alias)
        if options["reconcile"] is not None:
            self._reconcile(target, options["to"], options["reconcile"])
            return
        plan = plan_baseline(target, to=options["to"])
        console = self.console()
        for line in _lines(plan):
            console.print(line)
        if not plan.agrees:
            self.found()
        if options["plan"]:
            for line in suitability(target).lines():
                console.print(line)
            return
        if not options["yes"] and not self.confirm("Take the database over?"):
            raise Refused(
                "Not confirmed.",
                stands="nothing was changed",
                then="python manage.py db_baseline --yes",
            )
        with Progress(console) as progress:
            baseline(
                target,
                plan,
                options=Options(
                    on_event=progress.on_event, verbosity=options["verbosity"], stdout=self.stdout
                ),
            )
        console.print(f"✓ Baselined at {plan.entries[-1].name}.sql")
        if plan.pending:
            console.print(f"{len(plan.pending)} pending. Next: python manage.py db_migrate")
        else:
            console.print("Database is up to date!")

    def _reconcile(self, target: Target, to: str | None, file: str) -> None:
        path = Path(file or f"reconcile_{target.alias}.sql")
        refuse_existing(path)
        console = self.console()
        plan = plan_baseline(target, to=to, reconciles=True)
        then = "db_migrate" if plan.has_ledger else "db_baseline"
        if plan.agrees:
            console.print(f"The schema is what the files up to {plan.entries[-1].name}.sql make.")
            console.print("Nothing is to be reconciled, and nothing was written.")
            console.print(f"Next: python manage.py {then}")
            return
        written = reconcile(target.alias, plan, path)
        for line in _reconciled(written, target.alias, then):
            console.print(line)
        if written.planned.by_hand:
            self.found()


def _reconciled(written: Written, alias: str, then: str) -> Iterator[str]:
    planned, path = written.planned, written.path
    yield f"✓ Wrote {path}: {describe(planned)}"
    for kind, changes in planned.by_kind():
        yield f"Commented out, {kind}:"
        yield from (f"    {change.key}: {change.risk and change.risk.why}" for change in changes)
    for each in planned.by_hand:
        yield f"By hand: {each.key}: {each.what}"
    yield "Nothing was changed. Review it, then:"
    yield f"    {how_to_run(alias, str(path))}"
    yield f"    python manage.py {then}"


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
    yield f"The schema is what the files up to {last}.sql make. Marked as applied:"
    yield from (f"    {entry.name}.sql" for entry in plan.entries)
    yield from (f"Pending afterwards: {entry.name}.sql" for entry in plan.pending)
