"""``pre_migrate`` and ``post_migrate`` as Django's own command sends them.

Source: django/core/management/commands/migrate.py, ``handle``.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Sequence
from importlib import import_module
from typing import TYPE_CHECKING, Any

from django.apps import apps
from django.core.management.sql import emit_post_migrate_signal, emit_pre_migrate_signal
from django.db.migrations.migration import Migration
from django.db.migrations.state import ModelState, ProjectState
from django.utils.module_loading import module_has_submodule

from nestflux.applying.run.failures import is_connection_lost, place_in_code
from nestflux.collector import collector_resting
from nestflux.database.errors import in_words
from nestflux.exceptions import NestFluxError, StatementFailed
from nestflux.graph.loader import is_held, undotted
from nestflux.graph.swappable import swappable_names_kept

if TYPE_CHECKING:
    from nestflux.applying.run.context import Context
    from nestflux.graph.loader import ExtendedLoader

MigrationPlan = Sequence[tuple[Migration, bool]]


def import_management_modules() -> None:
    """Receivers register when an app's ``management`` module is imported."""
    for app in apps.get_app_configs():
        if module_has_submodule(app.module, "management"):
            import_module(".management", app.name)


def migration_plan(
    loader: ExtendedLoader, migrations: Iterable[str], *, backwards: bool = False
) -> MigrationPlan:
    """What Django's command passes to receivers as ``plan``; what left the project is left out."""
    found = (loader.disk_migrations.get(undotted(name)) for name in migrations)
    return [(migration, backwards) for migration in found if migration is not None]


@swappable_names_kept()
def send_pre(context: Context, plan: MigrationPlan, applied: Iterable[str]) -> None:
    """Send ``pre_migrate`` with the models as the applied migrations make them."""
    import_management_modules()
    state = _state(context, applied)
    _send(context, emit_pre_migrate_signal, "pre_migrate", plan, state)


@swappable_names_kept()
def send_post(context: Context, plan: MigrationPlan, applied: Iterable[str]) -> None:
    """Send ``post_migrate``; the ledger then says that it was sent."""
    import_management_modules()
    with collector_resting():
        state = _state(context, applied)
        state.clear_delayed_apps_cache()
        rendered = state.apps
        with rendered.bulk_update():
            keys = [(real.app_label, real.name_lower) for real in rendered.real_models]
            for key in keys:
                rendered.unregister_model(*key)
        rendered.render_multiple([ModelState.from_model(apps.get_model(*key)) for key in keys])
    _send(context, emit_post_migrate_signal, "post_migrate", plan, state)


def _state(context: Context, applied: Iterable[str]) -> ProjectState:
    """The state after the applied migrations, which ran in the history's order."""
    loader, names = context.loader, set(applied)
    if not names:
        return loader.state_after(())
    return loader.state_after(key for key in loader.plan() if is_held(loader, key, names))


def _send(context: Context, emit: Any, name: str, plan: MigrationPlan, state: ProjectState) -> None:
    options = context.options
    backwards = options.command == "db_rollback" or any(is_undone for _, is_undone in plan)
    try:
        emit(
            options.verbosity,
            options.interactive,
            context.connection.alias,
            stdout=options.stdout or sys.stdout,
            apps=state.apps,
            plan=list(plan),
        )
    except NestFluxError:
        raise
    except Exception as error:
        command = "db_rollback" if backwards else "db_migrate"
        if is_connection_lost(error):
            raise StatementFailed(
                f"The connection was lost while {name} was sent: {in_words(error)}",
                where=place_in_code(error),
                stands="the SQL that was applied stands; the signal has not been sent yet",
                then=f"python manage.py {command}   (sends it)",
            ) from error
        raise StatementFailed(
            f"A receiver of {name} failed: {type(error).__name__}: {error}",
            where=place_in_code(error),
            stands="the SQL that was applied stands; the signal has not been sent yet",
            then=f"fix the receiver, then: python manage.py {command}",
        ) from error
