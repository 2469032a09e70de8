"""System checks of NestFlux. An id never changes its meaning.

=============  ==================================================================================
nestflux.E001  a model class that ``models/__init__.py`` does not export
nestflux.E002  a file of a ``models`` package that is not Python
nestflux.E003  a wrong ``NESTFLUX`` setting
nestflux.E004  a database alias that is named like a server family
nestflux.E005  another app's ``migrate`` runs where a database has a history
nestflux.E020  to E024: declared partitions, listed in ``orm/partitioning/checks.py``
nestflux.W001  another app's ``sqlmigrate`` runs where a database has a history
nestflux.W002  an app of the project with models and without a migrations package
nestflux.W003  a replica that would get a test database of its own
nestflux.W004  replicas, and no router that reads from them, or one that others go before
nestflux.W005  replicas, and no middleware that remembers who wrote, or one below the session's
=============  ==================================================================================
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from django.apps import apps
from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, Warning, register
from django.utils.module_loading import import_string

from nestflux.conf import FAMILIES, Replicas, configuration, has_history, replicas
from nestflux.exceptions import Misconfigured, Refused

if TYPE_CHECKING:
    from django.apps import AppConfig
    from django.db.models import Model


@register(Tags.models)
def models_are_exported(
    app_configs: Sequence[AppConfig] | None = None, **kwargs: Any
) -> list[CheckMessage]:
    """E001 and E002, for the project's own apps."""
    from nestflux.exports import Unreadable, is_own_code, not_exported  # parses: only checks do

    found: list[CheckMessage] = []
    for config in app_configs or apps.get_app_configs():
        if not is_own_code(config):
            continue
        for problem in not_exported(config):
            place = f"{problem.file}, line {problem.line}"
            if isinstance(problem, Unreadable):
                found.append(
                    Error(f"The file cannot be read: {problem.why}.", obj=place, id="nestflux.E002")
                )
                continue
            package = config.models_module
            listed = f', and "{problem.name}" to its __all__' if hasattr(package, "__all__") else ""
            found.append(
                Error(
                    f"The model {problem.name} is not exported by {config.name}/models/__init__.py"
                    ", so it gets no table.",
                    hint=f"Add the line: {problem.import_line}{listed}.",
                    obj=place,
                    id="nestflux.E001",
                )
            )
    return found


@register(Tags.models)
def the_setting_is_right(app_configs: Any = None, **kwargs: Any) -> list[CheckMessage]:
    """E003 and E004."""
    found: list[CheckMessage] = []
    try:
        configuration()
    except (Misconfigured, TypeError, ValueError, AttributeError) as error:
        found.append(
            Error(
                str(error) if isinstance(error, Misconfigured) else f"NESTFLUX: {error}.",
                hint="See nestflux/conf.py for its keys.",
                obj="settings.NESTFLUX",
                id="nestflux.E003",
            )
        )
    found += [
        Error(
            f"The database alias {alias!r} is the name of a server family, and its history "
            f"would lie in the folder of the default database's {alias} history.",
            hint="Give the alias another name.",
            obj="settings.DATABASES",
            id="nestflux.E004",
        )
        for alias in settings.DATABASES
        if alias in FAMILIES
    ]
    return found


@register(Tags.models, Tags.commands)
def the_commands_are_ours(app_configs: Any = None, **kwargs: Any) -> list[CheckMessage]:
    """E005 and W001. A command that inherits from ours is ours."""
    from django.core.management import get_commands

    commands = get_commands()
    if all(commands[name] == "nestflux" for name in _GUARDED) or not _is_any_history():
        return []
    return [message for name in _GUARDED for message in _not_ours(name, commands[name])]


_GUARDED = ("migrate", "sqlmigrate")


def _is_any_history() -> bool:
    from django.db import connections

    try:
        return any(connections[a].vendor == "mysql" and has_history(a) for a in connections)
    except Misconfigured:  # E003 says so
        return False


def _not_ours(name: str, app: str) -> list[CheckMessage]:
    from importlib import import_module

    from nestflux.graph.project_commands import load_command

    try:
        ours = import_module(f"nestflux.management.commands.{name}").Command
        if isinstance(load_command(name), ours):
            return []
    except Refused:  # who cannot be loaded is not ours
        pass
    names = [config.name for config in apps.get_app_configs()]
    entries = dict(zip(names, settings.INSTALLED_APPS, strict=False))
    theirs, own = entries.get(app, app), entries["nestflux"]
    kind, number = (Error, "E005") if name == "migrate" else (Warning, "W001")
    effect = "changes a database past its reviewed SQL" if kind is Error else "prints other SQL"
    return [
        kind(
            f"A database has a history of SQL migrations, and `manage.py {name}` is the command of "
            f"the app {app!r}, which {effect}.",
            hint=f'Put "{own}" above "{theirs}" in INSTALLED_APPS: Django takes a command from the '
            f"first app that has it. If the command of {app!r} is needed too, let it inherit from "
            f"nestflux.management.commands.{name}.Command.",
            obj="settings.INSTALLED_APPS",
            id=f"nestflux.{number}",
        )
    ]


