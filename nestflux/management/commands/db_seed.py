"""``db_seed``: rows for the tables of a project, made from its models."""

from __future__ import annotations

from argparse import ArgumentTypeError
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from time import monotonic
from typing import TYPE_CHECKING, Any

from django.core.management.base import CommandParser
from django.db import DEFAULT_DB_ALIAS

from nestflux.exceptions import Refused
from nestflux.management.command import NestFluxCommand
from nestflux.management.seed_progress import SeedProgress
from nestflux.seeding.alone import alone
from nestflux.seeding.draws import GENERATOR
from nestflux.seeding.plan import Plan
from nestflux.seeding.plan_file import write_plan
from nestflux.seeding.request import MOST_SEED, Request, combined, read_file, rows_of
from nestflux.seeding.seed import (
    MOST_JOBS,
    Removed,
    plan_for,
    require_local,
    reset,
    seed,
    usual_jobs,
)
from nestflux.seeding.validation import Invalid, invalid
from nestflux.wording import counted

if TYPE_CHECKING:
    from django.db.backends.base.base import BaseDatabaseWrapper


class Command(NestFluxCommand):
    help = (
        "Fills the tables of a project with rows that are made from its models: the same ones for "
        "the same --seed. Remembers which rows it made, and --reset takes away those."
    )
    machine_readable = True
    interrupted = (
        "the rows that were written are there, and remembered; python manage.py db_seed --reset "
        "takes them away"
    )

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.add_argument(
            "--rows",
            action="append",
            default=[],
            metavar="MODEL=N",
            help="How many rows of a model: blog.Post=1000, or blog.Post=5/author for five of each "
            "author. May be given several times; without it, all models get some.",
        )
        parser.add_argument(
            "--seed",
            type=_seed,
            default=None,
            metavar="N",
            help="The same seed gives the same rows (0).",
        )
        parser.add_argument(
            "--plan", type=Path, metavar="FILE", help="A TOML file with rows and refinements."
        )
        parser.add_argument(
            "--locale",
            default="",
            metavar="CODE",
            help='Texts in another language, "de" or "fr"; needs the extra "seed".',
        )
        parser.add_argument(
            "--append", action="store_true", help="Add to tables that hold rows already."
        )
        parser.add_argument(
            "--into",
            default="",
            metavar="ALIAS",
            help="The database to fill, also where it is on another host.",
        )
        parser.add_argument(
            "--jobs",
            type=_jobs,
            default=None,
            metavar="N",
            help="Connections that write side by side.",
        )
        parser.add_argument(
            "--dry-run", action="store_true", help="Show what would be written, and write nothing."
        )
        parser.add_argument(
            "--write-plan",
            type=Path,
            metavar="FILE",
            help="Write the file that --plan reads, with every model of the project; no row.",
        )
        parser.add_argument(
            "--reset",
            action="store_true",
            help="Remove the rows that db_seed made, and no others.",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        alias = _alias(options)
        connection, _ = self.connect(alias)
        if not options["into"]:
            require_local(connection)
        if options["reset"]:
            _require_nothing_else(options)
            self._reset(connection, options)
        elif options["write_plan"]:
            self._write_plan(connection, options)
        elif options["dry_run"]:
            self._print_plan(plan_for(connection, _request(options)), options)
        else:
            self._seed(connection, options)

    def _reset(self, connection: BaseDatabaseWrapper, options: dict[str, Any]) -> None:
        with alone(connection), SeedProgress(self.console(stderr=True)) as progress:
            removed = reset(connection, progress.removing)
        self._print_removed(removed, options)

    def _seed(self, connection: BaseDatabaseWrapper, options: dict[str, Any]) -> None:
        jobs = options["jobs"] or usual_jobs()
        with alone(connection):
            plan = plan_for(connection, _request(options))
            started = monotonic()
            with SeedProgress(self.console(stderr=options["json"])) as progress:
                plan = seed(connection, plan, progress.wrote, jobs)
            seconds = monotonic() - started
            found = invalid(plan)
        self._print_done(plan, seconds, found, options)

    def _write_plan(self, connection: BaseDatabaseWrapper, options: dict[str, Any]) -> None:
        path = options["write_plan"]
        if options["plan"]:
            raise Refused(
                f"--write-plan {path} makes a plan, and --plan {options['plan']} is one.",
                then=f"cp {options['plan']} {path}",
            )
        request = _request(options)
        plan = plan_for(connection, replace(request, append=True))
        write_plan(path, request, plan)
        if options["json"]:
            self.print_json({**plan.to_json(), "file": str(path)})
            return
        self.stdout.write(self.style.SUCCESS(f"✓ Wrote {path}"))
        self.stdout.write(f"Edit it, then: python manage.py db_seed --plan {path}")

    def _print_plan(self, plan: Plan, options: dict[str, Any]) -> None:
        if options["json"]:
            self.print_json(plan.to_json())
            return
        self.stdout.write(f"Seed {plan.seed}, generator {GENERATOR}. Nothing was written.")
        _write_table(self, [(table.label, len(table.rows)) for table in plan.tables])
        for table in plan.tables:
            for column in table.later:
                self.stdout.write(f"Set when all tables are filled: {table.label}.{column.name}")

    def _print_done(
        self, plan: Plan, seconds: float, found: Sequence[Invalid], options: dict[str, Any]
    ) -> None:
        if options["json"]:
            invalid_rows = [vars(one) for one in found]
            done = {"seconds": round(seconds, 3), "invalid": invalid_rows}
            self.print_json({**plan.to_json(), **done})
            return
        _write_table(self, [(table.label, len(table.rows)) for table in plan.tables])
        tables = counted(len(plan.tables), "table")
        self.stdout.write(
            self.style.SUCCESS(
                f"✓ Made {plan.rows:,} rows in {tables}  (seed {plan.seed}, generator {GENERATOR}, "
                f"{seconds:.1f} s)"
            )
        )
        for one in found:
            self.stderr.write(self.style.WARNING(f"Warning: {one}"))

    def _print_removed(self, removed: Sequence[Removed], options: dict[str, Any]) -> None:
        if options["json"]:
            self.print_json({"removed": [vars(one) for one in removed]})
            return
        if not removed:
            self.stdout.write("There are no rows that db_seed made.")
            return
        _write_table(self, [(one.model, one.rows) for one in removed])
        rows = sum(one.rows for one in removed)
        gone = sum(one.gone for one in removed)
        self.stdout.write(
            self.style.SUCCESS(f"✓ Removed {rows:,} rows")
            + (f"  ({gone:,} were gone already)" if gone else "")
        )


def _write_table(command: Command, rows: Sequence[tuple[str, int]]) -> None:
    name = max(len(label) for label, _ in rows)
    number = max(len(f"{count:,}") for _, count in rows)
    for label, count in rows:
        command.stdout.write(f"  {label:{name}}  {count:{number},}")


def _alias(options: dict[str, Any]) -> str:
    alias, into = str(options["database"]), str(options["into"])
    if into and alias not in (DEFAULT_DB_ALIAS, into):
        raise Refused(
            f"--database {alias} and --into {into} name two databases.",
            then="leave one of them out",
        )
    return into or alias


def _require_nothing_else(options: dict[str, Any]) -> None:
    given = [
        name
        for name in ("rows", "plan", "append", "dry_run", "locale", "write_plan")
        if options[name]
    ]
    if given:
        option = given[0].replace("_", "-")
        raise Refused(
            f"--reset removes rows, and --{option} is for making some.",
            then="give --reset alone, then seed again",
        )


def _request(options: dict[str, Any]) -> Request:
    given = Request(
        rows=rows_of(options["rows"]),
        seed=options["seed"] or 0,
        locale=options["locale"],
        append=options["append"],
    )
    plan = options["plan"]
    return combined(read_file(plan), given, options["seed"] is not None) if plan else given


def _seed(text: str) -> int:
    if not (text.isascii() and text.isdigit() and int(text) <= MOST_SEED):
        raise ArgumentTypeError(f"{text!r} is not a whole number from 0 to {MOST_SEED}")
    return int(text)


def _jobs(text: str) -> int:
    if not (text.isascii() and text.isdigit() and 1 <= int(text) <= MOST_JOBS):
        raise ArgumentTypeError(f"{text!r} is not a number from 1 to {MOST_JOBS}")
    return int(text)
