"""``pytest`` in a fresh clone: no variable is set, no server runs, no ``.env`` decides anything."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests import this_run
from tests.scenario import REPOSITORY

pytestmark = pytest.mark.skipif(
    os.environ.get("NESTFLUX_TEST_FAMILY") == "mysql",
    reason="no server is asked here; tested with MariaDB's",
)
NO_DATABASE = "tests/sql/test_lexer.py"
ON_THE_SERVER = "tests/ledger/test_lock.py"
NOBODY = "mysql://root@/nestflux?unix_socket=/nobody/listens/here"
SERVERS = {"DATABASE_URL", "SHADOW_MARIADB_URL", "SHADOW_MYSQL_URL"}


@pytest.fixture(scope="module")
def clone(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """As much of a clone as two of its tests need, and a ``.env`` that stops the site."""
    path = tmp_path_factory.mktemp("clone")
    for name in ("nestflux", "identity", "blog", "scripts", "tests/sql", "tests/ledger"):
        shutil.copytree(REPOSITORY / name, path / name)
    single = [REPOSITORY / "manage.py", REPOSITORY / "pyproject.toml"]
    for source in [*single, *REPOSITORY.glob("tests/*.py")]:
        shutil.copy2(source, path / source.relative_to(REPOSITORY))
    wrong = [f"{name}=postgres://maybe/\n" for name in sorted(variables())]
    (path / ".env").write_text("".join(wrong), encoding="utf-8")
    return path


def variables() -> set[str]:
    """What a ``.env`` may hold."""
    example = (REPOSITORY / ".env.example").read_text(encoding="utf-8")
    return set(re.findall(r"^(?:# )?([A-Z_]+)=", example, re.MULTILINE))


def run_pytest(clone: Path, *tests: str, **variables: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [Path(sys.executable).with_name("pytest"), "-p", "no:cacheprovider", *tests],
        cwd=clone,
        env={"PATH": os.environ["PATH"], "HOME": os.environ.get("HOME", "/"), **variables},
        capture_output=True,
        text=True,
        check=False,
    )


def test_the_tests_set_every_variable_that_an_env_file_may_hold() -> None:
    assert set(this_run.SETTINGS) | SERVERS == variables()


def test_without_a_server_the_rest_passes_and_one_line_says_how_to_get_one(clone: Path) -> None:
    ended = run_pytest(clone, f"{NO_DATABASE}::test_statements_of_a_script", ON_THE_SERVER)

    assert ended.returncode == 0, ended.stdout + ended.stderr
    assert re.search(rf"^{NO_DATABASE} \.+", ended.stdout, re.MULTILINE)
    assert "no test-mariadb runs here. Next: scripts/server start test-mariadb" in ended.stdout
    assert re.search(r"\d+ passed, \d+ skipped in", ended.stdout)


@pytest.mark.parametrize(
    ("variables", "line"),
    [
        ({"CI": "true"}, "no test-mariadb runs here. Next: scripts/server start test-mariadb"),
        ({"DATABASE_URL": NOBODY}, "the server that DATABASE_URL names does not answer"),
    ],
    ids=["in CI", "where a variable names one"],
)
def test_a_run_that_was_to_have_a_server_fails_without_it(
    clone: Path, variables: dict[str, str], line: str
) -> None:
    ended = run_pytest(clone, ON_THE_SERVER, **variables)

    assert ended.returncode == pytest.ExitCode.USAGE_ERROR, ended.stdout
    assert ended.stdout.count(line) == 1
