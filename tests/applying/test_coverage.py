"""Where an app keeps its migrations, found without what Django imports to find it."""

from __future__ import annotations

import pkgutil
import zipfile
from pathlib import Path

import pytest
from django.apps import apps
from django.db.migrations.loader import MigrationLoader
from django.test import override_settings

from nestflux.applying.plan.coverage import _modules_in, migrations_module


@pytest.mark.parametrize("moved", [{}, {"blog": "elsewhere.blog", "identity": None}])
def test_it_is_where_django_finds_it(moved: dict[str, str | None]) -> None:
    with override_settings(MIGRATION_MODULES=moved):
        for app in apps.get_app_configs():
            assert migrations_module(app) == MigrationLoader.migrations_module(app.label)[0]


def test_modules_are_those_that_python_would_find(tmp_path: Path) -> None:
    folder, archive = tmp_path / "migrations", tmp_path / "migrations.zip"
    (folder / "package").mkdir(parents=True)
    for name in (
        *("__init__.py", "0001_initial.py", "0002_more.pyc", "_helper.py", "notes.txt"),
        *("0003.old.py", "package/__init__.py", "0004_fast.abi3.so"),
    ):
        (folder / name).touch()
    with zipfile.ZipFile(archive, "w") as zipped:
        zipped.write(folder / "0001_initial.py", "0001_initial.py")

    for location in (str(folder), str(archive)):
        found = pkgutil.iter_modules([location])
        assert _modules_in(location) == {name for _, name, package in found if not package}
    assert "0002_more" in _modules_in(str(folder))
