"""`make run` says what is in its way before it touches a database."""

import fcntl
import os
import shutil
import socket
import subprocess
import sys
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parents[2]


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """The scripts in a checkout of their own, on this one's virtual environment."""
    shutil.copytree(REPOSITORY / "scripts", tmp_path / "scripts")
    for name in ("requirements.txt", "requirements-dev.txt", ".env.example"):
        shutil.copy(REPOSITORY / name, tmp_path / name)
    (tmp_path / ".venv").symlink_to(sys.prefix)
    return tmp_path


def run(checkout: Path, port: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [str(checkout / "scripts" / "run")],
        env={**os.environ, "PORT": port},
        capture_output=True,
        text=True,
        check=False,
    )


def test_port_in_use_is_said_before_anything_is_started(checkout: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])

        ended = run(checkout, port)

    assert ended.returncode == 2
    assert f"port {port} is in use" in ended.stderr
    assert not (checkout / ".local" / "mariadb").exists()
    assert not (checkout / ".env").exists()


@pytest.mark.parametrize("port", ["web", "80a", "99999"])
def test_port_that_is_none_is_refused(checkout: Path, port: str) -> None:
    ended = run(checkout, port)

    assert ended.returncode == 2
    assert "Traceback" not in ended.stderr
    assert not (checkout / ".local" / "mariadb").exists()


def test_second_run_learns_of_the_first(checkout: Path) -> None:
    (checkout / ".local").mkdir()
    with (checkout / ".local" / "run.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)

        ended = run(checkout, "8000")

    assert ended.returncode == 2
    assert "running already" in ended.stderr
