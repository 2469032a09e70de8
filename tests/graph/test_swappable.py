"""Swappable names are asked for once while states are rendered, and Django's answers are kept."""

from __future__ import annotations

from typing import Any

from django.apps import apps
from django.conf import settings
from django.db.migrations.loader import MigrationLoader

from nestflux.graph.swappable import swappable_names_kept


def test_the_answers_are_django_s() -> None:
    names = [settings.AUTH_USER_MODEL, "auth.Group", "no.Such"]
    asked = [apps.get_swappable_settings_name(name) for name in names]

    with swappable_names_kept(), swappable_names_kept():
        kept = [apps.get_swappable_settings_name(name) for name in names]

    assert kept == asked == ["AUTH_USER_MODEL", None, None]
    assert "get_swappable_settings_name" not in vars(apps)


def test_rendering_a_state_does_not_forget_them() -> None:
    with swappable_names_kept():
        state = MigrationLoader(None).project_state()
        assert state.apps.get_models()
        kept: Any = apps.get_swappable_settings_name
        asked = kept.cache_info()
        state.clone().reload_model("identity", "user")
        again = kept.cache_info()

    assert again.misses == asked.misses
    assert again.hits > asked.hits
