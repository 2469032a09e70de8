"""The servers behind the proxy: the one that the tests run on, and one that may be killed."""

from __future__ import annotations

import shutil
import socket
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NoReturn

from scripts import private_server
from tests.faults.proxy import Upstream, kill_process
from tests.scenario import REPOSITORY, TestServer

# A server that is killed must keep what it answered. At each commit it hands its log to the
# kernel, which lives on; waiting for the disk would only guard against a power cut. With 0, as
# other throwaway servers have it, up to a second of commits is still in the process and dies with
# it (MySQL Manual 17.14, innodb_flush_log_at_trx_commit). Pages are written twice: Linux ends a
# killed process's write between two pages of 4 KiB, and InnoDB's have 16 KiB.
_OPTIONS = (
    "--innodb-flush-log-at-trx-commit=2",
    "--innodb-flush-method=nosync",
    "--innodb-buffer-pool-size=64M",
)
_WAITS_FOR_THE_HOLD = ("global read lock", "backup lock")


@dataclass
class Backstage:
    """A server from outside: what the proxy does to it, and what a test looks at."""

    server: TestServer
    private: private_server.Server | None = None
    held_connection: int = 0
    _holder: Any = field(default=None)

    @property
    def upstream(self) -> Upstream:
        return Upstream(self.dial, self.kill, self.hold, self.is_held)

    def dial(self) -> socket.socket:
        entry = self.server.settings
        if entry["HOST"].startswith("/"):
            made = socket.socket(socket.AF_UNIX)
            try:
                made.connect(entry["HOST"])
            except OSError:
                made.close()
                raise
            return made
        return socket.create_connection((entry["HOST"] or "127.0.0.1", int(entry["PORT"] or 3306)))

    def kill(self) -> None:
        """SIGKILL to the server's process."""
        if self.private is None:
            _refuse()
        pid = private_server.running_pid(self.private)
        assert pid is not None, "the server to be killed does not run"
        kill_process(pid)

    def restart(self) -> None:
        """Start a killed server on the data that it left."""
        if self.private is None:
            _refuse()
        self.private.socket.unlink(missing_ok=True)
        Path(f"{self.private.socket}.lock").unlink(missing_ok=True)
        private_server.launch(self.private)

    def sweep(self, database: str) -> None:
        """Remove what a killed MariaDB left of triggers whose table it had dropped: it drops no
        database with such a file in it (1010)."""
        if self.private is not None:
            for left in (self.private.data / database).glob("*.TRN"):
                left.unlink()

    def hold(self) -> None:
        """Make every DDL statement wait, of new tables too, and no reading."""
        self._holder = self.server.connect()
        self._holder.cursor().execute("FLUSH TABLES WITH READ LOCK")

    def release(self) -> None:
        """End the hold; nothing where there is none."""
        if self._holder is not None:
            self._holder.close()
            self._holder = None

    def is_held(self, connection_id: int) -> bool:
        """Does a connection wait for the hold?"""
        self.held_connection = connection_id
        rows = self.server.sql(
            "SELECT COALESCE(STATE, '') FROM information_schema.PROCESSLIST WHERE ID = %s",
            [connection_id],
        )
        return bool(rows) and any(word in rows[0][0] for word in _WAITS_FOR_THE_HOLD)


def _refuse() -> NoReturn:
    raise AssertionError("only a server of the tests' own may be killed")


def killable(of_the_run: TestServer) -> Backstage:
    """A server of the family of the run, with data of its own made anew, which may be killed.
    Raises ServerError where this machine has no program for it."""
    private = private_server.Server(of_the_run.family, REPOSITORY / ".local" / "faults")
    with suppress(ProcessLookupError):  # one that a run left which was killed itself
        if pid := private_server.running_pid(private):
            kill_process(pid)
    shutil.rmtree(private.folder, ignore_errors=True)
    private_server.prepare_folder(private)
    private.options_file.write_text("\n".join(_OPTIONS))
    private_server.start(private)
    settings = {
        **of_the_run.settings,
        "HOST": str(private.socket),
        "PORT": "",
        "USER": "root",
        "PASSWORD": "",
    }
    return Backstage(TestServer(settings, private.url), private)


def stop(backstage: Backstage) -> None:
    """End a killable server and throw its data away."""
    if backstage.private is None:
        _refuse()
    private_server.stop(backstage.private)
    shutil.rmtree(backstage.private.folder, ignore_errors=True)
