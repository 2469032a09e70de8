"""celery's prefork pool over ``nestflux.pooled``: a real worker, and a broker of files."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from textwrap import dedent
from typing import Any

import pytest

from tests.environment.conftest import PrivateServer, another_server
from tests.environment.deploys import until
from tests.scenario import REPOSITORY, TestServer

ENVIRONMENT = {**os.environ, "PYTHONPATH": str(REPOSITORY)}
DATABASE = "worked"
CHILDREN, MAX_SIZE = 3, 2
# The first process has a whole pool before it forks; one is the test's own.
CONNECTIONS = (1 + CHILDREN) * MAX_SIZE + 1
TABLE = """
    CREATE TABLE work (
      number int NOT NULL, pid int NOT NULL, connection int NOT NULL, mine varchar(20) NULL)
"""
SETTINGS = """
    import json
    from pathlib import Path
    SECRET_KEY = "only-for-tests"
    DATABASES = {"default": json.loads(Path(__file__).with_name("entry.json").read_text())}
    USE_TZ = True
"""
TASKS = """
    import os
    import sys
    import threading
    from pathlib import Path

    import django
    from celery import Celery

    os.environ["DJANGO_SETTINGS_MODULE"] = "settings"
    django.setup()
    from django.db import connection, connections, transaction

    HERE = Path(__file__).parent
    app = Celery("tasks", broker="filesystem://")
    app.conf.update(
        broker_transport_options={
            "data_folder_in": str(HERE / "queue"),
            "data_folder_out": str(HERE / "outbox"),
            "control_folder": str(HERE / "control"),
            "polling_interval": 0.02,
        },
        worker_enable_remote_control=False,
        task_ignore_result=True,
    )
    if "worker" in sys.argv:  # what is imported asks the database, in two threads
        connection.ensure_connection()
        other = threading.Thread(target=lambda: connections["default"].cursor().execute("SELECT 1"))
        other.start()
        other.join()

    def write(number):
        with connection.cursor() as cursor:
            cursor.execute("SELECT @mine, CONNECTION_ID()")
            mine, identity = cursor.fetchone()
            cursor.execute("SET @mine = 'of a task'")
            cursor.execute(
                "INSERT INTO work SELECT %s, %s, %s, %s FROM (SELECT SLEEP(0.01)) s",
                [number, os.getpid(), identity, mine])

    @app.task
    def work(number):
        # More threads than connections, beside what celery gives back after the task.
        threads = [threading.Thread(target=write, args=[number]) for _ in range(3)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        with transaction.atomic():
            write(number)
"""


class Worker:
    """A worker and its queue."""

    def __init__(self, folder: Path, server: PrivateServer) -> None:
        self.folder = folder
        self.server = server
        self.log = folder / "log"

    def send(self, first: int, count: int) -> None:
        """Put tasks into the queue, numbered from ``first``. Each at once: kombu's worker takes a
        file that is not yet written to its end, and loses it."""
        program = f"import tasks\nfor n in range({first}, {first + count}): tasks.work.delay(n)"
        command = [sys.executable, "-c", program]
        subprocess.run(command, cwd=self.folder, env=ENVIRONMENT, check=True)
        for task in (self.folder / "outbox").iterdir():
            task.rename(self.folder / "queue" / task.name)

    def rows(self, sql: str, *params: Any) -> list[tuple[Any, ...]]:
        return self.server.sql(sql, list(params), database=DATABASE)

    def said(self, what: str) -> int:
        return self.log.read_text(encoding="utf-8").count(what)


@contextmanager
def working(folder: Path, server: PrivateServer) -> Iterator[Worker]:
    for name in ("queue", "outbox", "control"):
        (folder / name).mkdir()
    entry = {
        "ENGINE": "nestflux.pooled",
        "NAME": DATABASE,
        "USER": "root",
        "HOST": str(server.socket),
        "OPTIONS": {"pool": {"min_size": 0, "max_size": MAX_SIZE}},
    }
    (folder / "entry.json").write_text(json.dumps(entry))
    (folder / "settings.py").write_text(dedent(SETTINGS))
    (folder / "tasks.py").write_text(dedent(TASKS))
    command = [sys.executable, "-m", "celery", "-A", "tasks", "worker", "--pool=prefork"]
    quiet = ["--without-gossip", "--without-mingle", "--without-heartbeat", "--loglevel=info"]
    made = Worker(folder, server)
    with made.log.open("w") as log:
        process = subprocess.Popen(
            [*command, f"--concurrency={CHILDREN}", *quiet],
            cwd=folder,
            stdout=log,
            stderr=log,
            text=True,
            env=ENVIRONMENT,
            start_new_session=True,
        )
    try:
        until(lambda: made.said(" ready.") or process.poll() is not None, "a worker")
        assert process.poll() is None, made.log.read_text(encoding="utf-8")
        yield made
    finally:
        print(made.log.read_text(encoding="utf-8"))  # pytest shows it where the test fails
        os.killpg(process.pid, signal.SIGKILL)  # also children that would not end
        process.communicate()


@pytest.fixture
def worker(server: TestServer, tmp_path: Path) -> Iterator[Worker]:
    local, folder = tmp_path / "server", tmp_path / "worker"
    folder.mkdir()
    with another_server(server, local, f"--max-connections={CONNECTIONS}") as made:
        made.sql(f"CREATE DATABASE {DATABASE}")
        made.sql(TABLE, database=DATABASE)
        with working(folder, made) as one:
            yield one


def test_children_share_no_connection_and_use_theirs_again(worker: Worker) -> None:
    worker.send(0, 60)

    until(lambda: worker.said("succeeded in") == 60, "all tasks")

    most = worker.rows("SHOW GLOBAL STATUS LIKE 'Max_used_connections'")
    assert int(most[0][1]) <= CONNECTIONS
    shared = "SELECT connection FROM work GROUP BY connection HAVING COUNT(DISTINCT pid) > 1"
    assert worker.rows(shared) == []
    used = worker.rows("SELECT COUNT(DISTINCT connection) FROM work")[0][0]
    assert used <= CHILDREN * MAX_SIZE
    assert worker.rows("SELECT COUNT(*) FROM work WHERE mine IS NOT NULL") == [(0,)]
    children, rows = worker.rows("SELECT COUNT(DISTINCT pid), COUNT(*) FROM work")[0]
    assert 1 < children <= CHILDREN  # a busy machine may leave one without work
    assert rows == 240
    assert worker.said("raised unexpected") == 0


def test_a_server_that_restarts_is_found_again_by_the_same_children(worker: Worker) -> None:
    worker.send(0, 20)
    until(lambda: worker.said("succeeded in") == 20, "the tasks before")
    with worker.server.down():
        worker.send(100, 6)
        until(lambda: worker.said("raised unexpected: OperationalError") == 6, "tasks that fail")

    worker.send(200, 30)
    until(lambda: worker.said("succeeded in") == 50, "the tasks afterwards")

    assert worker.said("raised unexpected") == 6
    before, after = (
        set(worker.rows("SELECT pid FROM work WHERE number BETWEEN %s AND %s", first, first + 99))
        for first in (0, 200)
    )
    assert after <= before
