"""System checks of NestFlux. An id never changes its meaning.

=============  ==================================================================================
nestflux.E001  a model class that ``models/__init__.py`` does not export
nestflux.E002  a file of a ``models`` package that is not Python
nestflux.E003  a wrong ``NESTFLUX`` setting
nestflux.E004  a database alias that is named like a server family
=============  ==================================================================================
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from django.apps import apps
from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, register

from nestflux.conf import FAMILIES, configuration
from nestflux.exceptions import Misconfigured

if TYPE_CHECKING:
    from django.apps import AppConfig


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
