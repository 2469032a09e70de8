"""Replicas of a server, as ``db_profile`` counts them: whoever reads its binary log."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.environment.conftest import PrivateServer, another_server
from tests.environment.deploys import until
from tests.scenario import MYSQL_PROGRAMS, Project, TestServer, new_project


@pytest.fixture
def shop(tmp_path: Path, server: TestServer) -> Iterator[Project]:
    """A project on a server with a binary log."""
    options = ("--log-bin=log", "--server-id=1")
    with another_server(server, tmp_path / "server", *options) as made:
        yield new_project(tmp_path, made, "nf_shop", {"shop": {"models.py": ""}})


@contextmanager
def reading_the_log(server: PrivateServer, folder: Path) -> Iterator[None]:
    """A client that asks for the binary log as a replica does, and waits for more of it."""
    program = "mariadb-binlog"
    if server.family == "mysql":
        program = str(folder / "mysqlbinlog")
        Path(program).symlink_to(MYSQL_PROGRAMS / "program")
    [(log, *_), *_] = server.sql("SHOW BINARY LOGS")
    process = subprocess.Popen(
        [
            program,
            f"--socket={server.settings['HOST']}",
            f"--user={server.settings['USER']}",
            "--read-from-remote-server",
            "--stop-never",
            log,
        ],
        stdout=subprocess.DEVNULL,
    )
    dumps = "SELECT 1 FROM information_schema.PROCESSLIST WHERE COMMAND LIKE 'Binlog Dump%%'"
    try:
        until(lambda: bool(server.sql(dumps, ())), "a reader of the log")
        yield
    finally:
        process.kill()
        process.wait()


def replicas(shop: Project, url: str = "") -> int:
    env = {"DATABASE_URL": url} if url else None
    shown = shop.succeeds("db_profile", "--json", "--seconds", "0", env=env).json
    number: int = shown["server"]["replicas"]
    return number


def test_a_replica_is_counted_with_process_alone(shop: Project, tmp_path: Path) -> None:
    assert isinstance(shop.server, PrivateServer)
    rights = (f"SELECT ON `{shop.database}`.*", "PROCESS ON *.*")

    none = replicas(shop)
    with (
        reading_the_log(shop.server, tmp_path),
        shop.a_user("nf_reader", "secret", *rights) as url,
    ):
        one = replicas(shop)
        one_for_a_reader = replicas(shop, url)

    assert (none, one, one_for_a_reader) == (0, 1, 1)
