"""A Django or a mysqlclient that NestFlux cannot work with: four lines and exit code 2."""

from __future__ import annotations

import os
import subprocess
import sys
import tomllib
from pathlib import Path

import MySQLdb
import pytest

from nestflux.installed import NEWEST_DJANGO, OLDEST_DJANGO
from tests.scenario import REPOSITORY, Outcome, Project

COMMANDS = [("check",), ("db_status",), ("db_generate", "--check"), ("migrate", "--plan")]


@pytest.mark.parametrize(
    ("version", "what"),
    [
        ((4, 2, 16, "final", 0), "Django 4.2.16 is too old for this NestFlux"),
        ((5, 1, 9, "final", 0), "Django 5.1.9 is too old for this NestFlux"),
        ((6, 2, 0, "alpha", 1), "Django 6.2a1 is too new for this NestFlux"),
        ((7, 0, 0, "final", 0), "Django 7.0 is too new for this NestFlux"),
    ],
)
def test_another_django_is_refused_before_any_model_is_read(
    shop: Project, version: tuple[int | str, ...], what: str
) -> None:
    shop.settings(f"import django; django.VERSION = {version!r}")
    shop.write("shop/models.py", "raise RuntimeError('a model was read')")

    for command in COMMANDS:
        outcome = shop.run(*command)

        assert outcome.code == 2, str(outcome)
        assert what in outcome.stderr
        assert "which runs on Django 5.2 to 6.1" in outcome.stderr
        assert 'Next:  pip install "Django>=5.2,<6.2"' in outcome.stderr
        assert len(outcome.stderr.splitlines()) == 4


@pytest.mark.parametrize("version", [(5, 2, 0, "final", 0), (6, 1, 9, "final", 0)])
def test_a_supported_django_is_not(shop: Project, version: tuple[int | str, ...]) -> None:
    shop.settings(f"import django; django.VERSION = {version!r}")

    shop.succeeds("db_status", "--help")


def test_what_is_supported_is_what_pip_knows() -> None:
    project = tomllib.loads((REPOSITORY / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    [django] = [name for name in project["dependencies"] if name.startswith("Django")]

    newest = f"{NEWEST_DJANGO[0]}.{NEWEST_DJANGO[1] + 1}"
    assert django == f"Django>={OLDEST_DJANGO[0]}.{OLDEST_DJANGO[1]},<{newest}"


def run_with(shop: Project, mysqlclient: str, *command: str) -> Outcome:
    """A command whose Python finds this text in place of mysqlclient."""
    shop.write("elsewhere/MySQLdb/__init__.py", mysqlclient)
    path = os.pathsep.join([str(shop.path / "elsewhere"), str(REPOSITORY)])
    done = subprocess.run(
        [sys.executable, "manage.py", *command],
        cwd=shop.path,
        env=shop.environment({"PYTHONPATH": path}),
        capture_output=True,
        text=True,
        check=False,
    )
    return Outcome(done.returncode, done.stdout, done.stderr)


MISSING = "raise ModuleNotFoundError(\"No module named 'MySQLdb'\", name='MySQLdb')"
BROKEN = "raise ImportError('libmariadb.so.3: cannot open shared object file')"


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
@pytest.mark.parametrize(
    ("module", "said"),
    [(MISSING, "No module named 'MySQLdb'"), (BROKEN, "libmariadb.so.3: cannot open shared")],
    ids=["missing", "broken"],
)
def test_a_missing_mysqlclient_says_what_to_install(
    shop: Project, command: tuple[str, ...], module: str, said: str
) -> None:
    outcome = run_with(shop, module, *command)

    assert outcome.code == 2, str(outcome)
    assert outcome.stderr.startswith("Python cannot load mysqlclient: ")
    assert said in outcome.stderr
    assert "apt-get install gcc pkg-config libmariadb-dev python3-dev" in outcome.stderr
    assert len(outcome.stderr.splitlines()) == 4


def test_a_mysqlclient_that_is_too_old_is_named(shop: Project) -> None:
    source = Path(MySQLdb.__file__)  # the real one, but for its number
    old = f"__path__ = [{str(source.parent)!r}]\n{source.read_text(encoding='utf-8')}\n"
    old += "version_info = (1, 3, 0, 'final', 0); __version__ = '1.3.0'"

    outcome = run_with(shop, old, "check")

    assert outcome.code == 2, str(outcome)
    assert "or newer is required; you have 1.3.0" in outcome.stderr
    assert "-m pip install mysqlclient" in outcome.stderr
