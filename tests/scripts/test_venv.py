"""`scripts/venv` and `scripts/python`: which Python, which Django, and what is said where one is
missing. Nothing is downloaded: a Python that only looks like one stands first on PATH."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.skipif(
    os.environ.get("NESTFLUX_TEST_FAMILY") == "mysql",
    reason="scripts know no server here; tested with MariaDB's",
)
REPOSITORY = Path(__file__).resolve().parents[2]

# What pip said on a machine without pkg-config, in short.
NO_PKG_CONFIG = """\
  error: subprocess-exited-with-error
  Getting requirements to build wheel did not run successfully.
      Exception: Can not find valid pkg-config name.
      Specify MYSQLCLIENT_CFLAGS and MYSQLCLIENT_LDFLAGS env vars manually
ERROR: Failed to build 'mysqlclient' when getting requirements to build wheel
"""
NO_HEADERS = """\
      src/MySQLdb/_mysql.c:29:10: fatal error: mysql.h: No such file or directory
error: command '/usr/bin/gcc' failed with exit code 1
ERROR: Failed building wheel for mysqlclient
"""
NO_NETWORK = "ERROR: Could not find a version that satisfies the requirement Django==5.2.19\n"


class Machine:
    """A checkout, and the programs that it finds."""

    def __init__(self, path: Path) -> None:
        self.checkout, self.programs = path / "checkout", path / "bin"
        shutil.copytree(REPOSITORY / "scripts", self.checkout / "scripts")
        for name in ("requirements.txt", "requirements-dev.txt"):
            shutil.copy(REPOSITORY / name, self.checkout / name)
        self.programs.mkdir()

    def program(self, name: str, body: str) -> Path:
        path = self.programs / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"#!/bin/bash\n{body}\n")
        path.chmod(0o755)
        return path

    def python(
        self, name: str, version: str, pip: str = "", django: str = "", lacks: str = ""
    ) -> None:
        """A Python that says its version, makes an environment, and whose pip fails with words."""
        minor = version.split(".")[1]
        words = self.checkout / "pip-says"
        words.write_text(pip)
        self.program(
            name,
            f"""
            case "$*" in
                *"-m venv"*) mkdir -p "${{@: -1}}/bin"; cp "$0" "${{@: -1}}/bin/python" ;;
                *"-m pip"*) echo "$*" >>{self.checkout}/pip-calls
                    [ ! -s {words} ] || {{ cat {words}; exit 1; }} ;;
                *find_spec*) echo "{minor} $0 {lacks}" ;;
                *version_info*) [ {minor} -ge 11 ] ;;
                *django.VERSION*) echo "{django}" ;;
                *--version*) echo "Python {version}" ;;
            esac
            """,
        )

    def run(
        self, script: str, *arguments: str, **variables: str
    ) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [str(self.checkout / "scripts" / script), *arguments],
            env={
                "PATH": f"{self.programs}:/usr/bin:/bin",
                "HOME": str(self.checkout),
                "PYENV_ROOT": str(self.programs / "pyenv"),
                **variables,
            },
            capture_output=True,
            text=True,
            check=False,
        )

    @property
    def pip_calls(self) -> str:
        return (self.checkout / "pip-calls").read_text()


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return Machine(tmp_path)


@pytest.mark.parametrize("pip", [NO_PKG_CONFIG, NO_HEADERS], ids=["pkg-config", "headers"])
def test_a_mysqlclient_that_cannot_be_built_is_explained(machine: Machine, pip: str) -> None:
    machine.python("python3", "3.11.7", pip=pip)

    ended = machine.run("venv")

    assert ended.returncode == 2
    assert "pip could not build mysqlclient" in ended.stderr
    assert "apt-get install gcc pkg-config libmariadb-dev python3-dev" in ended.stderr
    assert not (machine.checkout / ".venv" / "installed-run").exists()


def test_another_failure_of_pip_is_not_taken_for_that_one(machine: Machine) -> None:
    machine.python("python3", "3.11.7", pip=NO_NETWORK)

    ended = machine.run("venv")

    assert ended.returncode == 2
    assert "pip could not install -r requirements.txt" in ended.stderr
    assert "mysqlclient" not in ended.stderr


def test_a_python_that_is_too_old_is_refused_with_words(machine: Machine) -> None:
    machine.python("python3", "3.10.13")

    for script in ("venv", "packages"):
        ended = machine.run(script)

        assert ended.returncode == 2
        assert "Python 3.11 or newer is needed" in ended.stderr
        assert "3.10.13" in ended.stderr
    assert not (machine.checkout / ".venv").exists()


def test_a_series_of_django_has_an_environment_of_its_own(machine: Machine) -> None:
    machine.python("python3", "3.11.7")
    machine.python("python3.12", "3.12.1", django="6.1")
    machine.python("python3.13", "3.13.0", django="6.1")

    ended = machine.run("venv", "dev", DJANGO="6.1")

    assert ended.returncode == 0, ended.stderr
    assert "making .venv-django6.1 with Python 3.13.0" in ended.stdout
    assert (machine.checkout / ".venv-django6.1" / "installed-dev").exists()
    assert not (machine.checkout / ".venv").exists()
    assert machine.pip_calls.count("\n") == 1


def test_a_series_that_the_markers_do_not_give_is_installed_behind_them(machine: Machine) -> None:
    machine.python("python3", "3.13.0", django="6.1")

    ended = machine.run("venv", DJANGO="5.2")

    assert ended.returncode == 0, ended.stderr
    assert machine.pip_calls.endswith("-q Django==5.2.*\n")


def test_django_6_without_a_python_for_it_is_refused(machine: Machine) -> None:
    machine.python("python3", "3.11.7")
    machine.python("python3.13", "3.13.0", lacks="Python.h")

    ended = machine.run("venv", DJANGO="6.1")

    assert ended.returncode == 2
    assert "no Python from 3.12 to 3.14 is on PATH or under pyenv that can be used" in ended.stderr
    assert "python3.13 lacks Python.h" in ended.stderr
    assert "Django 6.1 needs Python 3.12 or newer" in ended.stderr


def test_a_python_under_pyenv_is_found(machine: Machine) -> None:
    machine.python("pyenv/versions/3.12.4/bin/python3", "3.12.4")
    machine.python("python3.13", "3.11.7")  # a shim that names another one
    machine.python("python3", "3.11.7")  # in place of this machine's, which may be a newer one

    found = machine.run("python")

    assert found.returncode == 0, found.stderr
    assert found.stdout.endswith("pyenv/versions/3.12.4/bin/python3\n")


@pytest.mark.parametrize("series", ["4.2", "6", "newest"])
def test_a_series_that_is_not_supported_is_refused(machine: Machine, series: str) -> None:
    ended = machine.run("venv", DJANGO=series)

    assert ended.returncode == 2
    assert "runs on Django 5.2, 6.0 and 6.1" in ended.stderr


def test_the_requirements_name_the_newest_django_for_each_python() -> None:
    """Both series, each for the Pythons that run it, and nothing between them."""
    from packaging.requirements import Requirement

    lines = (REPOSITORY / "requirements.txt").read_text().splitlines()
    pins = [Requirement(line) for line in lines if line.startswith("Django")]

    def pinned(python: str) -> list[str]:
        chosen = [
            pin for pin in pins if pin.marker and pin.marker.evaluate({"python_version": python})
        ]
        return [str(pin.specifier)[2:5] for pin in chosen]

    assert pinned("3.11") == ["5.2"]
    assert {tuple(pinned(f"3.{minor}")) for minor in (12, 13, 14)} == {("6.1",)}
    assert sys.version_info >= (3, 11)
