"""Real packages, recorded and then checked, with another Django or the same: every migration of
theirs is recorded again, as if it were the project's own, and nothing is taken for an edit."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from tests.realworld.clean_room import is_whole, python_of
from tests.realworld.packages import stages
from tests.realworld.real_site import recorded_on
from tests.scenario import REPOSITORY, TestServer

NOW = 2026
OTHER = os.environ.get("NESTFLUX_OTHER_PYTHON", "")
pytestmark = [
    pytest.mark.skipif(not is_whole(), reason="make realworld"),
    pytest.mark.skipif(not OTHER, reason="there is no other Django here"),
]


def _room_of(python: str) -> Path:
    """The same packages with the Django of another Python of the tests."""
    if python == sys.executable:
        return python_of(NOW)
    made = subprocess.run(
        [python, "-m", "tests.realworld.clean_room", str(NOW)],
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        check=False,
    )
    assert made.returncode == 0, made.stderr
    return Path(made.stdout.strip())


@pytest.mark.parametrize(
    ("recorded_with", "checked_with"),
    [(sys.executable, OTHER), (OTHER, sys.executable), (sys.executable, sys.executable)],
    ids=["recorded with this Django", "recorded with the other", "this Django both times"],
)
def test_no_migration_of_a_package_looks_edited(
    recorded_with: str, checked_with: str, server: TestServer, tmp_path: Path
) -> None:
    recorder, checker = _room_of(recorded_with), _room_of(checked_with)
    with (
        recorded_on(server, tmp_path, recorder, stages()) as recorded,
        replace(recorded, python=checker).on("models") as site,
    ):
        checked = site.run_script("check_all.py")

    assert checked.code == 0, str(checked)
    assert {finding["severity"] for finding in checked.json["findings"]} <= {"remark"}
