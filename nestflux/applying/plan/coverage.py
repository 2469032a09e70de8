"""Does every migration of the project stand in a file of the history?

Asked on every run, so the first answer is from file names alone: nothing is imported.
"""

from __future__ import annotations

import os
import pkgutil
from importlib.util import find_spec
from inspect import getmodulename
from typing import TYPE_CHECKING

from django.apps import apps
from django.conf import settings

from nestflux.exceptions import Refused
from nestflux.history.journal import Journal

if TYPE_CHECKING:
    from django.apps import AppConfig
    from django.db.backends.base.base import BaseDatabaseWrapper


def migrations_module(app: AppConfig) -> str | None:
    """As Django finds it (django/db/migrations/loader.py, ``migrations_module``), whose module
    would import all of ``django.db.migrations``."""
    moved: dict[str, str | None] = settings.MIGRATION_MODULES
    return moved.get(app.label, f"{app.name}.migrations")


def migration_names() -> set[str]:
    """Every migration module on disk, ``blog.0001_initial``, found without importing one."""
    found: set[str] = set()
    for app in apps.get_app_configs():
        module = migrations_module(app)
        if module is None:
            continue
        try:
            spec = find_spec(module)
        except ModuleNotFoundError:
            continue
        for location in (spec.submodule_search_locations if spec else None) or ():
            names = _modules_in(location)
            found.update(f"{app.label}.{name}" for name in names if name[0] not in "_~")
    return found


def _modules_in(location: str) -> set[str]:
    """What ``pkgutil.iter_modules`` finds, less packages; it looks for those at every file."""
    try:
        files = os.listdir(location)
    except OSError:  # a zip archive
        return {name for _, name, is_package in pkgutil.iter_modules([location]) if not is_package}
    names = {file[:-3] if file.endswith(".py") else getmodulename(file) for file in files}
    return {name for name in names if name and name != "__init__" and "." not in name}


def refuse_unrecorded(journal: Journal, connection: BaseDatabaseWrapper) -> None:
    """Raises Refused where the graph holds a migration that no file does.

    A name that no file knows is only a suspicion: it may have been squashed away. Then the
    graph is loaded and asked.
    """
    known = {*journal.recorded_migrations, *journal.migrations}
    if not migration_names() - known:
        return
    from nestflux.graph.loader import dotted, is_held, load

    loader = load(connection)
    missing = sorted(dotted(key) for key in loader.graph.nodes if not is_held(loader, key, known))
    if missing:
        more = f" and {len(missing) - 1} more" if len(missing) > 1 else ""
        raise Refused(
            f"The migration {missing[0]}{more} has no SQL: no file of the history holds it.",
            stands="nothing was run",
            then="python manage.py db_generate",
        )
