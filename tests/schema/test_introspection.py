"""The one reader of schemas: what it sees, and that its CREATE texts build the same again."""

from __future__ import annotations

import re
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest
from django.db import connections

from nestflux.database.session import PINNED, pin
from nestflux.schema.introspection import Schema, read_schema, table_names
from nestflux.schema.objects import ObjectKey, to_texts
from nestflux.schema.printed_table import after_engine
from tests.scenario import TestServer

if TYPE_CHECKING:
    from django.db.backends.base.base import BaseDatabaseWrapper

EVERYTHING = r"""
CREATE TABLE parent (id int PRIMARY KEY, code varchar(20) NOT NULL UNIQUE)
---
CREATE TABLE everything (
  id bigint NOT NULL AUTO_INCREMENT PRIMARY KEY,
  kind enum('a,b', 'it''s (x)', '"', 'DEFAULT CHARSET=x') NOT NULL DEFAULT 'a,b',
  flags set('x','y') NULL,
  title varchar(80) COLLATE utf8mb4_bin NOT NULL DEFAULT 'it''s, (a) "title"',
  old varchar(20) CHARACTER SET latin1 COLLATE latin1_swedish_ci NULL,
  body longtext NULL COMMENT 'says "it''s"; COLLATE y, AUTO_INCREMENT=3
on two lines \\',
  amount decimal(9,2) unsigned NOT NULL DEFAULT 1.50,
  ratio double NULL, small float NULL, bits bit(5) NOT NULL DEFAULT b'10101',
  raw_ binary(4) NULL, data json NULL, made datetime(6) NOT NULL DEFAULT CURRENT_TIMESTAMP(6)
    ON UPDATE CURRENT_TIMESTAMP(6), day date NULL,
  doubled decimal(10,2) AS (amount * 2) STORED,
  shouted varchar(90) AS (CONCAT(UPPER(title), ')', ',')) VIRTUAL,
  `a ``tick` int NULL, `collate` int NULL,
  parent_code varchar(20) NULL,
  CONSTRAINT positive CHECK (amount > 0 AND title <> ')'),
  CONSTRAINT its_parent FOREIGN KEY (parent_code) REFERENCES parent (code)
    ON DELETE SET NULL ON UPDATE CASCADE,
  UNIQUE KEY one (title(10), kind), KEY several (day, amount), FULLTEXT KEY words (body)
) AUTO_INCREMENT=77 COMMENT='DEFAULT AUTO_INCREMENT=5 and CHARSET=x; it''s'
---
CREATE TABLE other_charset (a varchar(9), b varchar(9) CHARACTER SET ascii)
  DEFAULT CHARSET=latin1 COLLATE=latin1_general_ci
---
CREATE TABLE parts (id int NOT NULL, day int NOT NULL, PRIMARY KEY (id, day)) AUTO_INCREMENT=9
  PARTITION BY RANGE (day)
  (PARTITION p0 VALUES LESS THAN (10), PARTITION p1 VALUES LESS THAN MAXVALUE)
---
CREATE VIEW titles AS
  SELECT e.title, p.code FROM everything e JOIN parent p ON p.code = e.parent_code
---
CREATE TRIGGER shout BEFORE INSERT ON everything FOR EACH ROW
BEGIN
  -- a remark; with `quotes`
  SET NEW.title = CONCAT(NEW.title, ';');
END
---
CREATE PROCEDURE fill(IN n int) BEGIN INSERT INTO parent VALUES (n, 'x'); END
---
CREATE FUNCTION twice(n int) RETURNS int DETERMINISTIC RETURN n * 2
"""


@contextmanager
def database(server: TestServer, collation: str) -> Iterator[BaseDatabaseWrapper]:
    name = f"nf_{secrets.token_hex(5)}"
    server.sql(f"CREATE DATABASE `{name}` CHARACTER SET utf8mb4 COLLATE {collation}")
    connection = type(connections["default"])({**server.settings, "NAME": name}, "default")
    try:
        pin(connection, PINNED)
        yield connection
    finally:
        connection.close()
        server.sql(f"DROP DATABASE `{name}`")


def run(connection: BaseDatabaseWrapper, *statements: str) -> None:
    with connection.cursor() as cursor:
        for sql in statements:
            cursor.execute(sql)


def load(connection: BaseDatabaseWrapper, schema: Schema) -> None:
    """Build the schema again from its CREATE texts."""
    run(connection, "SET foreign_key_checks = 0", *schema.create.values())
    run(connection, "SET foreign_key_checks = 1")


