"""Where an app keeps its migrations, found without what Django imports to find it."""

from __future__ import annotations

import pytest
from django.apps import apps
from django.db.migrations.loader import MigrationLoader
from django.test import override_settings

from nestflux.applying.coverage import migrations_module


@pytest.mark.parametrize("moved", [{}, {"blog": "elsewhere.blog", "identity": None}])
def test_it_is_where_django_finds_it(moved: dict[str, str | None]) -> None:
    with override_settings(MIGRATION_MODULES=moved):
        for app in apps.get_app_configs():
            assert migrations_module(app) == MigrationLoader.migrations_module(app.label)[0]
