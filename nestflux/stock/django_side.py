"""What the stock commands need to know of Django: its graph, its settings, its test runner."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.apps import apps
from django.db import connections
from django.db.backends.base.creation import TEST_DATABASE_PREFIX
from django.db.migrations.loader import MigrationLoader

from nestflux.applying.plan.load_plan import make_plan
from nestflux.applying.target import open_target
from nestflux.conf import FAMILIES, has_history, history_folder
from nestflux.django_compat import tests_are_running
from nestflux.exceptions import LedgerConflict, Refused
from nestflux.graph.loader import dotted, load
from nestflux.graph.packages import missing_package
from nestflux.sql.lexer import quoted

if TYPE_CHECKING:
    from django.db.backends.base.base import BaseDatabaseWrapper


def is_ours(alias: str) -> bool:
    """Does NestFlux answer for this alias? It has a history, and migrations are not switched off
    (``TEST["MIGRATE"] = False``, ``pytest --nomigrations``). Asks no server.

    Raises HistoryError where SQL migrations lie there and their journal is lost: Django's own
    command must not walk past them.
    """
    if alias not in connections.settings or connections[alias].vendor != "mysql":
        return False
    if migrations_are_off():
        return False
    return has_history(alias) or any(
        history_folder(alias, family).journal.entries for family in FAMILIES
    )


def migrations_are_off() -> bool:
    """Does MIGRATION_MODULES give None for every app?"""
    return all(
        MigrationLoader.migrations_module(config.label)[0] is None
        for config in apps.get_app_configs()
    )


def unmigrated_apps() -> set[str]:
    """Apps with models and without migrations, as MigrationLoader.load_disk tells them, without
    importing a migration."""
    return {
        config.label
        for config in apps.get_app_configs()
        if config.models_module is not None and not _has_migrations(config.label)
    }


def _has_migrations(label: str) -> bool:
    name, is_named = MigrationLoader.migrations_module(label)
    if name is None:
        return False
    missing = missing_package(label)
    if missing and is_named:  # Django's own migrate raises ModuleNotFoundError
        raise Refused(
            f"The migrations of the app {label!r} are not where they should be: {missing.why}.",
            where="settings.MIGRATION_MODULES",
            stands="nothing was changed",
            then=f"make the file {missing.init_file}, or correct the setting",
        )
    return missing is None


def undone(connection: BaseDatabaseWrapper, app_label: str, name: str | None) -> frozenset[str]:
    """What Django would unapply for ``migrate app name`` (None: zero): the applied ones among
    what follows, in other apps too. Source: MigrationExecutor.migration_plan."""
    loader = load(connection)
    graph = loader.graph
    if name is None:
        roots = [key for key in graph.root_nodes() if key[0] == app_label]
    elif (app_label, name) in graph.node_map:
        children = sorted(graph.node_map[app_label, name].children)
        roots = [child.key for child in children if child.key[0] == app_label]
    else:  # replaced by a squash that is applied: there is nothing between it and the squash
        roots = []
    return frozenset(
        dotted(key)
        for root in roots
        for key in graph.backwards_plan(root)
        if key in loader.applied_migrations
    )


def is_test_database(connection: BaseDatabaseWrapper) -> bool:
    """May it be destroyed? Only where both hold: the process is a test runner's, which
    ``setup_test_environment`` marks, and the database bears a test database's name."""
    if not tests_are_running():
        return False
    given = connection.settings_dict
    name, wanted = str(given["NAME"]), given.get("TEST", {}).get("NAME")
    # While tests run, NAME is the test database's; a clone has a suffix.
    if wanted:
        return name == wanted or name.startswith(f"{wanted}_")
    return name.startswith(TEST_DATABASE_PREFIX)


def is_of_another_branch(alias: str) -> bool:
    """Does the database hold what this history did not make, or a part of it half-made?"""
    try:
        plan = make_plan(open_target(alias))
    except LedgerConflict:
        return True
    return bool(plan.off_branch or plan.in_flight or plan.drop_first)


def make_anew(connection: BaseDatabaseWrapper) -> None:
    """Drop a test database and make it again, empty, with its own character set."""
    name = quoted(str(connection.settings_dict["NAME"]))
    with connection.cursor() as cursor:
        cursor.execute("SELECT @@character_set_database, @@collation_database")
        charset, collation = cursor.fetchone()
        cursor.execute(f"DROP DATABASE {name}")
        cursor.execute(f"CREATE DATABASE {name} CHARACTER SET {charset} COLLATE {collation}")
    connection.close()  # it stands in no database now
