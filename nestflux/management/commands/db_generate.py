"""``python manage.py db_generate``: models to migrations to reviewable SQL."""

from __future__ import annotations

import sys
from contextlib import AbstractContextManager, nullcontext
from itertools import chain
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.core.checks import Tags
from django.core.management.base import CommandParser

from nestflux.database.server import FAMILY_NAMES
from nestflux.exceptions import Refused
from nestflux.history.deltas import FileRecord
from nestflux.history.sqlfile import Direction, render
from nestflux.management.command import NestFluxCommand
from nestflux.management.fresh_databases import fresh_database_lines
from nestflux.recording.changes import DetectOptions, Rename
from nestflux.recording.generate import (
    Generated,
    Pending,
    generate,
    generate_empty,
    pending,
)

if TYPE_CHECKING:
    from nestflux.recording.accept import Accepted
    from nestflux.recording.rebase import Rebased

_SHOWN = 8  # migrations by name: a new history picks up every one that the project has


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
            "--noinput",
            "--no-input",
            action="store_false",
            dest="interactive",
            help="Ask nothing, even on a terminal.",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        alias = options["database"]
        detect = DetectOptions(
            interactive=options["interactive"] and sys.stdin.isatty(),
            renames=tuple(Rename.parse(text) for text in options["rename"]),
            no_rename=options["no_rename"],
        )
        if options["rebase"]:
            from nestflux.recording.rebase import rebase

            with self._narrated():
                rebased = rebase(alias, options["rebase"])
            self._say_rebased(rebased)
        elif options["accept"]:
            from nestflux.recording.accept import accept

            with self._narrated():
                accepted = accept(alias, options["accept"])
            self._say_accepted(accepted)
        elif options["empty"]:
            self._empty(options["empty"], options["name"])
        elif options["check"]:
            self._check(pending(alias, detect))
        else:
            with self._narrated():
                made = generate(alias, detect, name=options["name"], write=not options["dry_run"])
            self._say_generated(made, options["verbosity"], dry_run=options["dry_run"])

    def _narrated(self) -> AbstractContextManager[None]:
        """What is being recorded, on a terminal; without one nothing is loaded for it."""
        if not self.stdout.isatty():
            return nullcontext()
        from nestflux.management.progress import narrated

        return narrated(self.console())

    def _empty(self, labels: list[str], name: str | None) -> None:
        if name is not None and not name.isidentifier():
            raise Refused(f"--name {name!r} cannot be the name of a Python module.")
        for module in generate_empty(labels, name):
            self.stdout.write(f"✓ Generated empty migration: {_relative(module.path)}")
        self.stdout.write("Fill in its operations, then run db_generate again for the SQL.")

    def _say_left(self, found: Pending) -> None:
        """Changes of installed packages' models: nothing is written into a package."""
        for label in found.packages:
            line = (
                f"{label}: models and migrations of the package differ, and no migration is "
                "written for it"
            )
            self.stderr.write(self.style.WARNING(line))

    def _check(self, found: Pending) -> None:
        self._say_left(found)
        if not found:
            self.stdout.write("No changes detected: models, migrations and SQL files agree.")
            return
        self._say_changes(found)
        for family, missing in found.missing.items():
            if missing:
                self.stdout.write(f"Without SQL for {family}: {', '.join(missing)}")
        self.stdout.write("Run: python manage.py db_generate")
        self.found()

    def _say_changes(self, found: Pending) -> None:
        for migration in found.migrations:
            self.stdout.write(self.style.MIGRATE_HEADING(f"{migration.app_label}:"))
            for operation in migration.operations:
                self.stdout.write(f"  {operation.formatted_description()}")

    def _say_picked_up(self, found: Pending) -> None:
        """Migrations that exist and that no SQL file held: made by hand, merged, a package's."""
        new = {f"{migration.app_label}.{migration.name}" for migration in found.migrations}
        there = [name for name in dict.fromkeys(chain(*found.missing.values())) if name not in new]
        if len(there) > _SHOWN:
            there = [*there[:_SHOWN], f"and {len(there) - _SHOWN} more"]
        if there:
            self.stdout.write(f"Without SQL so far: {', '.join(there)}")

    def _say_generated(self, made: Generated, verbosity: int, *, dry_run: bool) -> None:
        self._say_left(made.pending)
        if not made.pending:
            self.stdout.write("No changes detected: models, migrations and SQL files agree.")
            return
        self._say_changes(made.pending)
        self._say_picked_up(made.pending)
        if dry_run:
            self._show_sql(made)
            return
        for module in made.modules:
            self.stdout.write(f"  {_relative(module.path)}")
        for name in dict.fromkeys(file.up.name for file in made.files):
            line = f"✓ Generated migration file: {name}.sql"
            self.stdout.write(self.style.SUCCESS(line))
        for file in made.files:
            path = _relative(file.place.folder.up_path(file.up.name))
            count = sum(1 for _ in file.up.steps())
            counted = f"{count} statement{'' if count == 1 else 's'}"
            self.stdout.write(f"  {path}  ({counted}, recorded on {file.up.recorded_on})")
            for note in (*file.up.notes, *file.down.notes):
                self.stdout.write(self.style.WARNING(f"    {note}"))
            self._say_undecidable(file.up.name, file.record)
        said = (fresh_database_lines(f.journal, verbosity) for f in made.files)
        for line in dict.fromkeys(chain.from_iterable(said)):
            self.stdout.write(self.style.WARNING(f"  {line}"))
        self.stdout.write("Review it, then run: python manage.py db_migrate")

    def _say_undecidable(self, name: str, record: FileRecord) -> None:
        """The steps of a file that a crash would leave to a person, a line each."""
        for way, ordinal, why in record.undecidable():
            file = f"{name}.sql" if way == Direction.UP else f"{name}.down.sql"
            line = f"    {file}, statement {ordinal}: a crash in it needs db_resolve: {why}"
            self.stdout.write(self.style.WARNING(line))

    def _show_sql(self, made: Generated) -> None:
        from rich.syntax import Syntax

        console = self.console()
        for file in made.files:
            path = _relative(file.place.folder.up_path(file.up.name))
            console.print(f"\nWould write {path}:", style="bold")
            if console.is_terminal:
                sql = Syntax(render(file.up), "mysql", theme="ansi_light", word_wrap=True)
                console.print(sql)
            else:
                self.stdout.write(render(file.up))

    def _say_rebased(self, done: list[Rebased]) -> None:
        for name, old in dict.fromkeys((one.file.up.name, one.old.name) for one in done):
            line = f"✓ Recorded again: {name}.sql (was {old}.sql)"
            self.stdout.write(self.style.SUCCESS(line))
        for one in done:
            file = one.file
            said = "other SQL than before:" if one.changes else "the same statements"
            self.stdout.write(f"  {file.place.server.family}: {said}")
            for line in one.changes:
                self.stdout.write(f"    {line}")
            for note in (*file.up.notes, *file.down.notes):
                self.stdout.write(self.style.WARNING(f"    {note}"))
            self._say_undecidable(file.up.name, file.record)
        self.stdout.write("Review it, then: git add -A, and go on with the merge")

    def _say_accepted(self, done: list[Accepted]) -> None:
        for one in done:
            self.stdout.write(self.style.SUCCESS(f"✓ Accepted: {one.name}.sql ({one.family})"))
            if not one.texts_edited:
                self.stdout.write("  its SQL is as it was; its migrations' code is remembered anew")
            for line in one.schema_changes or ("the schema after it stays as it was",):
                self.stdout.write(f"  {line}")
            self._say_undecidable(one.name, one.record)
            for migration, lines in one.other_sql.items():
                self.stdout.write(
                    self.style.WARNING(
                        f"  Django itself gives (+) for {migration}, and the file (-):"
                    )
                )
                for line in lines:
                    self.stdout.write(f"    {line}")
        edited = [one for one in done if one.texts_edited]
        for family in edited[0].unedited if edited else ():
            line = (
                f"{edited[0].name}.sql of {FAMILY_NAMES[family]} was not edited and stays as it is."
            )
            self.stdout.write(self.style.WARNING(line))


def _relative(path: Any) -> str:
    base = getattr(settings, "BASE_DIR", None)
    return str(path.relative_to(base)) if base and path.is_relative_to(base) else str(path)
