"""A statement that waits for a table lets others use it: never longer than the set timeout."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import pytest

from nestflux.database.blockers import chosen
from tests.applying.at_once import ended, until
from tests.applying.conftest import copy_recorded
from tests.conftest import ProjectFactory
from tests.scenario import Project, TestServer

TIMEOUT = 1  # seconds: of one try
# Threads of a busy machine of two cores come late; a queue that has no limit is longer than both.
MARGIN = 3.0
AT_ONCE = 0.3
MAKER = """
    from django.db import migrations


    class Migration(migrations.Migration):
        dependencies = [("shop", "0003_titles")]
        operations = [
            migrations.RunSQL(
                "ALTER TABLE shop_product ADD COLUMN maker_id bigint NULL, ADD CONSTRAINT "
                "shop_maker FOREIGN KEY (maker_id) REFERENCES shop_category (id)",
                "ALTER TABLE shop_product DROP FOREIGN KEY shop_maker, DROP COLUMN maker_id",
            )
        ]
"""
ALTER = "ALTER TABLE shop_product ADD COLUMN more int NULL"


@dataclass
class Reads:
    """A stream of reads of one table from a few threads. ``done``: when each began, and the
    seconds that it took."""

    server: TestServer
    database: str
    table: str
    done: list[tuple[float, float]] = field(default_factory=list)
    stop: threading.Event = field(default_factory=threading.Event)
    threads: list[threading.Thread] = field(default_factory=list)

    def __enter__(self) -> Self:
        self.threads = [threading.Thread(target=self._read) for _ in range(3)]
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop.set()
        for thread in self.threads:
            thread.join()

    def _read(self) -> None:
        connection = self.server.connect(self.database)
        while not self.stop.is_set():
            began = time.monotonic()
            connection.cursor().execute(f"SELECT * FROM {self.table} LIMIT 1")
            self.done.append((began, time.monotonic() - began))
            time.sleep(0.005)
        connection.close()

    @property
    def worst(self) -> float:
        return max(seconds for _, seconds in self.done)

    def at_once_after(self, moment: float) -> int:
        return sum(began > moment and seconds < AT_ONCE for began, seconds in self.done)

    def first_that_queued(self) -> float:
        """When a read began that waited for most of a try."""
        return min(began for began, seconds in self.done if seconds > TIMEOUT / 2)


@contextmanager
def a_transaction_that_has_read(project: Project, table: str) -> Iterator[Any]:
    connection = project.server.connect(project.database)
    cursor = connection.cursor()
    cursor.execute("START TRANSACTION")
    cursor.execute(f"SELECT * FROM {table} LIMIT 1")
    try:
        yield connection
    finally:
        connection.close()


@pytest.fixture
def live(project: ProjectFactory, recorded_with: Callable[[str, str], Path]) -> Project:
    """Two files are applied; pending is an ALTER with a foreign key to a table that is there."""
    made = copy_recorded(recorded_with("maker", MAKER), project({"shop": {}}))
    made.succeeds("db_migrate", "--to", "0002")
    return made


@pytest.mark.parametrize("held", ["shop_product", "shop_category"])
def test_reads_never_queue_for_longer_than_one_try(live: Project, held: str) -> None:
    options = f"--lock=DDL_TIMEOUT={TIMEOUT}", "--lock=DDL_PAUSE=1", "--lock=DDL_LONGEST_PAUSE=1"
    child = Reads(live.server, live.database, "shop_product")
    parent = Reads(live.server, live.database, "shop_category")
    # MariaDB takes no metadata lock on the parent of a new foreign key that reads would wait for.
    passes = held == "shop_category" and live.server.family == "mariadb"

    with child, parent:
        with a_transaction_that_has_read(live, held):
            deploy = live.start("db_migrate", *options)
            assert deploy.stdout is not None
            said: list[str] = []
            while not passes and sum("trying again" in line for line in said) < 2:
                said.append(deploy.stdout.readline())
                assert said[-1], str(ended(deploy))
        finished = ended(deploy)

    assert finished.code == 0, str(finished)
    assert "maker_id" in live.columns("shop_product")
    assert child.worst < TIMEOUT + MARGIN
    assert parent.worst < TIMEOUT + MARGIN
    if not passes:
        assert "acquired the lock on attempt" in finished.stdout
        queued = child if held == "shop_product" else parent
        assert queued.at_once_after(queued.first_that_queued()) > 0


def test_without_a_limit_reads_queue_for_as_long_as_the_transaction_lasts(live: Project) -> None:
    altering = live.server.connect(live.database)
    altering.cursor().execute("SET lock_wait_timeout = 3600")
    alter = threading.Thread(target=lambda: altering.cursor().execute(ALTER))
    longer = int(TIMEOUT + MARGIN) + 1

    with Reads(live.server, live.database, "shop_product") as reads:
        with a_transaction_that_has_read(live, "shop_product"):
            alter.start()
            until(lambda: _selects_that_wait(live, longer))
        alter.join()
    altering.close()

    assert reads.worst > TIMEOUT + MARGIN


def _selects_that_wait(project: Project, seconds: int) -> bool:
    return bool(
        project.sql(
            "SELECT 1 FROM information_schema.PROCESSLIST WHERE DB = %s AND TIME >= %s AND "
            "INFO LIKE 'SELECT * FROM shop_product%%' "
            "AND STATE LIKE 'Waiting for table metadata lock'",
            [project.database, seconds],
        )
    )


def test_when_all_tries_are_used_up_the_one_in_the_way_is_named(live: Project) -> None:
    options = "--lock=DDL_TIMEOUT=1", "--lock=DDL_TRIES=2", "--lock=DDL_PAUSE=0.1"
    with a_transaction_that_has_read(live, "shop_product") as holder:
        refused = live.run("db_migrate", *options)
        identity = holder.thread_id()
    finished = live.succeeds("db_migrate")

    user = live.server.settings["USER"]
    assert refused.code == 1
    assert "statement 1: locked by another connection; trying again in 0.1 s (try 1 of 2)" in (
        refused.stdout
    )
    for said in (refused.stdout, refused.stderr):
        assert f"    connection {identity} ({user}@localhost)" in said, str(refused)
        assert "in a transaction for " in said
        assert ", idle for " in said
    assert "s in all, in 2 tries." in refused.stderr
    assert f"Next:  let that one end (at worst: KILL {identity};), then: " in refused.stderr
    assert "statement 1 changed nothing" in refused.stderr
    if live.server.family == "mysql":
        assert "holds shop_product, in a transaction" in refused.stderr
    assert "failed in an earlier run; running it again" in finished.stdout


def test_a_user_who_may_see_nobody_is_reported_so(live: Project) -> None:
    options = "--lock=DDL_TIMEOUT=1", "--lock=DDL_TRIES=1"
    grants = f"ALL PRIVILEGES ON `{live.database}`.*"
    with (
        live.a_user("nf_blind", "only-for-tests", grants) as url,
        a_transaction_that_has_read(live, "shop_product"),
    ):
        refused = live.run("db_migrate", *options, env={"DATABASE_URL": url})

    assert refused.code == 1
    assert "s in all, in one try." in refused.stderr
    assert "The server does not say who" in refused.stderr
    assert "the privilege PROCESS" in refused.stderr
    assert "SHOW FULL PROCESSLIST" in refused.stderr
    assert "Traceback" not in refused.stderr


def test_the_load_of_a_fresh_database_and_the_ledger_keep_the_same_limit(live: Project) -> None:
    live.recreate_database()

    seen = live.python(
        """
        import json
        from django.db import connection
        from nestflux.applying.run.context import Options
        from nestflux.applying.run.migrate import migrate
        from nestflux.applying.target import open_target
        from nestflux.applying.run.retry_policy import RetryPolicy
        seen = {}
        def note(execute, sql, params, many, context):
            for one in sql.split("\\n;\\n"):
                word = " ".join(one.split()[:3]).replace("`", "")
                if word.startswith(("CREATE TABLE", "INSERT INTO", "UPDATE nestflux")):
                    context["cursor"].cursor.execute("SELECT @@lock_wait_timeout")
                    ((seconds,),) = context["cursor"].cursor.fetchall()
                    seen[word] = seconds
            return execute(sql, params, many, context)
        connection.ensure_connection()
        connection.execute_wrappers.append(note)
        migrate(open_target("default"), options=Options(retry=RetryPolicy(ddl_lock_timeout=3)))
        print(json.dumps(seen))
        """
    ).json

    assert {"CREATE TABLE shop_product", "INSERT INTO nestflux_run"} <= seen.keys()
    assert {"INSERT INTO nestflux_sql_migration", "UPDATE nestflux_run SET"} <= seen.keys()
    assert set(seen.values()) == {3}


def test_a_lock_on_the_table_counts_for_more_than_an_old_transaction() -> None:
    processes = {
        7: ("app", "web-1:5012", 1, 290, ""),
        8: ("app", "web-2", 1, 3, "SELECT SLEEP(9)"),
        9: ("dba", "localhost", 0, 1, ""),
    }

    by_lock = chosen([(8, "post")], {7: 312, 8: 4, 9: 900}, processes)
    by_age = chosen([], {9: 900, 7: 312, 8: 4}, processes)
    by_backup = chosen([(9, "")], {}, processes)

    assert [str(found) for found in by_lock] == [
        "connection 8 (app@web-2) holds post, in a transaction for 4 s, "
        "running for 3 s: SELECT SLEEP(9)"
    ]
    assert [found.connection_id for found in by_age] == [7, 8, 9]
    assert str(by_age[0]) == "connection 7 (app@web-1), in a transaction for 312 s, idle for 290 s"
    assert "holds a lock on the whole server (a backup's)" in str(by_backup[0])