@pytest.fixture
def everything(scratch: BaseDatabaseWrapper) -> Schema:
    pin(scratch, PINNED)
    run(scratch, *EVERYTHING.strip().split("\n---\n"))
    return read_schema(scratch)


@pytest.mark.parametrize("collation", ["utf8mb4_unicode_ci", "utf8mb4_esperanto_ci"])
def test_create_texts_loaded_elsewhere_read_the_same(
    everything: Schema, server: TestServer, collation: str
) -> None:
    with database(server, collation) as connection:
        load(connection, everything)
        assert read_schema(connection).definitions == everything.definitions


STATED = "CREATE TABLE odd (id int PRIMARY KEY, {columns}, n int COMMENT 'x COLLATE y') {options}"
COLUMNS = """
    plain varchar(5), short char(3) NOT NULL DEFAULT 'a', body text, long_ longtext,
    bare char(3) CHARACTER SET latin1, full_ varchar(5) CHARACTER SET latin1 COLLATE latin1_bin,
    swedish varchar(5) CHARACTER SET latin1 COLLATE latin1_swedish_ci,
    pure char(1) CHARACTER SET ascii,
    own varchar(5) COLLATE {collation}, kind enum('a', 'COLLATE') COLLATE {collation},
    flags set('x', 'y') CHARACTER SET utf8mb3, raw_ varbinary(9), blob_ blob, doc json,
    made datetime,
    shout varchar(9) AS (CONCAT(_utf8mb4'CHARACTER SET' COLLATE utf8mb4_bin, 'x')) VIRTUAL,
    said varchar(9) DEFAULT (CONCAT(_utf8mb4'a' COLLATE utf8mb4_bin, 'b')),
    other varchar(9) CHARACTER SET utf8mb4
"""


@pytest.mark.parametrize(
    ("collation", "options"),
    [
        ("utf8mb4_bin", ""),
        ("utf8mb4_unicode_ci", "COLLATE=utf8mb4_unicode_ci"),
        ("utf8mb4_general_ci", "DEFAULT CHARSET=utf8mb4"),
        ("latin1_swedish_ci", "DEFAULT CHARSET=latin1 COMMENT='DEFAULT CHARSET=ascii'"),
        ("latin1_german1_ci", "DEFAULT CHARSET=latin1 COLLATE=latin1_german1_ci"),
        ("ascii_bin", "CHARACTER SET ascii COLLATE ascii_general_ci"),
    ],
)
@pytest.mark.parametrize("default", ["utf8mb4_unicode_ci", "latin1_swedish_ci", "utf8mb4_bin"])
def test_collations_are_what_the_server_says_they_are(
    scratch: BaseDatabaseWrapper, collation: str, options: str, default: str
) -> None:
    charset = default.split("_", 1)[0]
    columns = COLUMNS.format(collation=collation)
    run(
        scratch,
        f"ALTER DATABASE CHARACTER SET {charset} COLLATE {default}",
        STATED.format(columns=columns, options=options),
    )
    definitions = to_texts(read_schema(scratch).definitions)

    with scratch.cursor() as cursor:
        cursor.execute(
            "SELECT COLUMN_NAME, COLLATION_NAME FROM information_schema.COLUMNS "
            "WHERE TABLE_SCHEMA = DATABASE()"
        )
        said = dict(cursor.fetchall())
        cursor.execute(
            "SELECT TABLE_COLLATION FROM information_schema.TABLES WHERE TABLE_SCHEMA = DATABASE()"
        )
        (of_table,) = cursor.fetchone()
    for name, says in said.items():
        definition = re.sub(r"\(.*?\)+", "", definitions[f"table odd / column {name}"])
        stated = re.findall(r" CHARACTER SET \S+ COLLATE (\S+)", definition)
        assert stated == ([] if says in (None, default) else [says]), name
    assert (f"COLLATE={of_table}" in definitions["table odd"]) is (of_table != default)


def test_what_is_left_out(everything: Schema, scratch: BaseDatabaseWrapper) -> None:
    text = "\n".join([*everything.definitions.values(), *everything.create.values()])

    assert "=77" not in text
    assert "DEFINER=" not in text
    assert str(scratch.settings_dict["NAME"]) not in text
    assert "utf8mb4_general_ci" not in text
    assert "utf8mb4_0900_ai_ci" not in text


