"""Migrations packages that are not there."""

from __future__ import annotations

from dataclasses import dataclass
from importlib import import_module
from pathlib import Path

from django.apps import apps
from django.db.migrations.loader import MigrationLoader


@dataclass(frozen=True)
class MissingPackage:
    """An app's migrations package that Django does not find; ``init_file`` would make it one."""

    module: str
    why: str
    init_file: str


def missing_package(label: str) -> MissingPackage | None:
    """None where an app has a migrations package, or is to have none (``MIGRATION_MODULES`` says
    None). As ``MigrationLoader.load_disk`` tells it, without importing a migration."""
    name, is_named = MigrationLoader.migrations_module(label)
    if name is None:
        return None
    try:
        module = import_module(name)
    except ModuleNotFoundError as error:
        if error.name is None or not f"{name}.".startswith(f"{error.name}."):
            return None  # it is there, and imports what is not
        named = " (MIGRATION_MODULES)" if is_named else ""
        return MissingPackage(
            name, f"there is no package {name}{named}", _init_file(label, name, is_named=is_named)
        )
    except Exception:  # the loader says what is wrong with it
        return None
    path = getattr(module, "__path__", None)
    if path is None:
        return MissingPackage(
            name,
            f"{name} is a module and no package",
            _init_file(label, name, is_named=is_named),
        )
    # A folder without __init__.py is a namespace, which Django does not take for migrations.
    if getattr(module, "__file__", None) is None and not isinstance(path, list):
        folder = str(next(iter(path)))
        return MissingPackage(name, f"{folder} has no __init__.py", f"{folder}/__init__.py")
    return None


def has_migrations(label: str) -> bool:
    return MigrationLoader.migrations_module(label)[0] is not None and not missing_package(label)


def _init_file(label: str, name: str, *, is_named: bool) -> str:
    if is_named:
        return f"{name.replace('.', '/')}/__init__.py"
    return str(Path(apps.get_app_config(label).path, name.rpartition(".")[2], "__init__.py"))
