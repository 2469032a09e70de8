"""Forks: gunicorn --preload, celery's prefork pool, multiprocessing."""

from __future__ import annotations

import gc
import json
import os
import subprocess
import sys
from collections.abc import Callable
from typing import Any

import pytest
from django.db import ProgrammingError, transaction

from nestflux.pooled import pool as pools
from tests.pooled.conftest import Pooled, ask, identity
from tests.pooled.test_pool import closed, django_s_alias, looking
from tests.scenario import TestServer


def in_a_child(work: Callable[[], Any]) -> Any:
    """What a forked child's work gives, or the words of its error."""
    read, write = os.pipe()
    pid = os.fork()
    if pid == 0:
        try:
            answer = work()
        except BaseException as error:
            answer = f"{type(error).__name__}: {error}"
        os.write(write, json.dumps(answer).encode())
        os.close(write)
        os._exit(0)
    os.close(write)
    with os.fdopen(read, "rb") as pipe:
        answered = json.loads(pipe.read() or "null")
    os.waitpid(pid, 0)
    return answered


def test_a_child_uses_connections_of_its_own(pooled: Pooled, server: TestServer) -> None:
    idle, busy = pooled({"max_size": 4}), pooled({"max_size": 4})
    of_the_parent = {identity(idle), identity(busy)}
    ask(busy, "SET @mine = 'parent'")
    idle.close()

    of_the_child = in_a_child(lambda: [identity(idle), identity(busy), ask(busy, "SELECT @mine")])

    assert of_the_child[2] is None
    assert of_the_parent.isdisjoint(of_the_child[:2])
    # The parent goes on where it was, in the same conversation.
    assert ask(busy, "SELECT @mine") == "parent"
    assert {identity(idle), identity(busy)} == of_the_parent


def test_a_child_that_closes_all_says_nothing_in_the_parent_s_name(pooled: Pooled) -> None:
    idle, busy = pooled(), pooled()
    ask(busy, "SET @mine = 'parent'")
    of_the_parent = identity(idle)
    idle.close()

    def close_everything() -> str:
        raw = busy.connection
        assert raw is None
        for held in pools._inherited:
            for each in held:
                getattr(each, "close", lambda: None)()
        pools._inherited.clear()
        gc.collect()
        return "closed"

    assert in_a_child(close_everything) == "closed"
    assert ask(busy, "SELECT @mine") == "parent"
    assert identity(idle) == of_the_parent


def test_a_transaction_does_not_go_on_in_a_child(pooled: Pooled) -> None:
    wrapper = pooled()
    with django_s_alias(wrapper), transaction.atomic(using=wrapper.alias):
        ask(wrapper, "UPDATE item SET name = 'chair'")
        said = in_a_child(lambda: ask(wrapper, "UPDATE item SET name = 'table'"))
    assert said.startswith(ProgrammingError.__name__)
    assert ask(wrapper, "SELECT name FROM item") == "chair"


def test_a_child_s_child_and_a_fork_without_a_connection(pooled: Pooled) -> None:
    wrapper = pooled()

    def again() -> Any:
        child = identity(wrapper)
        return [child, in_a_child(lambda: identity(wrapper)), identity(wrapper)]

    child, grandchild, child_again = in_a_child(again)

    assert child == child_again != grandchild
    assert identity(wrapper) not in (child, grandchild)


def test_both_close_what_is_idle_after_a_fork(
    pooled: Pooled, server: TestServer, database: str
) -> None:
    """The parent's thread that waits to close something is not there in a child."""
    options = {"min_size": 0, "max_size": 2, "max_idle": 0.5}
    first, second = pooled(options), pooled(options)

    def use_both() -> None:
        identity(first), identity(second)
        first.close()
        second.close()

    def in_child() -> str:
        use_both()
        closed(server, database, left=0)
        return "closed"

    use_both()
    assert len(looking(database)) == 1

    assert in_a_child(in_child) == "closed"
    closed(server, database, left=0)


@pytest.mark.parametrize("closes", [True, False], ids=["returned", "in use"])
def test_a_process_that_ends_says_goodbye(server: TestServer, database: str, closes: bool) -> None:
    """Else the server counts an aborted client and writes it to its log."""
    program = f"""
from django.conf import settings
entry = {{**{dict(server.settings)!r}, "NAME": {database!r}, "CONN_MAX_AGE": 0,
         "ENGINE": "nestflux.pooled", "OPTIONS": {{"pool": True}}}}
settings.configure(DATABASES={{"default": entry}})
from django.db import connection
connection.ensure_connection()
assert connection.is_pooled
if {closes}: connection.close()
"""
    before = aborted(server)
    subprocess.run([sys.executable, "-c", program], check=True)

    closed(server, database, left=0)
    assert aborted(server) == before


def aborted(server: TestServer) -> int:
    return int(server.sql("SHOW GLOBAL STATUS LIKE 'Aborted_clients'")[0][1])


LOST = """
import threading
from django.conf import settings
settings.configure(DATABASES={{"default": {entry!r}}})
from django.db import Error, connection

def lose():
    killer = connection.copy()
    for _ in range(60):
        with connection.cursor() as cursor:
            cursor.execute("SELECT CONNECTION_ID()")
            (mine,) = cursor.fetchone()
        with killer.cursor() as cursor:
            cursor.execute(f"KILL {{mine}}")
        for _ in range(2):
            try:
                connection.cursor().execute("SELECT 1")
            except Error:
                failed.append(mine)
        connection.close()

failed = []
threads = [threading.Thread(target=lose) for _ in range(6)]
for thread in threads: thread.start()
for thread in threads: thread.join()
print(len(failed))
"""


def test_a_lost_connection_does_no_harm_to_the_process(server: TestServer, database: str) -> None:
    """libmariadb's mysql_change_user writes into memory that it has freed where it knows that the
    connection is lost."""
    entry = {**server.settings, "NAME": database, "ENGINE": "nestflux.pooled", "CONN_MAX_AGE": 0}
    program = LOST.format(entry={**entry, "OPTIONS": {"pool": {"max_size": 6}}})

    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=False
    )

    assert done.returncode == 0, done.stderr
    assert int(done.stdout) >= 6 * 60