def test_what_is_read(everything: Schema, family: str) -> None:
    definitions = to_texts(everything.definitions)
    table = "table everything"

    assert "COMMENT='DEFAULT AUTO_INCREMENT=5 and CHARSET=x; it''s'" in definitions[table]
    assert "COLLATE y, AUTO_INCREMENT=3" in definitions[f"{table} / column body"]
    assert (
        "enum('a,b','it''s (x)','\"','DEFAULT CHARSET=x')" in definitions[f"{table} / column kind"]
    )
    assert "COLLATE utf8mb4_bin" in definitions[f"{table} / column title"]
    assert "CHARACTER SET latin1" in definitions[f"{table} / column old"]
    assert "COLLATE" not in definitions[f"{table} / column parent_code"]
    assert f"{table} / column a `tick" in definitions
    assert f"{table} / constraint positive" in definitions
    assert "ON DELETE SET NULL" in definitions[f"{table} / constraint its_parent"]
    assert "(`title`(10),`kind`)" in definitions[f"{table} / index one"]
    assert "FULLTEXT" in definitions[f"{table} / index words"]
    assert "PARTITION" in definitions["table parts"]
    assert "latin1_general_ci" in definitions["table other_charset"]
    assert definitions[f"{table} / order of columns"].startswith("id, kind, flags, title")
    assert {key.holder.kind for key in everything.definitions} == {
        "table",
        "view",
        "trigger",
        "procedure",
        "function",
    }


def test_a_reading_of_some_names_is_a_part_of_the_whole(
    everything: Schema, scratch: BaseDatabaseWrapper
) -> None:
    part = read_schema(scratch, {"everything", "twice"}).definitions

    assert {k: v for k, v in everything.definitions.items() if k in part} == part
    assert {str(key.holder) for key in part} == {
        "table everything",
        "trigger shout",
        "function twice",
    }
    assert read_schema(scratch, set()).definitions == {}


def test_a_comment_that_speaks_of_engines_stays_as_it_is(
    server: TestServer, scratch: BaseDatabaseWrapper
) -> None:
    pin(scratch, PINNED)
    comment = "not ENGINE=MyISAM any more"
    run(
        scratch,
        f"CREATE TABLE t (id int COMMENT '{comment}') COMMENT='{comment}' COLLATE utf8mb4_bin",
    )
    schema, t = read_schema(scratch), ObjectKey("table", "t")

    assert schema.definitions[t].endswith(f" COLLATE=utf8mb4_bin COMMENT='{comment}'")
    assert after_engine(schema.create[t], "AUTO_INCREMENT=7").endswith(
        f" ENGINE=InnoDB AUTO_INCREMENT=7 DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin "
        f"COMMENT='{comment}'"
    )
    with database(server, "utf8mb4_unicode_ci") as connection:
        load(connection, schema)
        assert read_schema(connection).definitions == schema.definitions


def test_rows_and_counters_do_not_change_a_reading(
    everything: Schema, scratch: BaseDatabaseWrapper
) -> None:
    run(
        scratch,
        "INSERT INTO everything (title) VALUES ('one'), ('two')",
        "ALTER TABLE everything AUTO_INCREMENT = 1000",
        "CREATE TABLE django_migrations (id int)",
    )

    assert read_schema(scratch).definitions == everything.definitions
    assert table_names(scratch) == ["everything", "other_charset", "parent", "parts"]


@pytest.mark.parametrize(
    ("sql", "changed"),
    [
        ("ALTER TABLE parent ADD note int", "table parent / column note"),
        ("ALTER TABLE parent MODIFY id bigint", "table parent / column id"),
        ("ALTER TABLE parent COMMENT 'x'", "table parent"),
        ("ALTER TABLE parts DROP PARTITION p0", "table parts"),
        ("ALTER TABLE everything DROP CONSTRAINT positive", "constraint positive"),
        ("ALTER TABLE everything MODIFY day date AFTER id", "table everything / order of columns"),
        ("ALTER TABLE parent CONVERT TO CHARACTER SET utf8mb4 COLLATE utf8mb4_bin", "table parent"),
        ("DROP TRIGGER shout", "trigger shout"),
        ("DROP VIEW titles", "view titles"),
        ("DROP PROCEDURE fill", "procedure fill"),
    ],
)
def test_every_change_shows(
    everything: Schema, scratch: BaseDatabaseWrapper, sql: str, changed: str
) -> None:
    if "CONVERT" in sql:
        run(scratch, "ALTER TABLE everything DROP FOREIGN KEY its_parent")
    before = read_schema(scratch).definitions
    run(scratch, sql)
    after = read_schema(scratch).definitions

    differing = [k for k in before.keys() | after.keys() if before.get(k) != after.get(k)]
    assert any(changed in str(key) for key in differing)
