"""The family's own command-line client, and what it really sent to the server."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.scenario import MYSQL_PROGRAMS, TestServer


def client_program(family: str) -> Path | None:
    """``mariadb`` for MariaDB; for MySQL its own ``mysql``, for MariaDB's bears the same name."""
    if family == "mariadb":
        found = shutil.which("mariadb")
        return Path(found) if found else None
    for folder in (str(MYSQL_PROGRAMS), *os.get_exec_path()):
        program = Path(folder) / "mysql"
        if program.exists() and "MariaDB" not in _version(program):
            return program
    return None


def _version(program: Path) -> str:
    return subprocess.run([program, "--version"], capture_output=True, text=True).stdout


@contextmanager
def general_log(server: TestServer) -> Iterator[None]:
    """The server writes every statement that arrives to ``mysql.general_log`` meanwhile."""
    (before,) = server.sql("SELECT @@global.log_output, @@global.general_log")
    server.sql("SET GLOBAL log_output = 'TABLE'")
    server.sql("SET GLOBAL general_log = ON")
    try:
        yield
    finally:
        server.sql("SET GLOBAL general_log = %s", [before[1]])
        server.sql("SET GLOBAL log_output = %s", [before[0]])
        if not before[1]:
            server.sql("TRUNCATE TABLE mysql.general_log")


def sent_by_the_client(
    program: Path, server: TestServer, database: str, script: str, *, goes_on: bool = False
) -> list[str]:
    """Feed a script to the client; the statements that reached the server, in their order.

    ``goes_on``: after a statement that the server refuses (``--force``).
    """
    command = [str(program), "--no-defaults", "--default-character-set=utf8mb4"]
    command += [*_login(server.settings), *(["--force"] if goes_on else []), database]
    with general_log(server):
        done = subprocess.run(
            command, input=script.encode(), capture_output=True, timeout=60, check=False
        )
        assert goes_on or done.returncode == 0, done.stderr.decode()
        rows = server.sql(
            "SELECT argument FROM mysql.general_log WHERE command_type = 'Query' AND thread_id = "
            "(SELECT MAX(thread_id) FROM mysql.general_log WHERE command_type = 'Connect' "
            f"AND argument LIKE '%{database}%' AND argument NOT LIKE 'SELECT%')"
        )
    sent = [row[0].decode() if isinstance(row[0], bytes) else row[0] for row in rows]
    return [sql for sql in sent if "@@version_comment" not in sql]


def _login(settings: Any) -> Iterator[str]:
    yield f"--user={settings['USER']}"
    if settings["PASSWORD"]:
        yield f"--password={settings['PASSWORD']}"
    if settings["HOST"].startswith("/"):
        yield f"--socket={settings['HOST']}"
    else:
        yield from (f"--host={settings['HOST']}", f"--port={settings['PORT'] or 3306}")
