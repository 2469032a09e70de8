"""A primary and its replicas: private servers on loopback with GTIDs, their data thrown away.

For scripts and tests. The servers hear each other over TCP on 127.0.0.1, which replication needs,
and clients over their sockets.
"""

from __future__ import annotations

import os
import shutil
import signal
import socket
import time
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import MySQLdb

from scripts import private_server

# Who is not root and so cannot write where read_only is set: what a site should be.
SITE = "site"
PASSWORD = "only-for-tests"  # also of who copies; the servers listen on 127.0.0.1 alone
_COPIER = "copier"
_OPTIONS = {
    "mysql": ("--gtid-mode=ON", "--enforce-gtid-consistency=ON"),
    "mariadb": ("--gtid-strict-mode=ON", "--log-slave-updates=ON"),
}
# Who may ask how a replica is: MySQL Manual 15.7.7.36, MariaDB KB "SHOW REPLICA STATUS".
_MAY_ASK = {"mysql": "REPLICATION CLIENT", "mariadb": "REPLICA MONITOR"}


@dataclass(frozen=True)
class Node:
    """One of the servers."""

    server: private_server.Server
    port: int
    number: int  # server_id; 1 is the primary

    @property
    def family(self) -> str:
        return self.server.family

    def start(self) -> None:
        private_server.start(self.server)

    def stop(self) -> None:
        private_server.stop(self.server)

    def kill(self) -> None:
        """SIGKILL: whoever is connected hears nothing more."""
        if (pid := private_server.running_pid(self.server)) is None:
            return
        os.kill(pid, signal.SIGKILL)
        while private_server.running_pid(self.server) == pid:
            time.sleep(0.01)

    def sql(self, statement: str, values: Sequence[Any] | None = None, database: str = "") -> Any:
        """All rows of a statement, as root; others may follow it."""
        place = str(self.server.socket)
        with closing(
            MySQLdb.connect(unix_socket=place, user="root", database=database, autocommit=True)
        ) as connection:
            cursor = connection.cursor()
            cursor.execute(statement, values)
            rows = list(cursor.fetchall())
            while cursor.nextset():
                pass
            return rows

    def entry(self, database: str, user: str = SITE, **more: Any) -> dict[str, Any]:
        """An entry of DATABASES."""
        password = PASSWORD if user == SITE else ""
        return {
            "ENGINE": "django.db.backends.mysql",
            "NAME": database,
            "USER": user,
            "PASSWORD": password,
            "HOST": str(self.server.socket),
            **more,
        }

    # ---- a replica ---------------------------------------------------------------------------

    def follow(self, primary: Node, *, delay: int = 0) -> None:
        """Copy the primary from its beginning, or from where this one stands. ``delay``: seconds
        that it stays behind on purpose."""
        self.halt()
        if self.family == "mysql":
            more = "SOURCE_AUTO_POSITION = 1, GET_SOURCE_PUBLIC_KEY = 1"
            self.sql(_change("REPLICATION SOURCE", "SOURCE", primary, delay, more))
        else:
            self.sql(_change("MASTER", "MASTER", primary, delay, "MASTER_USE_GTID = slave_pos"))
        self.go_on()

    def lag(self, seconds: int) -> None:
        """Stay so many seconds behind from now on; MariaDB takes one for none at times, for it
        counts in whole seconds."""
        self._threads("STOP", " SQL_THREAD")
        if self.family == "mysql":
            self.sql(f"CHANGE REPLICATION SOURCE TO SOURCE_DELAY = {seconds}")
        else:
            self.sql("STOP SLAVE")
            self.sql(f"CHANGE MASTER TO MASTER_DELAY = {seconds}")
        self.go_on()

    def halt(self, thread: str = "") -> None:
        """Stop both threads, or the ``SQL_THREAD`` or ``IO_THREAD``."""
        self._threads("STOP", f" {thread}" if thread else "")

    def go_on(self) -> None:
        self._threads("START", "")

    def _threads(self, verb: str, which: str) -> None:
        self.sql(f"{verb} {'REPLICA' if self.family == 'mysql' else 'SLAVE'}{which}")

    def write_protect(self, on: bool) -> None:
        """Set read_only, which root may bypass, now and for later starts."""
        said = "ON" if on else "OFF"
        self.sql(f"SET GLOBAL read_only = {said}")
        options = self.server.options_file.read_text().splitlines()
        kept = [option for option in options if not option.startswith("--read-only=")]
        self.server.options_file.write_text("\n".join([*kept, f"--read-only={said}"]))

    def catch_up(self, primary: Node) -> None:
        """Wait until it has all that the primary has."""
        if self.family == "mysql":
            ((position,),) = primary.sql("SELECT @@GLOBAL.gtid_executed")
            ((failed,),) = self.sql("SELECT WAIT_FOR_EXECUTED_GTID_SET(%s, 120)", [position])
        else:
            ((position,),) = primary.sql("SELECT @@GLOBAL.gtid_binlog_pos")
            ((failed,),) = self.sql("SELECT MASTER_GTID_WAIT(%s, 120)", [position])
        assert failed == 0, f"{self.server.name} does not get there: {position}"


