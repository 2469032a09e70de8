"""Django's commands as the project has them: its own, or a package's, in place of Django's.

Django takes a command from the first of the INSTALLED_APPS that has it. A project overrides
``makemigrations`` and ``migrate`` to give them an ``autodetector`` of its own (Django's
documentation, "Extending the autodetector"), and such a module may also change Django's classes
when it is imported, as Nautobot's change ``Field.deconstruct``.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from typing import TYPE_CHECKING, Any

from django.apps import AppConfig, apps
from django.core.management import find_commands, get_commands, load_command_class
from django.core.management.base import BaseCommand

from nestflux.exceptions import NestFluxError, Refused

if TYPE_CHECKING:
    from collections.abc import Iterable

    from django.db.migrations.autodetector import MigrationAutodetector
    from django.db.migrations.migration import Migration

_OURS = "nestflux"


def apps_with(command: str) -> list[AppConfig]:
    """The apps that have a command, the one whose command Django takes first."""
    return [
        config
        for config in apps.get_app_configs()
        if command in find_commands(os.path.join(config.path, "management"))
    ]


def load_command(name: str) -> BaseCommand:
    """The command that Django takes. Raises Refused where its module cannot be imported."""
    app = str(get_commands()[name])
    try:
        return load_command_class(app, name)
    except Exception as error:  # whatever a module raises when it is imported
        raise _cannot_be_loaded(app, name, error) from error


def project_autodetector() -> type[MigrationAutodetector]:
    """The class with which the project's ``makemigrations`` finds changes. Raises Refused."""
    from django.db.migrations.autodetector import MigrationAutodetector

    found: type[MigrationAutodetector] = getattr(
        load_command("makemigrations"), "autodetector", MigrationAutodetector
    )
    return found


def import_overrides() -> None:
    """Import the modules of ``makemigrations`` and ``migrate`` that the project would run without
    NestFlux: what they change in Django counts wherever migrations are loaded. Imports nothing
    where there are none. Raises Refused."""
    for name in ("makemigrations", "migrate"):
        others = [config.name for config in apps_with(name) if config.name != _OURS]
        for app in others[:1]:
            try:
                import_module(f"{app}.management.commands.{name}")
            except Exception as error:  # whatever a module raises when it is imported
                raise _cannot_be_loaded(app, name, error) from error


def after_writing(migrations: Iterable[Migration], name: str | None = None) -> None:
    """Run the project's ``makemigrations`` with migrations that are written, if it does more than
    Django's: django-linear-migrations notes the last migration of each app around ``handle``,
    others do such things in ``write_migration_files``. Where it calls Django's ``handle``, these
    migrations count as found, and the same files are written once more.

    Args:
        name: of ``--name``.

    Raises NestFluxError where it fails; the migrations are written by then.
    """
    from django.core.management.commands import makemigrations as django

    changes: dict[str, list[Migration]] = {}
    for migration in migrations:
        changes.setdefault(migration.app_label, []).append(migration)
    command: Any = load_command("makemigrations")
    if not changes or not _does_more(type(command), django.Command):
        return
    try:
        parser = command.create_parser("manage.py", "makemigrations")
        options = vars(parser.parse_args(["--noinput", "--verbosity", "0"]))
        labels = options.pop("args", ())
        with _instead_of_django(django.Command, changes):
            command.handle(*labels, **{**options, "name": name})
    except (Exception, SystemExit) as error:  # whatever a project's command raises
        raise NestFluxError(
            f"The project's makemigrations fails: {type(error).__name__}: {error}",
            where=f"{type(command).__module__}, called with migrations that are written",
            stands="the migrations and their SQL files are written and complete",
            then="correct that command, and do by hand what it does besides",
        ) from error


def _does_more(own: type[Any], django: type[Any]) -> bool:
    """Of one that is not made of Django's, nobody can tell what it does."""
    return issubclass(own, django) and any(
        getattr(own, name) is not getattr(django, name) for name in _WRITING
    )


_WRITING = ("handle", "write_migration_files")


@contextmanager
def _instead_of_django(django: Any, changes: dict[str, list[Migration]]) -> Iterator[None]:
    """Meanwhile Django's ``handle`` finds nothing but ``changes``."""
    of_django = django.handle

    def handle(command: Any, *app_labels: str, **options: Any) -> None:
        given = {option: options[option] for option in _OPTIONS}
        given |= {"migration_name": options["name"], "written_files": []}
        for option, value in given.items():
            setattr(command, option, value)
        command.write_migration_files(changes)

    django.handle = handle
    try:
        yield
    finally:
        django.handle = of_django


# What Django's handle sets on the command of the same name.
_OPTIONS = (
    "verbosity",
    "interactive",
    "dry_run",
    "merge",
    "empty",
    "include_header",
    "scriptable",
    "update",
)


def _cannot_be_loaded(app: str, name: str, error: Exception) -> Refused:
    return Refused(
        f"The {name} command of the app {app!r} cannot be loaded: {type(error).__name__}: {error}",
        where=f"{app}.management.commands.{name}",
        stands="nothing was changed",
        then="correct that module: NestFlux finds changes with the project's own makemigrations",
    )
