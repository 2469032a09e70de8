"""The site of real packages that tests/realworld proves, recorded a file a stage."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from functools import cache
from pathlib import Path

from scripts.benchmark.servers import REPOSITORY, BenchmarkError, Server
from scripts.benchmark.subjects import (
    LOCAL,
    Subject,
    keep,
    key_of,
    run,
    write_stock_side,
)

YEAR = 2026


def real(server: Server, room: Path, say: Callable[[str], None], *, whole: bool) -> Subject:
    """The site with the packages of each test run, or with all of them (``whole``)."""
    os.environ["REALWORLD_WHOLE"] = "1" if whole else ""  # read by tests/realworld
    from tests.realworld.clean_room import HERE, python_of
    from tests.realworld.packages import stages

    say("installing the real packages, where they are not there yet")
    try:
        python = python_of(YEAR)
    except AssertionError as error:  # what a package index or a build said
        raise BenchmarkError(f"the real packages cannot be installed.\n{error}") from None
    some = stages()
    name = "real-packages-whole" if whole else "real-packages"
    site = HERE / "site"
    sources = sorted(path for path in site.rglob("*") if path.suffix == ".py")
    listed = repr(some) + (HERE / f"constraints-{YEAR}.txt").read_text(encoding="utf-8")
    key = key_of(server, listed, sources)

    def subject(number: int) -> Subject:
        """With the apps of the first stages."""
        apps = " ".join(app for stage in some[:number] for app in stage.apps)
        return Subject(
            kind="real",
            name=name,
            title="real packages, all" if whole else "real packages",
            path=room / "projects" / server.family / f"{name}-{key}",
            room=room,
            python=str(python),
            server=server,
            settings="site_settings",
            environment={
                "REALWORLD_APPS": apps,
                "REALWORLD_COLLATION": "",
                "REALWORLD_SHADOW": f"{server.prefix}_shadow",
            },
            test_environment={"PYTHONPATH": str(_pytest())},
        )

    def make(folder: Path) -> None:
        shutil.copytree(site, folder, dirs_exist_ok=True)
        write_stock_side(folder, "site_settings")
        database = subject(0).database("recording")
        server.empty(database)
        for number, stage in enumerate(some, start=1):
            grown = subject(number)
            command = (grown.python, "manage.py", "db_generate", "--noinput", "--name", stage.name)
            run(command, folder, grown.variables(database))
            say(f"  file {number} of {len(some)}")
        server.drop(database)

    made = subject(len(some))
    keep(made, make, say)
    return made


@cache
def _pytest() -> Path:
    """A folder with pytest, for a Python that has the packages only."""
    lines = (REPOSITORY / "requirements-benchmark.txt").read_text(encoding="utf-8").splitlines()
    wanted = [line for line in lines if line.startswith("pytest")]
    folder = LOCAL / f"pytest-{'-'.join(line.partition('==')[2] for line in wanted)}"
    if not folder.exists():
        half_made = folder.with_name(f"{folder.name}.half-made")
        shutil.rmtree(half_made, ignore_errors=True)
        pip = (sys.executable, "-m", "pip", "--disable-pip-version-check", "install", "-q")
        ended = subprocess.run(
            [*pip, "--target", str(half_made), *wanted], capture_output=True, text=True, check=False
        )
        if ended.returncode:
            raise BenchmarkError(f"pip could not install {' '.join(wanted)}:\n{ended.stderr}")
        half_made.rename(folder)
    return folder