def _change(what: str, word: str, primary: Node, delay: int, more: str) -> str:
    return (
        f"CHANGE {what} TO {word}_HOST = '127.0.0.1', {word}_PORT = {primary.port}, "
        f"{word}_USER = '{_COPIER}', {word}_PASSWORD = '{PASSWORD}', "
        f"{word}_CONNECT_RETRY = 1, {word}_DELAY = {delay}, {more}"
    )


@contextmanager
def replication(
    family: str, folder: Path, *, replicas: int = 1
) -> Iterator[tuple[Node, list[Node]]]:
    """A primary and so many replicas that have caught up and take no writes; stopped at the end.

    The account ``SITE`` may do everything in every database, and ask how a replica is.
    """
    first = _node(family, folder, 1)
    nodes = [first]
    try:
        first.start()
        # What an empty server holds was not logged, so that a copy of it can follow.
        first.stop()
        for number in range(2, replicas + 2):
            nodes.append(_node(family, folder, number))
            shutil.copytree(first.server.data, nodes[-1].server.data)
            shutil.copy(first.server.version_file, nodes[-1].server.version_file)
            (nodes[-1].server.data / "auto.cnf").unlink(missing_ok=True)  # MySQL's server_uuid
        for node in nodes:
            node.start()
            _begin(node)
        _accounts(first)
        for node in nodes[1:]:
            node.follow(first)
            node.catch_up(first)
            node.write_protect(True)
        yield first, nodes[1:]
    finally:
        for node in nodes:
            node.stop()


def _node(family: str, folder: Path, number: int) -> Node:
    local = folder / ("primary" if number == 1 else f"replica{number - 1}")
    node = Node(private_server.Server(f"test-{family}", local), _free_port(), number)
    node.server.folder.mkdir(parents=True)
    options = (
        f"--server-id={number}",
        "--log-bin=log",
        # A killed replica must find its place again: in the kernel's cache is enough.
        "--innodb-flush-log-at-trx-commit=2",
        "--binlog-format=ROW",
        "--skip-networking=0",
        "--skip-name-resolve",
        "--bind-address=127.0.0.1",
        f"--port={node.port}",
        *_OPTIONS[family],
    )
    node.server.options_file.write_text("\n".join(options))
    return node


def _begin(node: Node) -> None:
    """Without the past of the data: each server wrote its own."""
    node.sql("RESET BINARY LOGS AND GTIDS" if node.family == "mysql" else "RESET MASTER")
    if node.family == "mariadb":
        node.sql("SET GLOBAL gtid_slave_pos = ''")


def _accounts(primary: Node) -> None:
    ask = _MAY_ASK[primary.family]
    for statement in (
        f"CREATE USER '{_COPIER}'@'127.0.0.1' IDENTIFIED BY '{PASSWORD}'",
        f"GRANT REPLICATION SLAVE ON *.* TO '{_COPIER}'@'127.0.0.1'",
        f"CREATE USER '{SITE}'@'localhost' IDENTIFIED BY '{PASSWORD}'",
        f"GRANT ALL ON `%`.* TO '{SITE}'@'localhost'",
        f"GRANT {ask} ON *.* TO '{SITE}'@'localhost'",
    ):
        primary.sql(statement)


def _free_port() -> int:
    with socket.socket() as asked:
        asked.bind(("127.0.0.1", 0))
        return int(asked.getsockname()[1])
