"""How a server runs a statement: the table measured once, asked again on this server."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest
from django.db.utils import Error

from nestflux.database.rebuilds import rebuilds_by_the_manual
from nestflux.database.verdicts import pinned, run_measured, writes_anew
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
REBUILD = "rebuilds the table in place, no lock"
REBUILD_BLOCKS = "rebuilds the table in place, blocks writes"
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
    ("ALTER TABLE t MODIFY n int NOT NULL", REBUILD, REBUILD),
    ("ALTER TABLE t MODIFY a int NULL DEFAULT 5", REBUILD, ("instant", REBUILD)),
    ("CREATE INDEX by_a ON t (a)", INPLACE, NOCOPY),
    ("ALTER TABLE t ADD UNIQUE (a)", INPLACE, NOCOPY),
    ("ALTER TABLE t ADD FOREIGN KEY (n) REFERENCES p (id)", COPY, COPY),
    ("ALTER TABLE t ADD CHECK (a > 0)", COPY, COPY),
    ("ALTER TABLE p ENGINE = InnoDB", REBUILD, REBUILD),
    ("ALTER TABLE t FORCE", REBUILD, REBUILD),
    ("ALTER TABLE t ROW_FORMAT = COMPACT", REBUILD, REBUILD),
    ("ALTER TABLE t DROP PRIMARY KEY, ADD PRIMARY KEY (a, id)", REBUILD, REBUILD),
    ("ALTER TABLE t ADD COLUMN x int NULL, ADD INDEX by_x (x)", REBUILD, REBUILD),
    ("ALTER TABLE t ADD FULLTEXT INDEX words (s)", REBUILD_BLOCKS, REBUILD_BLOCKS),
    ("ALTER TABLE t RENAME INDEX by_d TO by_e", INPLACE, "instant"),
    ("ALTER TABLE alone AUTO_INCREMENT = 7", INPLACE, "instant"),
    ("ALTER TABLE alone ENGINE = MyISAM", COPY, COPY),
    ("ALTER TABLE t ADD COLUMN g int AS (a + 1) STORED", COPY, COPY),
    ("ALTER TABLE t DROP FOREIGN KEY fk", INPLACE, "instant"),
    ("DROP INDEX by_d ON t", INPLACE, (NOCOPY, "instant")),
    # MariaDB says yes to INSTANT, and copies.
    ("ALTER TABLE alone PARTITION BY HASH (id) PARTITIONS 2", COPY, COPY),
    ("ALTER TABLE t MODIFY a bigint NOT NULL -- why", COPY, COPY),
    ("CREATE INDEX by_a ON t (a) # why", INPLACE, NOCOPY),
    ("ALTER TABLE t ADD algorithm int NULL", "instant", "instant"),
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
        verdict, _ = run_measured(sql, family, execute, scratch)
        measured = read_schema(scratch).definitions
        _anew(scratch, execute)
        execute(sql)
        if verdict not in ((expected,) if isinstance(expected, str) else expected):
            wrong.append(f"{sql}: {verdict}, not {expected}")
        if measured != read_schema(scratch).definitions:
            wrong.append(f"{sql}: measured, it does something else")
    assert not wrong, "\n".join(wrong)


def test_what_is_written_anew_has_another_id(
    scratch: BaseDatabaseWrapper, execute: Execute, family: str, server: TestServer
) -> None:
    """Asked of InnoDB on both families; on MariaDB the verdict knows nothing of it."""
    wrong = []
    tables = "INNODB_TABLES" if family == "mysql" else "INNODB_SYS_TABLES"
    ids = f"SELECT NAME, TABLE_ID FROM information_schema.{tables} WHERE NAME REGEXP %s"
    of_t_p_and_alone = f"^{scratch.settings_dict['NAME']}/(t|p|alone)$"
    for sql, *_ in MEASURED:
        if not sql.startswith(("ALTER TABLE", "CREATE INDEX", "DROP INDEX")):
            continue
        _anew(scratch, execute)
        before = server.sql(ids, [of_t_p_and_alone])
        verdict, _ = run_measured(sql, family, execute, scratch)
        anew = sorted(server.sql(ids, [of_t_p_and_alone])) != sorted(before)
        if anew is not writes_anew(verdict, family):
            wrong.append(f"{sql}: {verdict}, {'another' if anew else 'the same'} id")
    assert not wrong, "\n".join(wrong)


def test_a_partition_or_a_table_of_another_name_is_found_again(
    scratch: BaseDatabaseWrapper, execute: Execute, family: str
) -> None:
    parts = (
        "CREATE TABLE parts (id int PRIMARY KEY, a int) PARTITION BY RANGE (id) "
        "(PARTITION p0 VALUES LESS THAN (10), PARTITION p1 VALUES LESS THAN (20))"
    )
    _anew(scratch, execute)
    execute(parts)

    def verdict(sql: str) -> str:
        return run_measured(sql, family, execute, scratch)[0]

    assert "rebuilds" not in verdict("ALTER TABLE parts DROP PARTITION p0")
    assert verdict("ALTER TABLE parts MODIFY a int NOT NULL") == REBUILD
    assert "rebuilds" not in verdict("ALTER TABLE t RENAME INDEX by_d TO by_e, RENAME TO r")
    assert verdict("ALTER TABLE r MODIFY n int NOT NULL, RENAME TO t") == REBUILD


def test_what_is_done_with_partitions_is_asked_before_its_clause(
    scratch: BaseDatabaseWrapper, execute: Execute, family: str
) -> None:
    """MySQL is asked of each; MariaDB has no words for a question beside a clause that stands
    alone."""
    _anew(scratch, execute)
    execute("CREATE TABLE parts (id int NOT NULL, at date NOT NULL, PRIMARY KEY (id))")
    execute("INSERT INTO parts VALUES (1, '2026-01-01')")
    coming = "PARTITION q VALUES LESS THAN ('2028-01-01')"
    unasked = "not measured"

    for sql, on_mysql, on_mariadb in [
        (
            "ALTER TABLE parts DROP PRIMARY KEY, ADD PRIMARY KEY (id, at) PARTITION BY RANGE "
            "COLUMNS (at) (PARTITION p VALUES LESS THAN ('2027-01-01'))",
            COPY,
            COPY,
        ),
        (f"ALTER TABLE parts ADD PARTITION ({coming})", INPLACE, unasked),
        ("ALTER TABLE parts DROP PARTITION q", INPLACE, unasked),
        (
            "ALTER TABLE parts DROP PRIMARY KEY, ADD PRIMARY KEY (id) REMOVE PARTITIONING",
            COPY,
            COPY,
        ),
    ]:
        verdict, _ = run_measured(sql, family, execute, scratch)
        assert verdict == (on_mysql if family == "mysql" else on_mariadb), sql


def test_without_the_right_to_see_the_ids_the_manual_says_the_same(
    scratch: BaseDatabaseWrapper, execute: Execute, family: str, server: TestServer
) -> None:
    name = scratch.settings_dict["NAME"]
    backend: Any = type(scratch)
    wrong = []
    with server.a_user("nf_developer", "secret", f"ALL ON `{name}`.*"):
        entry = {**scratch.settings_dict, "USER": "nf_developer", "PASSWORD": "secret"}
        few_rights = backend(entry, "default")
        try:
            for sql, *_ in MEASURED:
                _anew(scratch, execute)
                with_all, _ = run_measured(sql, family, execute, scratch)
                _anew(scratch, execute)
                with few_rights.cursor() as cursor:
                    with_few, _ = run_measured(sql, family, cursor.execute, few_rights)
                if with_few != with_all:
                    wrong.append(f"{sql}: {with_few}, not {with_all}")
        finally:
            few_rights.close()
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize(
    ("sql", "rebuilds"),
    [
        ("ALTER TABLE `t` MODIFY `u` varchar(60)", False),
        ("ALTER TABLE `t` MODIFY `u` varchar(60) CHARACTER SET utf8mb4", False),
        ("ALTER TABLE `t` MODIFY `u` varchar(60) AFTER `id`", True),
        ("ALTER TABLE `t` ADD INDEX `force` (`u`), ADD UNIQUE (`engine`)", False),
        ("ALTER TABLE `t` DROP INDEX x, ROW_FORMAT=DYNAMIC", True),
        ("ALTER TABLE `shop`.`t` FORCE", True),
        ("ALTER TABLE `t` ADD CONSTRAINT `c` PRIMARY KEY (`id`)", True),
        ("ALTER TABLE `t` ADD CONSTRAINT PRIMARY KEY (`id`)", True),
        ("ALTER TABLE `t` ADD CONSTRAINT `c` UNIQUE (`id`)", False),
        ("CREATE FULLTEXT INDEX `words` ON `t` (`s`)", True),
        ("CREATE INDEX `fulltext` ON `t` (`s`)", False),
        ("DROP INDEX `words` ON `t`", False),
    ],
)
def test_what_the_manual_says_of_a_text(sql: str, rebuilds: bool) -> None:
    assert rebuilds_by_the_manual(sql) is rebuilds


@pytest.mark.parametrize(
    ("verdict", "on_mysql", "on_mariadb"),
    [
        ("copies the table, blocks writes", True, True),
        ("copies the table, no lock", True, True),
        ("rebuilds the table in place, no lock", True, True),
        ("in place, no lock", False, True),  # a file of 0.1: MariaDB's INPLACE was a rebuild
        ("no copy, no lock", False, False),
        ("instant", False, False),
        ("rebuilds the table in place, no lock (a new table)", False, False),
        ("as it asks: ALGORITHM=COPY", True, True),
        ("as it asks: ALGORITHM=INPLACE", False, False),
        ("creates a table", False, False),
    ],
)
def test_what_is_written_anew_by_the_words_of_a_verdict(
    verdict: str, on_mysql: bool, on_mariadb: bool
) -> None:
    assert writes_anew(verdict, "mysql") is on_mysql
    assert writes_anew(verdict, "mariadb") is on_mariadb


def test_a_partition_clause_on_a_table_with_foreign_keys_is_the_servers_error(
    scratch: BaseDatabaseWrapper, execute: Execute, family: str
) -> None:
    _anew(scratch, execute)

    with pytest.raises(Error) as caught:
        run_measured("ALTER TABLE t PARTITION BY HASH (id) PARTITIONS 4", family, execute, scratch)

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
            run_measured(sql, family, execute, scratch)
        assert caught.value.args[0] == number


def test_a_pinned_statement_asks_before_its_last_comment(family: str) -> None:
    assert pinned("ALTER TABLE t ADD x int -- why", family, "instant") == (
        "ALTER TABLE t ADD x int, ALGORITHM=INSTANT -- why"
    )
