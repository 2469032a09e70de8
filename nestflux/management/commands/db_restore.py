"""``db_restore``: bring back what a file lost, from the backup that was taken before it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from django.core.management.base import CommandParser

from nestflux.applying.backups.restore import RestorePlan, backups_of, plan_restore, restore
from nestflux.applying.plan.plan import Plan
from nestflux.applying.run.rollback import RollbackPlan
from nestflux.applying.suitability import suitability
from nestflux.applying.target import open_target
from nestflux.exceptions import Refused
from nestflux.history.folder import display_path
from nestflux.ledger.backups import BackupRow
from nestflux.management.backup_options import add_backup_arguments
from nestflux.management.command import NestFluxCommand
from nestflux.management.plan_format import rollback_lines
from nestflux.management.progress import Progress
from nestflux.management.run_options import RunOptions
from nestflux.wording import counted


class Command(RunOptions, NestFluxCommand):
    help = (
        "Rolls back a SQL migration and brings back the data that it had lost, from its backup; "
        "or applies one again whose rollback lost data. Without an argument it lists the "
        "backups. A restore that died is finished."
    )
    machine_readable = True

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.add_argument(
            "which",
            nargs="?",
            metavar="BACKUP",
            help="A backup's folder, or a file's name: its last backup.",
        )
        parser.add_argument("--yes", action="store_true", help="Do not ask.")
        parser.add_argument(
            "--plan", action="store_true", help="Show what would be done, and do nothing."
        )
        add_backup_arguments(parser)
        self.add_lock_arguments(parser)

    def handle(self, *args: Any, **options: Any) -> None:
        alias, which = options["database"], options["which"]
        self.connect(alias)
        target = open_target(alias)
        if not which:
            self._list(backups_of(target), options)
            return
        plan = plan_restore(target, which)
        if not (options["json"] and options["plan"]):
            for line in _plan_lines(plan):
                self.console().print(line)
        if options["plan"]:
            found = suitability(target)
            if options["json"]:
                self.print_json({**_plan_as_json(plan), **found.to_json()})
            else:
                for line in found.lines():
                    self.console().print(line)
            return
        if not (plan.done or options["yes"] or self.confirm("Restore?")):
            raise Refused(
                "Nothing was restored.", then=f"python manage.py db_restore {which} --yes"
            )
        with Progress(self.console()) as progress:
            restored = restore(
                target,
                which,
                expected=plan,
                options=self.run_options(progress, options),
            )
        if options["json"]:
            self.print_json({"restored": list(restored.lines) if restored else []})

    def _list(self, rows: Sequence[BackupRow], options: dict[str, Any]) -> None:
        if options["json"]:
            self.print_json({"backups": [vars(row) for row in rows]})
            return
        if not rows:
            self.console().print("The ledger knows no backup.")
        for row in reversed(rows):
            for line in _backup_lines(row):
                self.console().print(line)


def _backup_lines(row: BackupRow) -> Iterator[str]:
    way = " (rolled back)" if row.direction == "down" else ""
    yield (
        f"{row.name}.sql{way}, {row.taken_at[:19]} UTC: {counted(len(row.tables), 'table')}, "
        f"{counted(row.rows, 'row')}"
    )
    yield f"  {display_path(Path(row.path))}"
    if row.restored_at:
        yield f"  restored {row.restored_at[:19]} UTC"


def _plan_lines(plan: RestorePlan) -> Iterator[str]:
    if plan.done:
        yield f"{plan.row.name}.sql: restored already, {plan.row.restored_at[:19]} UTC."
        return
    match plan.way:
        case RollbackPlan():
            yield from rollback_lines(plan.way, with_sql=False)
        case None:
            yield f"{plan.row.name}.sql is {plan.reversal} already."
        case _:
            yield f"Applies {plan.row.name}.sql again"
    yield f"Brings back, from {display_path(plan.backup.path)}:"
    yield from (f"  {line}" for line in plan.lines())


def _plan_as_json(plan: RestorePlan) -> dict[str, Any]:
    return {
        "file": plan.row.name,
        "path": plan.row.path,
        "rolls_back": isinstance(plan.way, RollbackPlan),
        "applies_again": isinstance(plan.way, Plan),
        "restored_at": plan.row.restored_at,
        "brings_back": list(plan.lines()),
    }
