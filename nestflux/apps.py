"""NestFlux as an app that any Django project on MySQL or MariaDB can install."""

from __future__ import annotations

from django.apps import AppConfig


class NestFluxConfig(AppConfig):
    """Registers the commands, the checks and the ledger's admin."""

    name = "nestflux"
    verbose_name = "NestFlux"

    def ready(self) -> None:
        from nestflux import checks  # noqa: F401 registers on import
