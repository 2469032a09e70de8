"""A Python of its own with this project's wheel and other people's packages: nothing of the
repository is on its path. Kept in ``.local/realworld``, one for each list of packages."""

from __future__ import annotations

import fcntl
import hashlib
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path

import django

from tests.scenario import REPOSITORY

HERE = Path(__file__).resolve().parent
ROOMS = REPOSITORY / ".local" / "realworld"


def is_whole() -> bool:
    """``make realworld``: all packages, all of each test."""
    return bool(os.environ.get("REALWORLD_WHOLE"))


@cache
def python_of(year: int) -> Path:
    """The Python in whose packages are those of that year."""
    packages = HERE / ("packages-whole.txt" if is_whole() else "packages.txt")
    constraints = _with_the_running_django(HERE / f"constraints-{year}.txt")
    return _room(f"{year}", packages, constraints, HERE / "packages.txt")


def _with_the_running_django(constraints: Path) -> Path:
    """The same packages, with the Django that runs these tests where it is another than 5.2."""
    if django.VERSION[:2] == (5, 2):
        return constraints
    other = ROOMS / f"{constraints.stem}-django{django.get_version()}.txt"
    text = constraints.read_text(encoding="utf-8")
    other.parent.mkdir(parents=True, exist_ok=True)
    pinned = re.sub(r"(?mi)^django==.*$", f"Django=={django.get_version()}", text)
    other.write_text(pinned, encoding="utf-8")
    return other


@cache
def python_of_others() -> Path:
    """The Python of the sites of test_others.py."""
    return _room("others", HERE / "others.txt", HERE / "others-constraints.txt")


def _room(name: str, packages: Path, constraints: Path, *more: Path) -> Path:
    version = f"{sys.version_info[0]}.{sys.version_info[1]}"
    room = ROOMS / f"{name}-python{version}-{_hashed([packages, *more, constraints])}"
    with _alone():
        wheel = _wheel()
        python = room / "bin" / "python"
        stamp = room / "installed"
        if not stamp.exists():
            _run(sys.executable, "-m", "venv", "--clear", "--without-pip", str(room))
            _pip(python, f"{wheel}[record]", "-r", str(packages), "-c", str(constraints))
        elif stamp.read_text(encoding="utf-8") != wheel.parent.name:
            _pip(python, "--force-reinstall", "--no-deps", str(wheel))
        stamp.write_text(wheel.parent.name, encoding="utf-8")
    return python


def _wheel() -> Path:
    """The wheel of the working tree, built where its sources changed."""
    sources = sorted(
        path
        for path in (REPOSITORY / "nestflux").rglob("*")
        if path.is_file() and path.suffix != ".pyc"
    )
    around = [REPOSITORY / name for name in ("pyproject.toml", "LICENSE")]
    folder = ROOMS / "wheels" / _hashed([*around, *sources])
    if not (built := list(folder.glob("*.whl"))):
        pip = (sys.executable, "-m", "pip", "--disable-pip-version-check")
        # Built from a copy, in which nothing lies about that is not of the sources.
        copy = folder / "source"
        shutil.rmtree(copy, ignore_errors=True)
        shutil.copytree(REPOSITORY / "nestflux", copy / "nestflux")
        for path in (*around, REPOSITORY / "README.md"):
            shutil.copy(path, copy)
        _run(*pip, "wheel", "--quiet", "--no-deps", "--wheel-dir", str(folder), str(copy))
        built = list(folder.glob("*.whl"))
    return built[0]


def _hashed(paths: list[Path]) -> str:
    whole = hashlib.sha256()
    for path in paths:
        whole.update(path.name.encode())
        whole.update(path.read_bytes())
    return whole.hexdigest()[:12]


@contextmanager
def _alone() -> Iterator[None]:
    """The tests of both servers run at the same time."""
    ROOMS.mkdir(parents=True, exist_ok=True)
    with (ROOMS / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _pip(python: Path, *args: str) -> None:
    """Install into a room. Who imports a module compiles it: of most packages few are."""
    pip = (sys.executable, "-m", "pip", "--disable-pip-version-check", "--python", str(python))
    _run(*pip, "install", "--quiet", "--no-compile", *args)


def _run(*command: str) -> None:
    ended = subprocess.run(command, cwd=ROOMS, capture_output=True, text=True, check=False)
    assert ended.returncode == 0, f"{' '.join(command)}\n{ended.stdout}\n{ended.stderr}"


if __name__ == "__main__":  # ahead of the tests that need them: mostly a wait for the network
    years = [int(year) for year in sys.argv[1:]] or [
        int(path.stem.removeprefix("constraints-")) for path in HERE.glob("constraints-*.txt")
    ]
    for year in sorted(years, reverse=True):
        print(python_of(year))
