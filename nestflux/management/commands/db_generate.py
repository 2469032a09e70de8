"""``python manage.py db_generate``: models to migrations to reviewable SQL."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager, nullcontext
from typing import TYPE_CHECKING, Any

from django.core.checks import Tags
from django.core.management.base import CommandParser, OutputWrapper

from nestflux.conf import configuration, profile_path
from nestflux.database.profile_file import load as load_profile
from nestflux.exceptions import HistoryError, Refused
from nestflux.families import FAMILIES, FAMILY_NAMES
from nestflux.graph.fingerprints import django_series
from nestflux.history.folder import display_path
from nestflux.history.sqlfile import render
from nestflux.management.command import NestFluxCommand
from nestflux.management.costs_format import cost_lines
from nestflux.management.generated_format import Line, Style, Summary
from nestflux.management.progress import narrated
from nestflux.recording.accept import accept
from nestflux.recording.changes import DetectOptions, Rename
from nestflux.recording.generate import (
    Generated,
    Pending,
    generate,
    generate_empty,
    pending,
)
from nestflux.recording.rebase import rebase
from nestflux.recording.redo_down import redo_down
from nestflux.reviewing.written_files import findings_in

if TYPE_CHECKING:
    from nestflux.recording.accept import Accepted
    from nestflux.recording.rebase import Settled
    from nestflux.recording.redo_down import Redone


class Command(NestFluxCommand):
    """Parses, calls one function of ``nestflux.recording``, prints."""

    help = (
        "Write what changed in the models as migrations (.py) and as the SQL that will run "
        "(migrations_sql/), recorded on a scratch schema and verified."
    )
    requires_system_checks = (Tags.models,)

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("--name", help="The file's name, without its number.")
        parser.add_argument(
            "--family",
            action="append",
            default=[],
            choices=FAMILIES,
            help="Record the history of this server family only, for example to catch up one that "
            "could not be reached. May be repeated.",
        )
        parser.add_argument(
            "--existing-only",
            action="store_true",
            help="Record the migrations that exist and detect no changes in the models: for an "
            "application whose migrations somebody else writes.",
        )
        what = parser.add_mutually_exclusive_group()
        what.add_argument(
            "--check",
            action="store_true",
            help="Write nothing; exit 1 if something would be generated.",
        )
        what.add_argument(
            "--dry-run", action="store_true", help="Write nothing; show the SQL that would be."
        )
        what.add_argument(
            "--empty",
            nargs="+",
            metavar="APP",
            help="Write an empty migration to fill by hand (RunSQL, RunPython).",
        )
        what.add_argument(
            "--rebase",
            nargs="+",
            metavar="FILE",
            help="After a merge: record these files, your branch's, again behind the others'.",
        )
        what.add_argument(
            "--accept",
            metavar="FILE",
            help="Take over the edits made to a file that was not applied anywhere.",
        )
        what.add_argument(
            "--redo-down",
            nargs="*",
            metavar="FILE",
            help="Record the ways back of these files anew, so that they are exact; without FILE "
            "those of all files that say they are not. What ran is not touched.",
        )
        parser.add_argument(
            "--rename",
            action="append",
            default=[],
            metavar="APP.MODEL.FIELD=NEW",
            help="The field (or APP.MODEL=NEW, the model) was renamed. May be repeated.",
        )
        parser.add_argument(
            "--no-rename",
            action="store_true",
            help="Nothing was renamed: what is gone is dropped with its data.",
        )
        parser.add_argument(
            "--pin",
            action="store_true",
            help="Write the verdicts into statements that change tables which are there already "
            "(ALGORITHM=, LOCK=): a server that would run them another way refuses.",
        )
        parser.add_argument(
            "--noinput",
            "--no-input",
            action="store_false",
            dest="interactive",
            help="Ask nothing, even on a terminal.",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        alias = options["database"]
        self._summary = Summary(options["verbosity"])
        detect = DetectOptions(
            interactive=options["interactive"] and sys.stdin.isatty(),
            renames=tuple(Rename.parse(text) for text in options["rename"]),
            no_rename=options["no_rename"],
            existing_only=options["existing_only"],
        )
        if options["rebase"]:
            with self._narrated():
                rebased = rebase(alias, options["rebase"])
            self._say_rebased(rebased)
        elif options["accept"]:
            with self._narrated():
                accepted = accept(alias, options["accept"])
            self._say_accepted(accepted)
        elif options["redo_down"] is not None:
            with self._narrated():
                redone = redo_down(alias, options["redo_down"])
            self._say_redone(redone)
        elif options["empty"]:
            self._empty(options["empty"], options["name"])
        elif options["check"]:
            self._check(pending(alias, detect, options["family"]))
        else:
            with self._narrated():
                made = generate(
                    alias,
                    detect,
                    name=options["name"],
                    families=options["family"],
                    write=not options["dry_run"],
                    output=sys.stdout if options["verbosity"] > 1 else None,
                    pin=options["pin"],
                )
            self._say_generated(made, alias, dry_run=options["dry_run"])

    def _narrated(self) -> AbstractContextManager[None]:
        """What is being recorded, on a terminal; without one nothing is loaded for it."""
        if not self.stdout.isatty():
            return nullcontext()

        return narrated(self.console())

    def _print(self, lines: Iterable[Line], *, to: OutputWrapper | None = None) -> None:
        styles: dict[Style, Callable[[str], str]] = {
            Style.PLAIN: str,
            Style.HEADING: self.style.MIGRATE_HEADING,
            Style.SUCCESS: self.style.SUCCESS,
            Style.WARNING: self.style.WARNING,
        }
        for line in lines:
            (to or self.stdout).write(styles[line.style](line.text))

    def _empty(self, labels: list[str], name: str | None) -> None:
        if name is not None and not name.isidentifier():
            raise Refused(
                f"--name {name!r} cannot be the name of a Python module.",
                then="use letters, digits and underscores, a letter first",
            )
        for module in generate_empty(labels, name):
            self.stdout.write(f"✓ Generated empty migration: {display_path(module.path)}")
        self.stdout.write("Fill in its operations, then run db_generate again for the SQL.")

    def _check(self, found: Pending) -> None:
        self._print(self._summary.packages(found), to=self.stderr)
        if not found:
            self._print(self._summary.nothing())
            return
        self._print(self._summary.check(found))
        self.found()

    def _say_generated(self, made: Generated, alias: str, *, dry_run: bool) -> None:
        self._print(self._summary.packages(made.pending), to=self.stderr)
        if not made.files:
            if not made.behind:
                self._print(self._summary.nothing())
            self._print(self._summary.behind(made))
            return
        self._print(self._summary.changes(made.pending))
        if dry_run:
            self._show_sql(made)
            self._print(self._summary.behind(made))
            return
        found = findings_in(alias, {file.up.name for file in made.files})
        self._print(self._summary.written(made, self._costs(made, alias), found))

    def _costs(self, made: Generated, alias: str) -> list[str]:
        """What writes a table anew; what is wrong with the profile, for the files are written."""
        try:
            profile = load_profile(profile_path(alias))
        except HistoryError as error:
            return [error.what]
        return list(cost_lines(made.files, profile, configuration().sizes))

    def _show_sql(self, made: Generated) -> None:
        from rich.syntax import Syntax  # with Pygments: only to show SQL

        console = self.console()
        for file in made.files:
            path = display_path(file.target.folder.up_path(file.up.name))
            console.print(f"\nWould write {path}:", style="bold")
            sql = Syntax("", "mysql", theme="ansi_light").highlight(render(file.up))
            console.print(sql, soft_wrap=True, end="")

    def _say_rebased(self, settled: Settled) -> None:
        done = settled.rebased
        for name, old in dict.fromkeys((one.file.up.name, one.old.name) for one in done):
            line = f"✓ Recorded again: {name}.sql (was {old}.sql)"
            self.stdout.write(self.style.SUCCESS(line))
        for one in done:
            file = one.file
            said = "other SQL than before:" if one.changes else "the same statements"
            self.stdout.write(f"  {file.target.server.family}: {said}")
            for line in one.changes:
                self.stdout.write(f"    {line}")
            self._print(self._summary.order(file.record))
            self._print(self._summary.warnings(file))
        self._print(self._summary.behind(settled))
        self.stdout.write("Review it, then: git add -A, and go on with the merge")

    def _say_redone(self, done: list[Redone]) -> None:
        if not done:
            self.stdout.write("The ways back are exact as they are; nothing was written.")
            return
        for one in done:
            line = f"✓ Recorded the way back anew: {one.name}.down.sql ({FAMILY_NAMES[one.family]})"
            self.stdout.write(self.style.SUCCESS(line))
            self.stdout.write(f"  {one.statements:+d} statements")
            for note in one.notes:
                self.stdout.write(self.style.WARNING(f"  {note}"))
        self.stdout.write("Review it. Databases that applied a file take it over by themselves.")

    def _say_accepted(self, done: list[Accepted]) -> None:
        for one in done:
            self.stdout.write(self.style.SUCCESS(f"✓ Accepted: {one.name}.sql ({one.family})"))
            if not one.texts_edited:
                self.stdout.write("  its SQL is as it was; its migrations' code is remembered anew")
            for line in one.schema_changes or ("the schema after it stays as it was",):
                self.stdout.write(f"  {line}")
            if one.texts_edited:
                self._print(self._summary.order(one.record))
            self._print(self._summary.undecidable(one.name, one.record))
            for migration, lines in one.other_sql.items():
                self.stdout.write(
                    self.style.WARNING(
                        f"  Django itself gives (+) for {migration}, and the file (-):"
                    )
                )
                for line in lines:
                    self.stdout.write(f"    {line}")
            if one.respelled:
                named = ", ".join(one.respelled)
                self.stdout.write(
                    f"  Django {django_series()} writes other SQL than the Django that recorded "
                    f"the file, which keeps its own: {named}"
                )
        edited = [one for one in done if one.texts_edited]
        for family in edited[0].unedited if edited else ():
            line = (
                f"{edited[0].name}.sql of {FAMILY_NAMES[family]} was not edited and stays as it is."
            )
            self.stdout.write(self.style.WARNING(line))
