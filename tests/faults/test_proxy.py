"""The proxy on a live server, with mysqlclient at the other end."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from pathlib import Path
from typing import Any

import MySQLdb
import pytest

from tests.faults.proxy import Fault, Proxy, What, When
from tests.faults.servers import Backstage
from tests.scenario import TestServer

LOST = (2006, 2013)
CLIENT = """
import MySQLdb, sys
connection = MySQLdb.connect(unix_socket=sys.argv[1], user=sys.argv[2], password=sys.argv[3])
connection.query(sys.argv[4])
"""


@pytest.fixture
def proxy(server: TestServer) -> Iterator[Proxy]:
    with tempfile.TemporaryDirectory(prefix="nf", dir="/tmp") as folder:
        made = Proxy(Path(folder) / "proxy.sock", Backstage(server).upstream)
        yield made
        made.settle()
        made.close()


@pytest.fixture
def connect(proxy: Proxy, server: TestServer) -> Callable[[], Any]:
    def make() -> Any:
        entry = server.settings
        return MySQLdb.connect(
            unix_socket=str(proxy.path), user=entry["USER"], password=entry["PASSWORD"]
        )

    return make


def rows_of(connection: Any, sql: str) -> list[tuple[Any, ...]]:
    cursor = connection.cursor()
    cursor.execute(sql)
    return list(cursor.fetchall())


def test_results_errors_and_several_results_pass_unchanged(
    proxy: Proxy, connect: Callable[[], Any]
) -> None:
    with closing(connect()) as connection:
        many = rows_of(connection, "SELECT 1 UNION SELECT 2 UNION SELECT NULL")
        with pytest.raises(MySQLdb.Error) as refused:
            rows_of(connection, "SELECT nothing")
        cursor = connection.cursor()
        cursor.execute("SELECT 'first'; DO 1; SELECT REPEAT('x', 70000)")
        results = [cursor.fetchall()]
        while cursor.nextset():
            results.append(cursor.fetchall())
        connection.ping()

    assert many == [(1,), (2,), (None,)]
    assert refused.value.args[0] == 1054
    assert [len(str(result)) for result in results if result][-1] > 70000


def test_a_cut_before_a_command_keeps_it_from_the_server_and_one_after_it_does_not(
    proxy: Proxy, connect: Callable[[], Any], server: TestServer
) -> None:
    # One that does nothing shows how many commands a connection begins with.
    journal = proxy.begin()
    connect().close()
    proxy.settle()
    first = len(journal.commands) + 1
    left = {}
    for when in (When.BEFORE, When.AFTER):
        name = f"nf_cut_{os.getpid()}_{when.name.lower()}"
        proxy.begin(Fault(What.CUT, when, first))
        with closing(connect()) as connection:
            with pytest.raises(MySQLdb.Error) as lost:
                connection.query(f"CREATE DATABASE {name}")
            assert lost.value.args[0] in LOST
        proxy.settle()
        left[when] = bool(server.sql("SHOW DATABASES LIKE %s", [name]))
        server.sql(f"DROP DATABASE IF EXISTS {name}")

    assert left == {When.BEFORE: False, When.AFTER: True}


def test_a_killed_client_is_dead_before_its_answer_could_come(
    proxy: Proxy, server: TestServer
) -> None:
    fault = Fault(
        What.KILL_CLIENT, When.AFTER, once=lambda run: any("SLEEP" in sql for sql in run.stands)
    )
    journal = proxy.begin(fault)
    entry = server.settings
    login = (str(proxy.path), entry["USER"], entry["PASSWORD"])
    died = subprocess.run([sys.executable, "-c", CLIENT, *login, "DO SLEEP(0)"], check=False)
    proxy.settle()

    assert died.returncode == -signal.SIGKILL
    assert proxy.has_struck
    assert journal.stands[-1] == "DO SLEEP(0)"


def test_a_server_that_is_gone_is_gone_through_the_proxy_too(tmp_path: Path) -> None:
    nowhere = TestServer({"HOST": str(tmp_path / "no.sock"), "PORT": ""}, "")
    with tempfile.TemporaryDirectory(prefix="nf", dir="/tmp") as folder:
        proxy = Proxy(Path(folder) / "proxy.sock", Backstage(nowhere).upstream)

        with pytest.raises(MySQLdb.Error) as refused:
            MySQLdb.connect(unix_socket=str(proxy.path), user="root")
        proxy.settle()
        proxy.close()

    assert refused.value.args[0] in LOST
    assert not proxy.path.exists()


def test_what_the_proxy_does_not_understand_is_reported_and_not_passed_on(
    proxy: Proxy, connect: Callable[[], Any]
) -> None:
    with closing(connect()) as connection, suppress(MySQLdb.Error):
        connection.stat()  # COM_STATISTICS

    with pytest.raises(AssertionError, match="Unknown"):
        proxy.settle()
    proxy.errors.clear()
