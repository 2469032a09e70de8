"""Django's commands as the project has them: its own, or a package's, in place of Django's.

Django takes a command from the first of the INSTALLED_APPS that has it. A project overrides
``makemigrations`` and ``migrate`` to give them an ``autodetector`` of its own (Django's
documentation, "Extending the autodetector"), and such a module may also change Django's classes
when it is imported, as Nautobot's change ``Field.deconstruct``.
"""

from __future__ import annotations

import os
from importlib import import_module
from inspect import getattr_static
from typing import TYPE_CHECKING, Any

from django.apps import AppConfig, apps
from django.core.management import find_commands, get_commands, load_command_class
from django.core.management.base import BaseCommand

from nestflux.exceptions import NestFluxError, Refused

if TYPE_CHECKING:
    from collections.abc import Iterable

    from django.db.migrations.autodetector import MigrationAutodetector
    from django.db.migrations.migration import Migration

_DJANGO = "django.core"
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
    """Let the project's ``makemigrations`` do what it does where it writes files, if it overrides
    ``write_migration_files``: django-linear-migrations notes the last migration of each app there.
    Django's own method, which it calls, writes the same files once more.

    Args:
        name: of ``--name``.

    Raises NestFluxError where it fails; the migrations are written by then.
    """
    from django.core.management.commands import makemigrations as django

    command: Any = load_command("makemigrations")
    hook = "write_migration_files"
    if getattr_static(command, hook, None) is getattr_static(django.Command, hook):
        return
    changes: dict[str, list[Migration]] = {}
    for migration in migrations:
        changes.setdefault(migration.app_label, []).append(migration)
    given = {
        "written_files": [],
        "verbosity": 0,
        "interactive": False,
        "dry_run": False,
        "merge": False,
        "empty": False,
        "update": False,
        "scriptable": False,
        "include_header": True,
        "migration_name": name,
    }
    for option, value in given.items():
        setattr(command, option, value)
    try:
        if changes and hasattr(command, hook):
            command.write_migration_files(changes)
    except Exception as error:  # whatever a project's command raises
        raise NestFluxError(
            f"write_migration_files() of the project's makemigrations fails: "
            f"{type(error).__name__}: {error}",
            where=f"{type(command).__module__}.{type(command).__qualname__}",
            stands="the migrations and their SQL files are written and complete",
            then="correct that command, and do by hand what it does behind written migrations",
        ) from error


def _cannot_be_loaded(app: str, name: str, error: Exception) -> Refused:
    return Refused(
        f"The {name} command of the app {app!r} cannot be loaded: {type(error).__name__}: {error}",
        where=f"{app}.management.commands.{name}",
        stands="nothing was changed",
        then="correct that module: NestFlux finds changes with the project's own makemigrations",
    )
