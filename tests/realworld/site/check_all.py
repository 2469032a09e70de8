"""db_check that records the installed apps' migrations again as well as the project's own."""

import os

os.environ["DJANGO_SETTINGS_MODULE"] = "site_settings"

import django

django.setup()

# ruff: noqa: E402 models and migrations need the apps
from typing import Any
from unittest.mock import patch

from django.core.management import execute_from_command_line

from nestflux.recording.rerecord import Walk
from nestflux.reviewing import shadows


class WalkOverAll(Walk):
    def __init__(self, place: Any, entries: Any, files: Any, own: object) -> None:
        super().__init__(place, entries, files, lambda name: True)


with patch.object(shadows, "Walk", WalkOverAll):
    execute_from_command_line(["manage.py", "db_check", "--existing-only", "--json"])
