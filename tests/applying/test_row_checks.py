"""Rows in the way of a run, asked of a server and then tried: it accepts what was not objected to.

A false alarm refuses a deploy that would succeed; so every case of ``ACCEPTED`` runs afterwards.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import pytest
from django.db.utils import Error

from nestflux.applying.plan.tasks import Task, Work
from nestflux.applying.preflight.asking import Preflight, preflight
from nestflux.conf import PreflightLimits
from nestflux.history.records import StepRecord
from nestflux.history.sqlfile import Direction, SqlFile, Statement
from nestflux.schema.diff import Delta
from nestflux.schema.introspection import read_schema
from nestflux.sql.names import tables_made_by
from nestflux.sql.statement_parts import table_of
from nestflux.sql.statements import Kind, kind_of

if TYPE_CHECKING:
    from django.db.backends.base.base import BaseDatabaseWrapper

P = "CREATE TABLE p (id int PRIMARY KEY)"
T = "CREATE TABLE t (id int PRIMARY KEY, {})"
UNIQUE = "ALTER TABLE t ADD UNIQUE u (a)"
PAIR = "INSERT INTO t (id, a) VALUES (1, 'a'), (2, 'A')"
TWICE = "INSERT INTO t (id, a) VALUES (1, 1), (2, 1)"
EMPTY = "INSERT INTO t (id, a) VALUES (1, NULL), (2, NULL)"
REFERS = "ALTER TABLE t ADD CONSTRAINT f FOREIGN KEY (a) REFERENCES p (id)"
PARTS = (
    "CREATE TABLE t (id int PRIMARY KEY, a int) PARTITION BY RANGE (id) "
    "(PARTITION p0 VALUES LESS THAN (9), PARTITION p1 VALUES LESS THAN (99))"
)
POSITIVE = "ALTER TABLE t ADD CONSTRAINT c CHECK (a > 0)"
SWAP = "ALTER TABLE t RENAME COLUMN a TO b, RENAME COLUMN b TO a"

# The columns of t or all tables, rows, and statements that a server runs to their end.
Case = tuple[str | Sequence[str], str, Sequence[str]]
ACCEPTED: dict[str, Case] = {
    "a column made anew": ("a int, b int", TWICE, ("ALTER TABLE t DROP a, ADD a int", UNIQUE)),
    "a column made anew, unique": (
        "a int, b int",
        TWICE,
        ("ALTER TABLE t DROP a, ADD a int UNIQUE",),
    ),
    "a column made anew, not null": (
        "a int, b int",
        EMPTY,
        ("ALTER TABLE t DROP a, ADD a int NOT NULL DEFAULT 4",),
    ),
    "swapped columns": (
        "a int, b int",
        "INSERT INTO t VALUES (1, 1, 1), (2, 1, 2)",
        (SWAP, UNIQUE),
    ),
    "swapped columns, a check": (
        "a int, b int",
        "INSERT INTO t VALUES (1, -1, 1)",
        (SWAP, POSITIVE),
    ),
    "swapped columns of two kinds": (
        "a varchar(9), b varchar(3)",
        "INSERT INTO t VALUES (1, 'abcdef', 'x')",
        ("ALTER TABLE t RENAME COLUMN a TO b, RENAME COLUMN b TO a",),
    ),
    "a renamed column and another of its name": (
        "a int, b int",
        EMPTY,
        ("ALTER TABLE t RENAME COLUMN a TO c, ADD a int NOT NULL DEFAULT 1", POSITIVE),
    ),
    "an emptied table": ("a int", TWICE, ("TRUNCATE TABLE t", UNIQUE)),
    "a dropped partition": (
        (PARTS,),
        EMPTY,
        ("ALTER TABLE t DROP PARTITION p0", "ALTER TABLE t MODIFY a int NOT NULL"),
    ),
    "blanks of a text": (
        "a text",
        "INSERT INTO t VALUES (1, 'abc      ')",
        ("ALTER TABLE t MODIFY a varchar(4)",),
    ),
    "blanks, cut off a char": (
        "a varchar(20)",
        "INSERT INTO t VALUES (1, 'abc      ')",
        ("ALTER TABLE t MODIFY a char(4)",),
    ),
    "white space, cut off a char": (
        "a varchar(20)",
        "INSERT INTO t VALUES (1, 'abc\t\t\t')",
        ("ALTER TABLE t MODIFY a char(4)",),
    ),
    "a value that is none of the list": (
        "a enum('a','b','c')",
        "INSERT IGNORE INTO t VALUES (1, 'x')",
        ("ALTER TABLE t MODIFY a enum('a','b')",),
    ),
    "what is computed of text that compares otherwise by then": (
        "a varchar(9) COLLATE utf8mb4_unicode_ci, b int AS (a = 'a') VIRTUAL",
        "INSERT INTO t (id, a) VALUES (1, 'A')",
        (
            "ALTER TABLE t MODIFY a varchar(9) COLLATE utf8mb4_bin",
            "ALTER TABLE t ADD CONSTRAINT c CHECK (b = 0)",
        ),
    ),
    "digits that a double does not hold": (
        "a decimal(30,2)",
        "INSERT INTO t VALUES (1, 99999999999999999999999.99)",
        ("ALTER TABLE t MODIFY a decimal(25,2)",),
    ),
    "a counter numbers the NULLs": (
        "a int NULL, KEY k (a)",
        EMPTY,
        ("ALTER TABLE t MODIFY a int NOT NULL AUTO_INCREMENT",),
    ),
    "text that compares as bytes by then": (
        "a varchar(9) COLLATE utf8mb4_unicode_ci",
        PAIR,
        ("ALTER TABLE t MODIFY a varchar(9) COLLATE utf8mb4_bin", UNIQUE),
    ),
    "text that is a number by then": (
        "a varchar(9), b varchar(9)",
        "INSERT INTO t VALUES (1, '10', '9')",
        ("ALTER TABLE t MODIFY a int, MODIFY b int, ADD CONSTRAINT c CHECK (a > b)",),
    ),
    "another collation after the key went": (
        "a varchar(9) COLLATE utf8mb4_bin, UNIQUE k (a)",
        PAIR,
        (
            "ALTER TABLE t DROP KEY k",
            "ALTER TABLE t MODIFY a varchar(9) COLLATE utf8mb4_unicode_ci",
        ),
    ),
    "another collation in the statement that drops the key": (
        "a varchar(9) COLLATE utf8mb4_bin, UNIQUE k (a)",
        PAIR,
        ("ALTER TABLE t DROP KEY k, MODIFY a varchar(9) COLLATE utf8mb4_unicode_ci",),
    ),
    "parents that come first": (
        (P, T.format("a int")),
        "INSERT INTO t VALUES (1, 5)",
        ("INSERT INTO p VALUES (5)", REFERS),
    ),
    "orphans that go with their parent": (
        (
            P,
            "CREATE TABLE o (id int PRIMARY KEY)",
            T.format("a int, b int, FOREIGN KEY (b) REFERENCES o (id) ON DELETE CASCADE"),
        ),
        "INSERT INTO o VALUES (1); INSERT INTO t VALUES (1, 5, 1)",
        ("DELETE FROM o", REFERS),
    ),
    "parents that compare otherwise by then": (
        (
            "CREATE TABLE p (id varchar(9) COLLATE utf8mb4_bin PRIMARY KEY)",
            T.format("a varchar(9) COLLATE utf8mb4_unicode_ci"),
        ),
        "INSERT INTO p VALUES ('x'); INSERT INTO t VALUES (1, 'X')",
        ("ALTER TABLE p MODIFY id varchar(9) COLLATE utf8mb4_unicode_ci", REFERS),
    ),
    "clauses in a comment that the server reads": (
        "a int, b int",
        TWICE,
        ("ALTER TABLE t /*!50000 DROP a, ADD a int, ADD UNIQUE (a) */",),
    ),
    "rows of a view": (
        (T.format("a int"), "CREATE VIEW v AS SELECT * FROM t"),
        EMPTY,
        ("UPDATE v SET a = 1", "ALTER TABLE t MODIFY a int NOT NULL"),
    ),
    "rows that a trigger changes": (
        (
            P,
            T.format("a int"),
            "CREATE TRIGGER g AFTER INSERT ON p FOR EACH ROW UPDATE t SET a = 1",
        ),
        EMPTY,
        ("INSERT INTO p VALUES (1)", "ALTER TABLE t MODIFY a int NOT NULL"),
    ),
    "rows that a procedure changes": (
        (T.format("a int"), "CREATE PROCEDURE q() UPDATE t SET a = 1"),
        EMPTY,
        ("CALL q()", "ALTER TABLE t MODIFY a int NOT NULL"),
    ),
}
ON_MARIADB: dict[str, Case] = {
    "a table replaced": ("a int", TWICE, (f"CREATE OR REPLACE {T[7:].format('a int')}", UNIQUE)),
    "rows that IGNORE leaves out": ("a int", TWICE, ("ALTER IGNORE TABLE t ADD UNIQUE (a)",)),
    "a time in place of NULL": (
        "a timestamp NULL",
        EMPTY,
        ("ALTER TABLE t MODIFY a timestamp NOT NULL DEFAULT CURRENT_TIMESTAMP",),
    ),
}
ON_MYSQL: dict[str, Case] = {
    "a check that is not enforced": (
        "a int",
        "INSERT INTO t VALUES (1, -1)",
        (f"{POSITIVE} NOT ENFORCED",),
    ),
}
# What a server refuses, and of which kind it is found to be.
REFUSED: dict[str, tuple[Case, str]] = {
    "a name with CHECK": (
        (
            "a int",
            "INSERT INTO t VALUES (1, 1)",
            ("ALTER TABLE t ADD CONSTRAINT `a CHECK b` CHECK (a > 5)",),
        ),
        "rows that a check refuses of t.a CHECK b: 1 row, for example id 1",
    ),
    "a column changed and renamed": (
        (
            "a varchar(9)",
            "INSERT INTO t VALUES (1, 'abcdef')",
            ("ALTER TABLE t CHANGE a b varchar(4)",),
        ),
        "values that do not fit of t.a: 1 row, for example id 1",
    ),
    "a column renamed and required": (
        (
            "a varchar(9)",
            "INSERT INTO t VALUES (1, NULL)",
            ("ALTER TABLE t CHANGE a b varchar(9) NOT NULL",),
        ),
        "missing values of t.a: 1 row, for example id 1",
    ),
    "a key over other columns": (
        (
            "a int, b int, UNIQUE u (a)",
            "INSERT INTO t VALUES (1, 1, 1), (2, 2, 1)",
            ("ALTER TABLE t DROP KEY u, ADD UNIQUE u (b)",),
        ),
        "duplicates of t.b: 1 group, for example id 1",
    ),
    "what rounds up": (
        (
            "a decimal(10,4)",
            "INSERT INTO t VALUES (1, 99.9999)",
            ("ALTER TABLE t MODIFY a decimal(4,2)",),
        ),
        "values that do not fit of t.a: 1 row, for example id 1",
    ),
    "a longer column, then unique": (
        (
            "a varchar(9)",
            "INSERT INTO t VALUES (1, 'a'), (2, 'a')",
            ("ALTER TABLE t MODIFY a varchar(12)", UNIQUE),
        ),
        "duplicates of t.a: 1 group, for example id 1",
    ),
    "odd names": (
        (
            ("CREATE TABLE `it's ``t%%` (`or der` int PRIMARY KEY, `a%%s` int)",),
            "INSERT INTO `it's ``t%%` VALUES (1, 1), (2, 1)",
            ("ALTER TABLE `it's ``t%%` ADD UNIQUE `u%%` (`a%%s`)",),
        ),
        "duplicates of it's `t%%.a%%s: 1 group, for example or der 1",
    ),
}


def prepared(
    scratch: BaseDatabaseWrapper, case: Case, session: tuple[str, ...] = ()
) -> tuple[Preflight, list[str]]:
    """What is found in the rows, and the statements, which were recorded on empty tables."""
    tables, rows, statements = case
    setup = (T.format(tables),) if isinstance(tables, str) else tuple(tables)
    _anew(scratch, setup)
    tasks = []
    for ordinal, sql in enumerate(statements, 1):
        before = read_schema(scratch).definitions
        _run(scratch, sql)
        delta = Delta.between(before, read_schema(scratch).definitions)
        kind = "ddl" if kind_of(sql) is Kind.DDL else "data"
        named = tuple(filter(None, (table_of(sql),)))
        record = StepRecord("", kind, "", tables=named or tables_made_by(sql), delta=delta)
        tasks.append(Task(ordinal, Statement(sql=sql), record, "shop.0002"))
    _anew(scratch, (*setup, *rows.split("; ")))
    file = SqlFile("0002_x", Direction.UP, "x", "y", session)
    work = Work(file, tuple(tasks), ())
    return preflight(scratch, [work], PreflightLimits(rows=100, seconds=60)), list(statements)


def _anew(scratch: BaseDatabaseWrapper, statements: Sequence[str]) -> None:
    name = scratch.settings_dict["NAME"]
    _run(scratch, f"DROP DATABASE `{name}`")
    _run(scratch, f"CREATE DATABASE `{name}` CHARACTER SET utf8mb4")
    _run(scratch, f"USE `{name}`")
    for sql in statements:
        _run(scratch, sql)


def _run(scratch: BaseDatabaseWrapper, sql: str) -> None:
    with scratch.cursor() as cursor:
        cursor.execute(sql)


@pytest.mark.parametrize("name", [*ACCEPTED, *ON_MARIADB, *ON_MYSQL])
def test_what_a_server_accepts_is_not_refused(
    scratch: BaseDatabaseWrapper, family: str, name: str
) -> None:
    cases = {**ACCEPTED, **(ON_MYSQL if family == "mysql" else ON_MARIADB)}
    if name not in cases:
        pytest.skip("of the other family")

    found, statements = prepared(scratch, cases[name])

    assert [str(each) for each in found.found] == []
    for sql in statements:
        _run(scratch, sql)


@pytest.mark.parametrize("name", REFUSED)
def test_what_a_server_refuses_is_found(scratch: BaseDatabaseWrapper, name: str) -> None:
    case, says = REFUSED[name]

    found, statements = prepared(scratch, case)

    assert [str(each).partition(": ")[2] for each in found.found] == [says]
    for sql in statements[:-1]:
        _run(scratch, sql)
    with pytest.raises(Error):
        _run(scratch, statements[-1])


def test_a_file_that_sets_foreign_key_checks_off_has_its_way(scratch: BaseDatabaseWrapper) -> None:
    case = ((P, T.format("a int")), "INSERT INTO t VALUES (1, 5)", (REFERS,))
    found, _ = prepared(scratch, case, session=("SET foreign_key_checks = 0",))

    assert found.found == ()
    assert "the file sets foreign_key_checks itself" in found.not_asked[0]
