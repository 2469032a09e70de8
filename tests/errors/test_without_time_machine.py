"""A machine without time-machine, which only recording needs: it runs what was recorded."""

from __future__ import annotations

import os
import subprocess
import sys
import tomllib

import pytest

from tests.conftest import ProjectFactory
from tests.scenario import REPOSITORY, Outcome, Project

# Python reads it as it starts: to this Python the package is one that nobody has installed.
WITHOUT = """
from importlib.machinery import PathFinder

every = PathFinder.find_spec


def find_spec(name, path=None, target=None):
    return None if name.partition(".")[0] == "time_machine" else every(name, path, target)


PathFinder.find_spec = find_spec
"""


@pytest.fixture
def deployed(recorded: Project) -> Project:
    """A project with a history, on that machine."""
    recorded.write("elsewhere/sitecustomize.py", WITHOUT)
    return recorded


def run(deployed: Project, *command: str) -> Outcome:
    path = os.pathsep.join([str(deployed.path / "elsewhere"), str(REPOSITORY)])
    done = subprocess.run(
        [sys.executable, *command],
        cwd=deployed.path,
        env=deployed.environment({"PYTHONPATH": path}),
        capture_output=True,
        text=True,
        check=False,
    )
    return Outcome(done.returncode, done.stdout, done.stderr)


def manage(deployed: Project, *command: str) -> Outcome:
    return run(deployed, "manage.py", *command)


def test_it_cannot_be_imported_there(deployed: Project) -> None:
    assert "No module named 'time_machine'" in run(deployed, "-c", "import time_machine").stderr


def test_what_was_recorded_runs(deployed: Project) -> None:
    for command, printed in (
        (("db_migrate", "--replay"), "✓ Applied migration: 0001_products.sql"),
        (("db_status",), "0001_products"),
        (("db_check", "--no-shadow"), "✓ Nothing was found."),
        (("db_generate", "--check"), ""),
        (("sqlmigrate", "shop", "0001"), "CREATE TABLE `shop_product`"),
        (("db_rollback", "--yes"), "✓ Rolled back migration: 0001_products.sql"),
        (("migrate",), "✓ Loaded schema.sql: 0001_products"),
        (("migrate", "--check"), ""),
    ):
        outcome = manage(deployed, *command)

        assert outcome.code == 0, f"{command}: {outcome}"
        assert printed in outcome.stdout
    assert "shop_product" in deployed.tables()


def test_a_database_is_taken_over(deployed: Project) -> None:
    manage(deployed, "db_migrate")
    for table in deployed.tables():
        if table.startswith("nestflux_"):
            deployed.sql(f"DROP TABLE {table}")

    outcome = manage(deployed, "db_baseline", "--yes")

    assert outcome.code == 0, str(outcome)
    assert "✓ Baselined at 0001_products.sql" in outcome.stdout


def test_models_are_pulled(project: ProjectFactory) -> None:
    legacy = project({})
    legacy.write("elsewhere/sitecustomize.py", WITHOUT)
    legacy.sql("CREATE TABLE shop_order (id bigint AUTO_INCREMENT PRIMARY KEY)")

    outcome = manage(legacy, "db_pull", "--app", "shop=shop_*")

    assert outcome.code == 0, str(outcome)
    assert (legacy.path / "shop" / "models").is_dir()


@pytest.mark.parametrize(
    "command",
    [("db_generate",), ("db_generate", "--dry-run"), ("db_generate", "--accept", "0001_products")],
    ids=" ".join,
)
def test_nothing_is_recorded(deployed: Project, command: tuple[str, ...]) -> None:
    deployed.edit("shop/models.py", "max_length=40", "max_length=60")
    if "--accept" in command:
        file = deployed.history / "0001_products.sql"
        file.write_text(file.read_text().replace("CREATE TABLE", "CREATE  TABLE", 1))
    before = _files(deployed)

    outcome = manage(deployed, *command)

    assert outcome.code == 2, str(outcome)
    assert outcome.stderr.splitlines() == [
        "SQL cannot be recorded or run again here: the package time-machine is not installed.",
        f"  Where: {sys.executable}",
        "  Now:   nothing was written",
        f'  Next:  {sys.executable} -m pip install "nestflux[record]"',
    ]
    assert _files(deployed) == before


def _files(project: Project) -> dict[str, bytes]:
    return {
        str(path): path.read_bytes()
        for path in project.path.rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }


def test_a_check_says_what_it_left_out(deployed: Project) -> None:
    manage(deployed, "db_migrate")

    outcome = manage(deployed, "db_check")

    assert outcome.code == 0, str(outcome)
    assert "the package time-machine is not installed" in outcome.stdout


def test_one_that_cannot_be_loaded_says_so(recorded: Project) -> None:
    recorded.write("elsewhere/time_machine.py", "raise ImportError('wrong ELF class')")
    recorded.edit("shop/models.py", "max_length=40", "max_length=60")

    outcome = manage(recorded, "db_generate")

    assert outcome.code == 2, str(outcome)
    assert "Python cannot load time-machine: wrong ELF class." in outcome.stderr
    assert len(outcome.stderr.splitlines()) == 4


def test_the_wheel_has_it_as_an_extra() -> None:
    project = tomllib.loads((REPOSITORY / "pyproject.toml").read_text(encoding="utf-8"))["project"]

    assert not [name for name in project["dependencies"] if "time-machine" in name]
    assert [name.partition(">")[0] for name in project["optional-dependencies"]["record"]] == [
        "time-machine"
    ]
