"""Deploys that a test stops at a place of its choice, and the state that they all must end in."""

from __future__ import annotations

import signal
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from typing import Any

from tests.scenario import Outcome, Project

BOUND = 120.0  # seconds after which a state that does not come fails the test, loudly


def until(
    comes: Callable[[], Any],
    what: str,
    deploy: subprocess.Popen[str] | None = None,
    every: float = 0.01,
) -> Any:
    """Look until it is there; gives what was found. Fails with the deploy's output where that
    ended meanwhile, or where the state never comes."""
    deadline = time.monotonic() + BOUND
    while not (found := comes()):
        if deploy is not None and deploy.poll() is not None:
            raise AssertionError(f"ended before {what}: {deploy.communicate()}")
        assert time.monotonic() < deadline, f"never came: {what}"
        time.sleep(every)
    return found


class Deploy:
    """A command left running, stopped at most once; ended with the test whatever happens."""

    def __init__(self, project: Project, *args: str, env: Mapping[str, str]) -> None:
        self.reached = project.path / "reached"
        for name in ("reached", "used"):
            (project.path / name).unlink(missing_ok=True)
        self.process = project.start(*args, env={"STOPS": str(project.path), **env})

    def waits_at_its_stop(self) -> None:
        until(self.reached.exists, "the stop", self.process)

    def goes_on(self) -> None:
        self.reached.unlink()

    def freezes(self) -> None:
        self.process.send_signal(signal.SIGSTOP)

    def thaws(self) -> None:
        self.process.send_signal(signal.SIGCONT)

    def ended(self) -> Outcome:
        out, err = self.process.communicate(timeout=BOUND)
        return Outcome(self.process.returncode, out, err)

    def killed(self) -> None:
        self.process.kill()
        self.process.communicate()


@contextmanager
def deploy(project: Project, *args: str, **env: str) -> Iterator[Deploy]:
    """A command in the background: ``db_migrate`` if none is given. Environment variables choose
    its stop: ``STOP_BEFORE`` or ``STOP_AFTER`` a statement that holds a text, ``ATOMIC`` and
    ``LOOSE`` for what its Python steps do."""
    running = Deploy(project, *(args or ("db_migrate",)), env=env)
    try:
        yield running
    finally:
        if running.process.poll() is None:
            running.killed()


def connection_of(project: Project) -> int:
    """The connection that holds the lock of the project's database."""
    ((identity,),) = project.sql("SELECT IS_USED_LOCK(CONCAT('nestflux:', DATABASE()))")
    assert identity is not None, "nobody holds the lock"
    return int(identity)


def at_work(project: Project, like: str) -> bool:
    """Does the server work on a statement in the project's database that is like this?"""
    return bool(
        project.sql(
            "SELECT 1 FROM information_schema.PROCESSLIST WHERE DB = DATABASE() "
            "AND INFO LIKE %s AND ID <> CONNECTION_ID()",
            [like],
        )
    )


def is_slow(project: Project) -> bool:
    """Is the history's first UPDATE, slowed down, at work?"""
    return bool(
        project.sql(
            "SELECT 1 FROM information_schema.PROCESSLIST WHERE DB = DATABASE() "
            "AND STATE = 'User sleep'"
        )
    )


def slow_down(project: Project, seconds: int) -> None:
    """Let the history's first UPDATE take so long for each of its two rows, but where it is
    ``hurried``."""
    project.sql(
        "CREATE TRIGGER slow BEFORE UPDATE ON shop_product FOR EACH ROW "
        f"SET @x = IF(NEW.price = 1 AND IS_FREE_LOCK('hurry'), SLEEP({seconds}), 0)"
    )


@contextmanager
def hurried(project: Project) -> Iterator[None]:
    """What ``slow_down`` slows, is slow no longer."""
    with closing(project.server.connect()) as connection:
        connection.cursor().execute("SELECT GET_LOCK('hurry', 0)")
        yield


def fill(project: Project, doublings: int = 19) -> None:
    """So many rows that a copy of the table takes a while: the server is still at it when it is
    told to stop."""
    names = [name for name in project.columns("shop_product") if name != "id"]
    columns = ", ".join(names)
    for _ in range(doublings):
        project.sql(f"INSERT INTO shop_product ({columns}) SELECT {columns} FROM shop_product")


def unfill(project: Project) -> None:
    """The two rows of the history, and its counter, as they were."""
    with closing(project.server.connect(project.database)) as connection:
        cursor = connection.cursor()
        cursor.execute("CREATE TEMPORARY TABLE two AS SELECT * FROM shop_product WHERE id <= 2")
        cursor.execute("TRUNCATE TABLE shop_product")
        cursor.execute("INSERT INTO shop_product SELECT * FROM two")


def state_of(project: Project) -> dict[str, Any]:
    """Schema, rows, books and ledger: what must not depend on faults."""
    found: dict[str, Any] = {}
    for table in project.tables():
        if not table.startswith("nestflux_") and table != "django_migrations":
            ((_, definition),) = project.sql(f"SHOW CREATE TABLE `{table}`")
            found[f"table {table}"] = definition
            found[f"rows of {table}"] = project.sql(f"SELECT * FROM `{table}` ORDER BY 1")
    found["django_migrations"] = project.applied()
    found["files"] = project.sql(
        "SELECT name, state, direction, attempt, origin, statement_count, finished_at IS NULL, "
        "up_sha256, SHA2(up_text, 256), SHA2(down_text, 256), SHA2(record, 256) "
        "FROM nestflux_sql_migration ORDER BY name"
    )
    found["statements"] = project.sql(
        "SELECT sql_migration_id, direction, attempt, ordinal, state, SHA2(`sql`, 256) "
        "FROM nestflux_statement ORDER BY 1, 2, 3, 4"
    )
    found["owed"] = project.sql(
        "SELECT SUM(post_migrate_owed), MAX(post_migrate_sent_at) IS NOT NULL, "
        "SUM(loading IS NOT NULL AND loaded_at IS NULL) FROM nestflux_run"
    )
    return found


def assert_told(outcome: Outcome, *words: str, code: int = 1) -> None:
    """It failed as a person can read it: the words, where it stands, the next command."""
    assert outcome.code == code, str(outcome)
    assert "Traceback" not in outcome.stderr, outcome.stderr
    for word in (*words, "  Now:   ", "  Next:  "):
        assert word in outcome.stderr, f"{word!r} is not in:\n{outcome}"
