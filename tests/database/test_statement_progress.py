"""How far a statement has come, in the server's words."""

from __future__ import annotations

import secrets
import time
from collections.abc import Iterator
from contextlib import closing
from typing import TYPE_CHECKING

import pytest
from django.db.utils import Error

from nestflux.database import statement_progress as subject
from nestflux.database.statement_progress import work_done
from tests.scenario import TestServer

if TYPE_CHECKING:
    from django.db.backends.base.base import BaseDatabaseWrapper


@pytest.mark.parametrize(
    ("stage", "told"),
    [
        (
            ("stage/sql/copy to tmp table", 107625, 1048576),
            "copying, 107,625 of 1,048,576 rows",
        ),
        (("stage/sql/copy to tmp table", 9, 7), "copying, 7 of 7 rows"),
        (("stage/innodb/alter table (merge sort)", 50, 200), "alter table (merge sort), 25 %"),
    ],
)
def test_a_stage_of_mysql_is_reported_in_rows_or_as_a_share(
    stage: tuple[str, int, int], told: str
) -> None:
    assert subject._of_stage(*stage) == told


@pytest.mark.parametrize(
    ("row", "told"),
    [
        (("copy to tmp table", 1, 2, 18.433), "copying, stage 1 of 2, 18 %"),
        ((None, 2, 2, 0), "working, stage 2 of 2, 0 %"),
    ],
)
def test_a_stage_of_mariadb_is_reported_with_its_number(
    row: tuple[str | None, int, int, float], told: str
) -> None:
    assert subject._of_process_list(*row) == told


@pytest.fixture
def changing(scratch: BaseDatabaseWrapper) -> BaseDatabaseWrapper:
    """A connection to a table of 2,048 rows."""
    with scratch.cursor() as cursor:
        cursor.execute("CREATE TABLE t (id int AUTO_INCREMENT PRIMARY KEY, n int)")
        cursor.execute("INSERT INTO t (n) VALUES (1)")
        for _ in range(11):
            cursor.execute("INSERT INTO t (n) SELECT n FROM t")
    return scratch


def identity(connection: BaseDatabaseWrapper) -> int:
    connection.ensure_connection()
    return int(connection.connection.thread_id())


def update(connection: BaseDatabaseWrapper) -> None:
    connection.set_autocommit(False)
    with connection.cursor() as cursor:
        cursor.execute("UPDATE t SET n = n + 1")
    # InnoDB shows what it looked at up to 0.1 s ago (MySQL Manual 17.15.2.3, "Persistence and
    # Consistency of InnoDB Transaction and Locking Information").
    time.sleep(0.2)


def test_an_update_is_reported_by_the_rows_that_it_changed(
    changing: BaseDatabaseWrapper, family: str
) -> None:
    watcher = changing.copy()
    update(changing)
    try:
        assert work_done(watcher, family, identity(changing)) == "2,048 rows changed"
        assert work_done(watcher, family, identity(watcher)) == ""
    finally:
        watcher.close()


@pytest.fixture
def unprivileged(
    changing: BaseDatabaseWrapper, server: TestServer
) -> Iterator[BaseDatabaseWrapper]:
    """Somebody else's connection, who may use the same schema and look at nothing else."""
    schema = changing.settings_dict["NAME"]
    name, password = f"u{secrets.token_hex(4)}", secrets.token_hex(8)
    own = {**changing.settings_dict, "USER": name, "PASSWORD": password}
    connection = type(changing)(own, "default")
    with server.a_user(name, password, f"ALL ON `{schema}`.*"), closing(connection):
        yield connection


def test_what_a_user_may_not_read_is_left_out(
    changing: BaseDatabaseWrapper, unprivileged: BaseDatabaseWrapper, family: str
) -> None:
    update(changing)

    assert work_done(unprivileged, family, identity(changing)) == ""


def test_a_watcher_whose_connection_was_ended_hears_of_it(
    scratch: BaseDatabaseWrapper, server: TestServer, family: str
) -> None:
    server.sql(f"KILL CONNECTION {identity(scratch)}")

    with pytest.raises(Error):
        work_done(scratch, family, 1)
