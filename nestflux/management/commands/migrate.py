"""Django's ``migrate``: for a database with a history it applies SQL migrations.

Every option's answer stands in docs/stock-commands.md. Other databases get Django's own.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

from django.apps import apps
from django.core.management.base import CommandParser, no_translations
from django.core.management.commands import migrate as stock
from django.core.management.sql import emit_post_migrate_signal
from django.db import connections
from django.utils.functional import classproperty

from nestflux.applying.backups.choice import NOT_ASKED
from nestflux.applying.plan.load_plan import make_plan, read_known
from nestflux.applying.plan.plan import Plan
from nestflux.applying.run.context import Options
from nestflux.applying.run.events import ignore
from nestflux.applying.run.migrate import migrate
from nestflux.applying.target import Target, open_target
from nestflux.exceptions import Refused
from nestflux.management.backup_options import add_backup_arguments, backup_choice
from nestflux.management.command import PlainSpeech
from nestflux.management.progress import Progress
from nestflux.management.run_options import lock_settings, lock_times, retry_policy
from nestflux.stock import django_side
from nestflux.stock.answers import (
    Backward,
    Forward,
    Nothing,
    Request,
    answer,
    refuse_options,
)
from nestflux.wording import listed

if TYPE_CHECKING:
    from collections.abc import Iterator

    from django.db.migrations.autodetector import MigrationAutodetector

    from nestflux.applying.run.rollback import RollbackPlan


class Command(PlainSpeech, stock.Command):
    help = (
        "Updates database schema. A database that has a history in migrations_sql/ gets its SQL "
        "migrations, as db_migrate applies them; every other one what Django always did."
    )

    @classproperty
    def autodetector(cls) -> type[MigrationAutodetector]:  # noqa: N805
        """That of ``makemigrations``, whoever overrides it: Django wants both to have the same
        (``commands.E001``). It is looked up when it is asked for: only then is it imported."""
        from nestflux.graph.project_commands import project_autodetector

        return project_autodetector()

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        add_backup_arguments(parser)

    def execute(self, *args: Any, **options: Any) -> str | None:
        if not django_side.is_ours(options["database"]):
            return stock.Command.execute(self, *args, **options)
        return super().execute(*args, **options)

    def get_check_kwargs(self, options: Any) -> Any:
        # Django's database checks connect: a missing database must have been asked about.
        if django_side.is_ours(options["database"]):
            self.connect(options["database"], interactive=options["interactive"])
        return super().get_check_kwargs(options)

    @no_translations
    def handle(self, *args: Any, **options: Any) -> None:
        alias = options["database"]
        if not django_side.is_ours(alias):
            super().handle(*args, **options)
            return
        self.verbosity = options["verbosity"]
        self.interactive = options["interactive"]
        request = Request(
            app_label=options["app_label"] or "",
            migration_name=options["migration_name"] or "",
            fake=options["fake"],
            fake_initial=options["fake_initial"],
            prune=options["prune"],
        )
        refuse_options(request)
        self._refuse_unknown_app(request, run_syncdb=options["run_syncdb"])
        connection, _ = self.connect(alias, interactive=self.interactive)
        self.is_test_database = django_side.is_test_database(connection)
        self.given = options
        if self.is_test_database and django_side.is_of_another_branch(alias):
            self._say(f"{connection.settings_dict['NAME']} is another branch's: made anew.")
            django_side.make_anew(connection)
        if options["run_syncdb"] and request.app_label:
            self._sync(alias, {request.app_label})
            return
        self._answer(alias, request, options)

    def _refuse_unknown_app(self, request: Request, *, run_syncdb: bool) -> None:
        if not request.app_label:
            return
        try:
            apps.get_app_config(request.app_label)
        except LookupError as error:
            raise Refused(
                str(error),
                stands="nothing was changed",
                then="python manage.py showmigrations   (lists them)",
            ) from None
        unmigrated = request.app_label in django_side.unmigrated_apps()
        if run_syncdb and not unmigrated:
            raise Refused(
                f"Can't use run_syncdb with app '{request.app_label}' as it has migrations.",
                stands="nothing was changed",
                then=f"python manage.py migrate {request.app_label}",
            )
        if unmigrated and not run_syncdb:
            raise Refused(
                f"App '{request.app_label}' does not have migrations.",
                stands="nothing was changed",
                then=f"python manage.py migrate --run-syncdb {request.app_label}",
            )

    def _answer(self, alias: str, request: Request, options: dict[str, Any]) -> None:
        target = open_target(alias)
        state, _ = read_known(target)
        found = answer(
            request,
            target.journal,
            state.applied,
            lambda app, name: django_side.undone(target.connection, app, name),
        )
        match found:
            case Nothing():
                self._say("No migrations to apply.")
            case Backward():
                from nestflux.applying.run.rollback import Wanted, plan_rollback
                from nestflux.management.plan_format import rollback_lines

                first = found.files[-1].name
                plan = plan_rollback(target, Wanted(file=first))
                undone = (*rollback_lines(plan, with_sql=True), *self._unsuitable(target, options))
                if not self._only_shown(undone, True, options):
                    self._roll_back(target, first, plan)
            case Forward():
                to = found.to.name if found.to else None
                pending = make_plan(target, to=to)
                lines = self._plan_lines(target, pending) if options["plan"] else ()
                shown = (*lines, *self._unsuitable(target, options))
                if not self._only_shown(shown, bool(pending.pending), options):
                    self._apply(target, pending, found, run_syncdb=options["run_syncdb"])

    def _plan_lines(self, target: Target, plan: Plan) -> Iterator[str]:
        from nestflux.applying.plan.costs import costs_here
        from nestflux.applying.run.one_by_one import backups_due, works_of
        from nestflux.management.plan_format import PlanDetails, plan_lines

        works = works_of(target, plan)
        due = () if plan.load or self.is_test_database else backups_due(target, works)
        costs = costs_here(target, () if plan.load else works)
        return plan_lines(plan, PlanDetails(works, due, costs))

    def _unsuitable(self, target: Target, options: dict[str, Any]) -> Iterator[str]:
        """What a run would say of the server, for ``--plan``."""
        if options["plan"]:
            from nestflux.applying.suitability import suitability

            yield from suitability(target).lines()

    def _only_shown(self, lines: Any, anything: bool, options: dict[str, Any]) -> bool:
        """Answer ``--plan`` and ``--check``; False where neither was given."""
        if options["plan"]:
            for line in lines:
                self.stdout.write(line)
        if options["check_unapplied"] and anything:
            sys.exit(1)
        return bool(options["plan"] or options["check_unapplied"])

    def _apply(self, target: Target, plan: Plan, found: Forward, *, run_syncdb: bool) -> None:
        besides = set(found.besides) & {m for e in plan.pending for m in e.migrations}
        if besides:
            self._say(f"Files are applied whole and in order: also {listed(sorted(besides))}.")
        with Progress(self.console()) as progress:
            migrate(
                target,
                to=found.to.name if found.to else None,
                options=self._options(progress),
                looked=not plan.nothing_to_do,
            )
        if run_syncdb and (labels := django_side.unmigrated_apps()):
            self._sync(target.alias, labels)
        if found.to is None:
            self._say("Database is up to date!")
        elif not plan.pending:
            self._say("No migrations to apply.")

    def _roll_back(self, target: Target, first: str, plan: RollbackPlan) -> None:
        from nestflux.applying.run.rollback import Wanted, rollback
        from nestflux.management.plan_format import rollback_lines

        if not self.is_test_database:
            for line in rollback_lines(plan, with_sql=False):
                self.stderr.write(line, style_func=str)
            if not (self.interactive and self.confirm("Roll back?")):
                raise Refused(
                    "Undoing loses data and was not confirmed.",
                    stands="nothing was changed",
                    then=f"python manage.py db_rollback {first} --yes",
                )
        with Progress(self.console()) as progress:
            rollback(target, Wanted(file=first), expected=plan, options=self._options(progress))

    def _sync(self, alias: str, labels: set[str]) -> None:
        """Apps without migrations are Django's; the signals that make rows for new tables are sent
        again."""
        connection = connections[alias]
        before = set(connection.introspection.table_names())
        self.sync_apps(connection, labels)
        if set(connection.introspection.table_names()) - before:
            emit_post_migrate_signal(
                self.verbosity, self.interactive, alias, stdout=self.stdout, plan=[]
            )

    def _options(self, progress: Progress) -> Options:
        return Options(
            lock=lock_times(lock_settings()),
            retry=retry_policy(lock_settings()),
            # A test database is not backed up, and a test run never refused for that.
            backup=NOT_ASKED if self.is_test_database else backup_choice(self.given),
            on_event=progress.on_event if self.verbosity else ignore,
            watched=progress.is_watched and bool(self.verbosity),
            verbosity=self.verbosity,
            interactive=self.interactive,
            stdout=self.stdout,
            command="migrate",
        )

    def _say(self, line: str) -> None:
        if self.verbosity:
            self.stdout.write(line)