@register(Tags.models)
def the_models_have_migrations(
    app_configs: Sequence[AppConfig] | None = None, **kwargs: Any
) -> list[CheckMessage]:
    """W002, for the project's own apps."""
    from nestflux.exports import is_own_code
    from nestflux.graph.packages import missing_package

    found: list[CheckMessage] = []
    for config in app_configs or apps.get_app_configs():
        if not is_own_code(config) or not any(_makes_a_table(m) for m in config.get_models()):
            continue
        if (package := missing_package(config.label)) is None:
            continue
        found.append(
            Warning(
                f"The app {config.label!r} has models and no migrations: {package.why}. "
                "db_generate writes nothing for it, and db_migrate makes no table of it.",
                hint=f"Make the file {package.init_file} and run db_generate. If "
                f"`migrate --run-syncdb` makes its tables, say so: "
                f'MIGRATION_MODULES = {{"{config.label}": None}}.',
                obj=config.name,
                id="nestflux.W002",
            )
        )
    return found


def _makes_a_table(model: type[Model]) -> bool:
    meta = model._meta
    return meta.managed and not meta.proxy and not meta.swapped


@register(Tags.models)
def the_partitions_are_possible(app_configs: Any = None, **kwargs: Any) -> list[CheckMessage]:
    """E020 to E024. Of all models, whatever ``app_configs`` says: a relation of another app may
    lead to a partitioned table."""
    from nestflux.orm.partitioning.checks import check_partitions

    return check_partitions(apps.get_models(include_auto_created=True))


_ROUTER = "nestflux.replicas.Router"
_MIDDLEWARE = "nestflux.replicas.ReplicaMiddleware"
_SESSIONS = "django.contrib.sessions.middleware.SessionMiddleware"


@register(Tags.models)
def the_replicas_are_read_from(app_configs: Any = None, **kwargs: Any) -> list[CheckMessage]:
    """W003 to W005."""
    try:
        configured = replicas()
    except (Misconfigured, TypeError, AttributeError):  # E003 says so
        return []
    if not configured.aliases:
        return []
    return [*_mirrors(configured), *_router(), *_middleware()]


def _mirrors(configured: Replicas) -> list[CheckMessage]:
    return [
        Warning(
            f"The database {alias!r} is a replica of {primary!r}, and tests would make a database "
            "of its own for it, in which nothing of the other is.",
            hint=f'DATABASES["{alias}"]["TEST"] = {{"MIRROR": "{primary}"}}',
            obj="settings.DATABASES",
            id="nestflux.W003",
        )
        for primary, aliases in configured.of.items()
        for alias in aliases
        if (settings.DATABASES[alias].get("TEST") or {}).get("MIRROR") != primary
    ]


def _router() -> list[CheckMessage]:
    """One that inherits from ours is ours. The first that names a database is believed."""
    routers = list(settings.DATABASE_ROUTERS)
    if routers and _is(routers[0], _ROUTER):
        return []
    missing = not any(_is(router, _ROUTER) for router in routers)
    what = "does not have" if missing else "has others in front of"
    return [
        Warning(
            f'NESTFLUX["REPLICAS"] names replicas, and DATABASE_ROUTERS {what} the router that '
            "reads from them.",
            hint=f'DATABASE_ROUTERS = ["{_ROUTER}", …]: it asks those behind it which primary a '
            "model belongs to.",
            obj="settings.DATABASE_ROUTERS",
            id="nestflux.W004",
        )
    ]


def _middleware() -> list[CheckMessage]:
    found = list(settings.MIDDLEWARE)
    places = [place for place, name in enumerate(found) if _is(name, _MIDDLEWARE)]
    if places and _SESSIONS not in found[: places[0]]:
        return []
    what = "stands below the session's" if places else "is not in MIDDLEWARE"
    effect = "what a session writes is not noticed" if places else "all reads go to the primary"
    return [
        Warning(
            f'NESTFLUX["REPLICAS"] names replicas, and the middleware that remembers who wrote '
            f"{what}: {effect}.",
            hint=f'Put "{_MIDDLEWARE}" above "{_SESSIONS}" in MIDDLEWARE. If only tasks read from '
            "replicas, silence this one: SILENCED_SYSTEM_CHECKS.",
            obj="settings.MIDDLEWARE",
            id="nestflux.W005",
        )
    ]


def _is(entry: object, name: str) -> bool:
    """Is an entry of a setting this class, or one that inherits from it?"""
    if entry == name:
        return True
    try:
        found = import_string(entry) if isinstance(entry, str) else type(entry)
    except ImportError:  # Django says so
        return False
    return isinstance(found, type) and issubclass(found, import_string(name))
