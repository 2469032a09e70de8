"""What a server says of a database's tables, to users with few rights and with more."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pytest
from django.db import connections

from nestflux.database import sizes
from nestflux.database.profile import AutoIncrement, Profile
from nestflux.database.server import server_of
from nestflux.database.sizes import Clock, read_profile, read_sizes
from tests.scenario import TestServer

if TYPE_CHECKING:
    from django.db.backends.base.base import BaseDatabaseWrapper

TABLES = (
    "CREATE TABLE counted (id tinyint unsigned AUTO_INCREMENT PRIMARY KEY, a int, KEY by_a (a), "
    "KEY by_a_too (a, id)) AUTO_INCREMENT = 200",
    "CREATE TABLE plain (name varchar(20) PRIMARY KEY) ENGINE=MyISAM",
    "CREATE TABLE parts (id int PRIMARY KEY, a int, KEY by_a (a)) "
    "PARTITION BY HASH (id) PARTITIONS 3",
    "CREATE TABLE `odd-Näme` (id int PRIMARY KEY, a int, KEY by_a (a))",
    "CREATE TABLE nestflux_run (id int PRIMARY KEY)",
    "CREATE VIEW seen AS SELECT 1",
)
A_PAGE = 16_384  # bytes


@pytest.fixture
def database(scratch: BaseDatabaseWrapper) -> BaseDatabaseWrapper:
    with scratch.cursor() as cursor:
        for sql in TABLES:
            cursor.execute(sql)
        cursor.executemany("INSERT INTO counted (a) VALUES (%s)", [(n,) for n in range(4)])
        cursor.execute("ANALYZE TABLE counted, parts, `odd-Näme`")
    return scratch


@contextmanager
def seen_by(
    server: TestServer, database: BaseDatabaseWrapper, *more: str
) -> Iterator[BaseDatabaseWrapper]:
    """A connection of a user who may SELECT in the database, and ``more``."""
    name = database.settings_dict["NAME"]
    backend: Any = type(connections["default"])
    with server.a_user("nf_reader", "secret", f"SELECT ON `{name}`.*", *more):
        entry = {**database.settings_dict, "USER": "nf_reader", "PASSWORD": "secret"}
        connection = backend(entry, "default")
        try:
            yield connection
        finally:
            connection.close()


def profile_of(connection: BaseDatabaseWrapper) -> Profile:
    clock = Clock(now=iter([0.0, 1.0]).__next__, sleep=lambda seconds: None)
    return read_profile(connection, server_of(connection), seconds=1, clock=clock)


def test_rows_bytes_and_auto_increment_need_no_more_than_select(
    server: TestServer, database: BaseDatabaseWrapper
) -> None:
    with seen_by(server, database) as connection:
        found = read_sizes(connection)

    counted = found["counted"]
    assert found.keys() == {"counted", "plain", "parts", "odd-Näme"}
    assert (counted.rows, counted.bytes, counted.index_bytes) == (4, A_PAGE, 2 * A_PAGE)
    assert counted.auto_increment is not None
    assert counted.auto_increment.type.endswith("unsigned")
    assert (counted.auto_increment.column, counted.auto_increment.used) == ("id", 203 * 100 // 255)
    assert found["parts"].bytes == 3 * A_PAGE
    assert [size.engine for size in (counted, found["plain"])] == ["", "MyISAM"]


@pytest.mark.parametrize(
    ("shown", "following", "used"),
    [
        ("tinyint", 127, 99),
        ("tinyint", 128, 100),  # the next one fails
        ("tinyint unsigned", 128, 49),
        ("int(10) unsigned", 4_000_000_001, 93),
        ("bigint(20)", 4_000_000_001, 0),
    ],
)
def test_the_share_of_a_types_range_that_is_used(shown: str, following: int, used: int) -> None:
    assert sizes._used("id", shown, following) == AutoIncrement("id", shown, used)


def test_a_counter_that_is_no_integer_has_no_range() -> None:
    assert sizes._used("id", "double", 7) is None


def test_rows_are_those_of_now_and_not_of_a_cache(
    server: TestServer, database: BaseDatabaseWrapper
) -> None:
    read_sizes(database)
    with database.cursor() as cursor:
        cursor.executemany("INSERT INTO counted (a) VALUES (%s)", [(n,) for n in range(6)])
        cursor.execute("ANALYZE TABLE counted")

    counted = read_sizes(database)["counted"]

    assert counted.rows == 10
    assert counted.auto_increment == AutoIncrement("id", counted.auto_increment.type, 81)  # type: ignore[union-attr]


def test_what_a_reader_may_not_know_is_said(
    server: TestServer, database: BaseDatabaseWrapper, family: str
) -> None:
    with seen_by(server, database) as connection:
        found = profile_of(connection)

    assert found.not_read["indexes"].endswith("SELECT on mysql.innodb_index_stats")
    reason = "nothing counts writes" if family == "mariadb" else "SELECT on performance_schema"
    assert reason in found.not_read["writes"]
    assert {(size.writes, len(size.indexes)) for size in found.tables.values()} == {(None, 0)}
    assert found.tables["counted"].rows == 4
    assert found.variables["innodb_page_size"] == str(A_PAGE)
    assert found.family == family
    assert found.collation.startswith("utf8mb4_")


def test_each_index_partitions_together(server: TestServer, database: BaseDatabaseWrapper) -> None:
    with seen_by(server, database, "SELECT ON mysql.innodb_index_stats") as connection:
        found = profile_of(connection)

    assert "indexes" not in found.not_read
    assert found.tables["counted"].indexes == {"by_a": A_PAGE, "by_a_too": A_PAGE}
    assert found.tables["parts"].indexes == {"by_a": 3 * A_PAGE}
    assert found.tables["odd-Näme"].indexes == {"by_a": A_PAGE}


def test_writes_a_minute_from_two_readings(
    server: TestServer,
    database: BaseDatabaseWrapper,
    family: str,
) -> None:
    right = "PROCESS ON *.*" if family == "mariadb" else "SELECT ON performance_schema.*"

    def write(pause: float) -> None:
        with database.cursor() as cursor:
            for n in range(5):
                cursor.execute("INSERT INTO parts VALUES (%s, 1)", [n])

    clock = Clock(now=iter([100.0, 110.0]).__next__, sleep=write)

    with counting(server), seen_by(server, database, right) as connection:
        found = read_profile(connection, server_of(connection), seconds=10, clock=clock)

    assert "writes" not in found.not_read
    assert found.tables["parts"].writes == 30  # five in ten seconds
    assert found.tables["plain"].writes == 0


@contextmanager
def counting(server: TestServer) -> Iterator[None]:
    """MariaDB counts the rows of tables only where it is asked to."""
    if server.family != "mariadb":
        yield
        return
    server.sql("SET GLOBAL userstat = ON")
    try:
        yield
    finally:
        server.sql("SET GLOBAL userstat = OFF")


def test_no_seconds_no_writes(database: BaseDatabaseWrapper) -> None:
    found = read_profile(database, server_of(database), seconds=0)

    assert found.not_read["writes"] == "left out: --seconds 0"
    assert found.tables["counted"].writes is None


# ---- replicas ------------------------------------------------------------------------------


def replicas(connection: BaseDatabaseWrapper, family: str, log: str) -> tuple[int | None, str]:
    not_read: dict[str, str] = {}
    number = sizes._replicas(connection, family, {"log_bin": log}, not_read)
    return number, not_read.get("replicas", "")


def test_replicas_that_this_user_may_not_see_are_not_none(
    server: TestServer, database: BaseDatabaseWrapper, family: str
) -> None:
    with seen_by(server, database) as connection:
        number, reason = replicas(connection, family, "ON")

    assert number is None
    assert reason.endswith("or PROCESS")


@pytest.mark.parametrize("right", ["PROCESS", "the right of its own"])
def test_replicas_are_counted_with_either_right(
    server: TestServer, database: BaseDatabaseWrapper, family: str, right: str
) -> None:
    own = "REPLICATION MASTER ADMIN" if family == "mariadb" else "REPLICATION SLAVE"
    grant = f"{right if right == 'PROCESS' else own} ON *.*"

    with seen_by(server, database, grant) as connection:
        assert replicas(connection, family, "ON") == (0, "")


def test_without_a_binary_log_there_is_no_replica(
    server: TestServer, database: BaseDatabaseWrapper, family: str
) -> None:
    with seen_by(server, database) as connection:
        assert replicas(connection, family, "OFF") == (0, "")
