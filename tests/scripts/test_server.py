"""The private servers: started once, found again, never confused with another's."""

import os
import re
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Self

import MySQLdb
import pytest

pytestmark = pytest.mark.server  # by hand: they start servers of their own
REPOSITORY = Path(__file__).resolve().parents[2]
FAMILY = os.environ.get("NESTFLUX_TEST_FAMILY", "mariadb")
TEST = f"test-{FAMILY}"
SERVER = REPOSITORY / "scripts" / "server"


class Servers:
    """`scripts/server` on a folder of its own."""

    def __init__(self, local: Path, initialised: Path | None = None) -> None:
        self.local = local
        self.initialised = initialised

    def __call__(self, command: str, *names: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [str(SERVER), "--local", str(self.local), command, *names],
            capture_output=True,
            text=True,
            check=False,
        )

    def has(self, *names: str) -> Self:
        """Give servers their data, as a first start leaves it."""
        assert self.initialised
        for name in names:
            shutil.copytree(self.initialised, self.local / name)
        return self

    def pid(self, name: str) -> int | None:
        found = re.search(r"\(pid (\d+)\)", self("status", name).stdout)
        return int(found[1]) if found else None

    def socket(self, name: str) -> str:
        return self("url", name).stdout.strip().split("unix_socket=")[1]


@pytest.fixture(scope="module")
def initialised(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A server's folder as its first start leaves it; making one takes seconds, copying none."""
    servers = Servers(tmp_path_factory.mktemp("initialised"))
    started = servers("start", TEST)
    servers("stop", TEST)
    assert started.returncode == 0, started.stderr
    assert "making an empty" in started.stdout
    return servers.local / TEST


@pytest.fixture
def servers(tmp_path: Path, initialised: Path) -> Iterator[Servers]:
    """None has data: who copied both for each test would copy half a gigabyte."""
    found = Servers(tmp_path / "local", initialised)
    yield found
    found("stop")


def answer(socket: str, sql: str) -> list[object]:
    """The first column of what the server answers."""
    with closing(MySQLdb.connect(user="root", unix_socket=socket)) as connection:
        cursor = connection.cursor()
        cursor.execute(sql)
        return [row[0] for row in cursor.fetchall()]


def databases(socket: str) -> list[object]:
    return answer(socket, "SHOW DATABASES")


def end(pid: int) -> None:
    """Kills the server as a power cut would, and waits until the kernel has let go of it."""
    os.kill(pid, signal.SIGKILL)
    while Path(f"/proc/{pid}").exists() and Path(f"/proc/{pid}/cmdline").read_bytes():
        time.sleep(0.01)


def test_start_twice_is_one_server_with_the_database_made(servers: Servers) -> None:
    servers.has(TEST)
    first = servers("start", TEST)
    pid = servers.pid(TEST)
    second = servers("start", TEST)

    assert first.returncode == second.returncode == 0, first.stderr + second.stderr
    assert "already running" in second.stdout
    assert servers.pid(TEST) == pid is not None
    assert "nestflux" in databases(servers.socket(TEST))


def test_stop_is_repeatable_and_status_tells(servers: Servers) -> None:
    servers.has(TEST)
    servers("start", TEST)

    assert servers("status", TEST).returncode == 0
    assert "stopped" in servers("stop", TEST).stdout
    assert servers("status", TEST).returncode == 1
    again = servers("stop", TEST)
    assert again.returncode == 0
    assert "not running" in again.stdout


def test_data_outlives_a_stop(servers: Servers) -> None:
    servers.has(FAMILY)
    servers("start", FAMILY)
    answer(servers.socket(FAMILY), "CREATE DATABASE kept")

    servers("stop", FAMILY)
    servers("start", FAMILY)

    assert "kept" in databases(servers.socket(FAMILY))


def test_killed_server_is_started_again(servers: Servers) -> None:
    servers.has(TEST)
    servers("start", TEST)
    pid = servers.pid(TEST)
    assert pid is not None
    end(pid)
    assert Path(servers.socket(TEST)).exists()  # stale

    again = servers("start", TEST)

    assert again.returncode == 0, again.stderr
    assert servers.pid(TEST) not in {pid, None}


def test_no_port_is_opened_and_no_other_user_can_enter(servers: Servers) -> None:
    servers.has(TEST)
    servers("start", TEST)

    assert answer(servers.socket(TEST), "SELECT @@skip_networking") == [1]
    assert (servers.local / TEST).stat().st_mode & 0o777 == 0o700


def test_data_of_another_version_is_kept_for_run_and_remade_for_tests(servers: Servers) -> None:
    servers.has(FAMILY, TEST)
    for name in (FAMILY, TEST):
        (servers.local / name / "version").write_text("5.5.68\n")

    kept = servers("start", FAMILY)
    remade = servers("start", TEST)

    assert kept.returncode == 2
    assert f"was made by {FAMILY} 5.5.68" in kept.stderr
    assert "mv " in kept.stderr
    assert (servers.local / FAMILY / "data").exists()
    assert remade.returncode == 0
    assert "made anew" in remade.stdout


def test_interrupted_initialisation_is_not_taken_for_data(servers: Servers) -> None:
    (servers.local / TEST / "data.new").mkdir(parents=True)
    (servers.local / TEST / "data.new" / "ibdata1").write_text("half")

    assert servers("start", TEST).returncode == 0


def test_damaged_data_ends_with_the_servers_own_words(servers: Servers) -> None:
    servers.has(FAMILY)
    (servers.local / FAMILY / "data" / "ibdata1").write_bytes(b"not a tablespace")

    failed = servers("start", FAMILY)

    assert failed.returncode == 2
    assert "[ERROR]" in failed.stderr
    assert "server.log" in failed.stderr
    assert "Traceback" not in failed.stderr


def test_socket_moves_to_a_short_private_folder_when_the_path_is_too_long(tmp_path: Path) -> None:
    servers = Servers(tmp_path / ("long" * 25) / "local")
    try:
        started = servers("start", TEST)
        socket = servers.socket(TEST)

        assert started.returncode == 0, started.stderr
        assert "too long for a socket" in started.stdout
        assert not socket.startswith(str(tmp_path))
        assert Path(socket).parent.stat().st_mode & 0o777 == 0o700
        assert "nestflux" in databases(socket)
        servers("stop", TEST)
        assert servers("start", TEST).returncode == 0
        assert servers.socket(TEST) == socket
    finally:
        servers("stop")
        Path(servers.socket(TEST)).parent.rmdir()


def test_another_checkouts_server_is_not_stopped(
    servers: Servers, initialised: Path, tmp_path: Path
) -> None:
    other = Servers(tmp_path / "other", initialised).has(TEST)
    try:
        other("start", TEST)
        pid = other.pid(TEST)

        servers("stop")

        assert other.pid(TEST) == pid is not None
    finally:
        other("stop")


def test_server_is_of_the_family_that_was_asked_for(servers: Servers) -> None:
    servers.has(TEST)
    servers("start", TEST)

    assert ("MariaDB" in servers("status", TEST).stdout) == (FAMILY == "mariadb")
    [version] = answer(servers.socket(TEST), "SELECT VERSION()")
    assert ("MariaDB" in str(version)) == (FAMILY == "mariadb")


@pytest.mark.parametrize("arguments", [("start", "oracle"), ("jump", TEST)])
def test_wrong_use_exits_2(servers: Servers, arguments: tuple[str, str]) -> None:
    assert servers(*arguments).returncode == 2
