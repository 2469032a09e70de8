"""``pre_migrate`` and ``post_migrate`` as Django's own command sends them.

Source: django/core/management/commands/migrate.py, ``handle``.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Sequence
from contextlib import nullcontext
from importlib import import_module
from itertools import groupby
from typing import TYPE_CHECKING, Any

from django.apps import apps
from django.conf import settings
from django.core.management.sql import emit_post_migrate_signal, emit_pre_migrate_signal
from django.db import transaction
from django.db.migrations.migration import Migration
from django.db.migrations.state import ModelState, ProjectState
from django.db.models.signals import post_migrate
from django.utils.module_loading import module_has_submodule

from nestflux.applying.failures import place_in_code
from nestflux.collector import collector_resting
from nestflux.exceptions import NestFluxError, StatementFailed
from nestflux.graph.loader import is_held, undotted
from nestflux.graph.swappable import swappable_names_kept

if TYPE_CHECKING:
    from django.apps import AppConfig

    from nestflux.applying.context import Context
    from nestflux.graph.loader import ExtendedLoader

MigrationPlan = Sequence[tuple[Migration, bool]]

# Django's own receivers, which make rows of ``using`` and nothing else: they ask for no commit, run
# no DDL, and nobody hears of what they make (bulk_create sends no signals).
_ROWS_ONLY = {
    "django.contrib.contenttypes.management.create_contenttypes",
    "django.contrib.auth.management.create_permissions",
}


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
def send_post(
    context: Context, plan: MigrationPlan, applied: Iterable[str], *, loaded: bool = False
) -> None:
    """Send ``post_migrate``; the ledger then says that it was sent.

    Args:
        loaded: the database was made just now, and nobody else uses it yet.
    """
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
    # A project's own routers are asked inside the receivers.
    few = loaded and not settings.DATABASE_ROUTERS
    emit = _emit_in_few_commits if few else emit_post_migrate_signal
    _send(context, emit, "post_migrate", plan, state)


def _emit_in_few_commits(verbosity: int, interactive: bool, db: str, **kwargs: Any) -> None:
    """Django's ``emit_post_migrate_signal``, to the same receivers in the same order. Neighbouring
    apps of which nobody hears but Django's own receivers share a transaction, where these would
    open two for each app: on a database that nobody else uses that makes the same rows."""
    configs = [config for config in apps.get_app_configs() if config.models_module is not None]
    for makes_rows_only, neighbours in groupby(configs, key=_makes_rows_only):
        with transaction.atomic(db) if makes_rows_only else nullcontext():
            for config in neighbours:
                if verbosity >= 2:
                    kwargs["stdout"].write(
                        f"Running post-migrate handlers for application {config.label}"
                    )
                post_migrate.send(
                    sender=config,
                    app_config=config,
                    verbosity=verbosity,
                    interactive=interactive,
                    using=db,
                    **kwargs,
                )


def _makes_rows_only(config: AppConfig) -> bool:
    sync, asynchronous = post_migrate._live_receivers(config)
    named = {
        f"{getattr(each, '__module__', '')}.{getattr(each, '__qualname__', '')}"
        for each in (*sync, *asynchronous)
    }
    return named <= _ROWS_ONLY


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
        raise StatementFailed(
            f"A receiver of {name} failed: {type(error).__name__}: {error}",
            where=place_in_code(error),
            stands="the SQL that was applied stands; the signal is still owed",
            then="mend the receiver, then: python manage.py "
            + ("db_rollback" if backwards else "db_migrate"),
        ) from error
