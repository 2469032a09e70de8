"""How a server runs a statement: the table measured once, asked again on this server."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest
from django.db.utils import Error

from nestflux.database.verdicts import run_measured
from nestflux.schema.introspection import read_schema
from tests.scenario import TestServer

if TYPE_CHECKING:
    from django.db.backends.base.base import BaseDatabaseWrapper

Execute = Callable[[str], Any]

TABLES = (
    "CREATE TABLE p (id int PRIMARY KEY)",
    "CREATE TABLE alone (id int PRIMARY KEY)",
    "CREATE TABLE t (id int PRIMARY KEY, a int NOT NULL DEFAULT 5, n int NULL, s varchar(60), "
    "u varchar(50), p_id int NOT NULL, d int, KEY by_d (d), CONSTRAINT fk FOREIGN KEY (p_id) "
    "REFERENCES p (id))",
)

COPY = "copies the table, blocks writes"
COPY_ONLINE = (
    "copies the table, no lock"  # MariaDB from 11.2 on: https://jira.mariadb.org/browse/MDEV-16329
)
INPLACE = "in place, no lock"
NOCOPY = "no copy, no lock"
# statement, on MySQL, on MariaDB
MEASURED = [
    ("ALTER TABLE t ADD COLUMN x int NULL", "instant", "instant"),
    ("ALTER TABLE t ADD COLUMN x int NOT NULL DEFAULT 7", "instant", "instant"),
    ("ALTER TABLE t ALTER COLUMN a DROP DEFAULT", "instant", "instant"),
    ("ALTER TABLE t RENAME COLUMN a TO b", "instant", "instant"),
    ("ALTER TABLE t DROP COLUMN n", "instant", "instant"),
    ("ALTER TABLE t ADD COLUMN v int AS (a + 1) VIRTUAL", "instant", "instant"),
    ("ALTER TABLE t MODIFY a bigint NOT NULL", COPY, COPY),
    ("ALTER TABLE t MODIFY s varchar(20)", COPY, COPY),
    ("ALTER TABLE t MODIFY s varchar(300)", COPY, COPY),
    ("ALTER TABLE t MODIFY u varchar(60)", INPLACE, "instant"),
    ("ALTER TABLE t MODIFY n int NOT NULL", INPLACE, INPLACE),
    ("ALTER TABLE t MODIFY a int NULL DEFAULT 5", INPLACE, ("instant", INPLACE)),
    ("CREATE INDEX by_a ON t (a)", INPLACE, NOCOPY),
    ("ALTER TABLE t ADD UNIQUE (a)", INPLACE, NOCOPY),
    ("ALTER TABLE t ADD FOREIGN KEY (n) REFERENCES p (id)", COPY, COPY),
    ("ALTER TABLE t ADD CHECK (a > 0)", COPY, COPY),
    ("ALTER TABLE p ENGINE = InnoDB", INPLACE, INPLACE),
    ("ALTER TABLE alone ENGINE = MyISAM", COPY, COPY),
    ("ALTER TABLE t ADD COLUMN g int AS (a + 1) STORED", COPY, COPY),
    ("ALTER TABLE t DROP FOREIGN KEY fk", INPLACE, "instant"),
    ("DROP INDEX by_d ON t", INPLACE, (INPLACE, NOCOPY, "instant")),
    ("CREATE TABLE q (id int)", "creates a table", "creates a table"),
    *(
        (sql, verdict, verdict)
        for sql, verdict in (
            ("DROP TABLE t", "drops a table: its rows are lost"),
            ("RENAME TABLE t TO r", "renames, metadata only"),
            ("TRUNCATE TABLE t", "empties a table: its rows are lost"),
            ("CREATE VIEW w AS SELECT 1 AS x", "not measured"),
            ("ALTER TABLE t ADD x int, ALGORITHM=COPY", "as it asks: ALGORITHM=COPY"),
        )
    ),
]


@pytest.fixture
def execute(scratch: BaseDatabaseWrapper) -> Execute:
    def run(sql: str) -> Any:
        with scratch.cursor() as cursor:
            return cursor.execute(sql)

    return run


def _anew(scratch: BaseDatabaseWrapper, execute: Execute) -> None:
    with scratch.cursor() as cursor:
        cursor.execute("SHOW FULL TABLES")
        found = cursor.fetchall()
    execute("SET foreign_key_checks = 0")
    for name, kind in found:
        execute(f"DROP {'VIEW' if kind == 'VIEW' else 'TABLE'} `{name}`")
    execute("SET foreign_key_checks = 1")
    for sql in TABLES:
        execute(sql)


def test_the_cheapest_way_is_found_and_does_what_the_plain_statement_does(
    scratch: BaseDatabaseWrapper, execute: Execute, family: str, server: TestServer
) -> None:
    wrong = []
    [(version,)] = server.sql("SELECT VERSION()")
    copies_online = family == "mariadb" and [int(n) for n in version.split(".")[:2]] >= [11, 2]
    for sql, on_mysql, on_mariadb in MEASURED:
        expected = on_mysql if family == "mysql" else on_mariadb
        if copies_online and expected == COPY:
            expected = COPY_ONLINE
        _anew(scratch, execute)
        verdict, _ = run_measured(sql, family, execute)
        measured = read_schema(scratch).definitions
        _anew(scratch, execute)
        execute(sql)
        if verdict not in ((expected,) if isinstance(expected, str) else expected):
            wrong.append(f"{sql}: {verdict}, not {expected}")
        if measured != read_schema(scratch).definitions:
            wrong.append(f"{sql}: measured, it does something else")
    assert not wrong, "\n".join(wrong)


def test_a_partition_clause_on_a_table_with_foreign_keys_is_the_servers_error(
    scratch: BaseDatabaseWrapper, execute: Execute, family: str
) -> None:
    _anew(scratch, execute)

    with pytest.raises(Error) as caught:
        run_measured("ALTER TABLE t PARTITION BY HASH (id) PARTITIONS 4", family, execute)

    assert caught.value.args[0] in (1506, 1217)


def test_an_error_is_the_plain_statements_own(
    scratch: BaseDatabaseWrapper, execute: Execute, family: str
) -> None:
    _anew(scratch, execute)
    for sql, number in (
        ("ALTER TABLE t ADD COLUMN a int", 1060),
        ("ALTER TABLE missing ADD COLUMN a int", 1146),
        ("ALTER TABLE t ADD COLUMN", 1064),
    ):
        with pytest.raises(Error) as caught:
            run_measured(sql, family, execute)
        assert caught.value.args[0] == number
