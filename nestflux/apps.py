"""NestFlux as an app that any Django project on MySQL or MariaDB can install."""

from __future__ import annotations

from types import ModuleType

from django.apps import AppConfig

from nestflux.installed import require_supported_django


class NestFluxConfig(AppConfig):
    """Registers the commands, the checks and the ledger's admin."""

    name = "nestflux"
    verbose_name = "NestFlux"

    def __init__(self, app_name: str, app_module: ModuleType | None) -> None:
        require_supported_django()  # before a model is imported
        super().__init__(app_name, app_module)

    def ready(self) -> None:
        from nestflux import checks  # noqa: F401 registers on import
