"""Defaults: those that Django does not take as they are, and those that no strict session takes."""

from __future__ import annotations

import pytest

from nestflux.sql.definitions import column_parts, has_zero_date
from tests.conftest import ProjectFactory
from tests.pulling.conftest import Pulled, adopted, feed

OF_RELATIONS = """
CREATE TABLE t_user (id int NOT NULL AUTO_INCREMENT PRIMARY KEY,
  code varchar(9) NOT NULL DEFAULT 'x', UNIQUE KEY code (code));
CREATE TABLE t_of (id int NOT NULL PRIMARY KEY, user_id int NOT NULL DEFAULT 0,
  CONSTRAINT of_user FOREIGN KEY (user_id) REFERENCES t_user (id));
CREATE TABLE t_maybe (id int NOT NULL PRIMARY KEY, user_id int DEFAULT 0,
  UNIQUE KEY one (user_id), CONSTRAINT maybe_user FOREIGN KEY (user_id) REFERENCES t_user (id));
CREATE TABLE t_seventh (id int NOT NULL PRIMARY KEY, user_id int NOT NULL DEFAULT 7,
  CONSTRAINT seventh_user FOREIGN KEY (user_id) REFERENCES t_user (id));
CREATE TABLE t_card (user_id int NOT NULL DEFAULT 0, PRIMARY KEY (user_id),
  CONSTRAINT card_user FOREIGN KEY (user_id) REFERENCES t_user (id));
CREATE TABLE t_coded (id int NOT NULL PRIMARY KEY, code varchar(9) NOT NULL DEFAULT 'none',
  CONSTRAINT coded_by FOREIGN KEY (code) REFERENCES t_user (code));
"""
BYTES = """
SET NAMES utf8mb4;
CREATE TABLE t_bytes (id int NOT NULL PRIMARY KEY, a varbinary(10) DEFAULT 0x00FF,
  b binary(2) NOT NULL DEFAULT 0xFFFE, c varbinary(9) DEFAULT 0x27FF5C,
  d varbinary(20) DEFAULT 0xC3BC, e binary(3) DEFAULT 0x0a0d00, f varchar(20) DEFAULT 'ü');
"""
ZERO_DATES = """
SET sql_mode = '';
CREATE TABLE t_one (id int NOT NULL AUTO_INCREMENT PRIMARY KEY,
  d date NOT NULL DEFAULT '0000-00-00', code varchar(20) NOT NULL DEFAULT 'A-00');
CREATE TABLE t_many (
  id int NOT NULL AUTO_INCREMENT PRIMARY KEY,
  d date NOT NULL DEFAULT '0000-00-00',
  e datetime NOT NULL DEFAULT '0000-00-00 00:00:00',
  f timestamp NOT NULL DEFAULT '0000-00-00 00:00:00',
  g date DEFAULT '0000-00-00',
  h datetime(6) DEFAULT '2020-00-01 00:00:00',
  i date DEFAULT '2020-02-00',
  j datetime DEFAULT '2020-01-01 10:00:00',
  k timestamp(3) NULL DEFAULT '0000-00-00 00:00:00' ON UPDATE CURRENT_TIMESTAMP(3),
  text varchar(30) DEFAULT '0000-00-00', kind enum('0000-00-00','x') DEFAULT '0000-00-00'
);
INSERT INTO t_one (id) VALUES (NULL);
INSERT INTO t_many (id) VALUES (NULL);
"""


def test_the_default_of_a_relation(project: ProjectFactory) -> None:
    """Django takes no 0 for what leads to an AutoField (``validate_autopk_value``)."""
    site = feed(project({}), OF_RELATIONS)

    done = site.succeeds("db_pull")

    assert "✓ Migrated to an empty schema, the models give it back: 6 tables, 0 differences" in (
        done.lines
    )
    assert "db_default=Sql(" in site.read("t/models/of.py")
    assert "db_default=7" in site.read("t/models/seventh.py")
    adopted(site, "t")


def test_zero_dates_have_one_way_out(project: ProjectFactory) -> None:
    """A strict session alters no table that has another zero date left: all go at once."""
    site = feed(project({}), ZERO_DATES)
    pulled = Pulled(site, site.succeeds("db_pull"))
    assert [about.split()[0] for about in pulled.remarks("A zero date is no default")] == [
        "t_many.d",
        "t_many.e",
        "t_many.f",
        "t_many.g",
        "t_many.h",
        "t_many.i",
        "t_many.k",
        "t_one.d",
    ]
    site.settings(apps=("t",))
    site.succeeds("db_generate", "--noinput")
    refused = site.run("db_baseline", "--yes")
    assert refused.lines[-1] == "python manage.py db_baseline --reconcile"

    site.succeeds("db_baseline", "--reconcile", "zero.sql")
    assert site.read("zero.sql").count("ALTER TABLE") == 2
    site.feed_to_the_client(site.read("zero.sql"))

    assert site.succeeds("db_baseline", "--yes").lines[-1] == "Database is up to date!"
    assert site.sql(
        "SELECT COLUMN_DEFAULT IS NULL OR COLUMN_DEFAULT = 'NULL' FROM "
        "information_schema.COLUMNS WHERE TABLE_SCHEMA = DATABASE() "
        "AND TABLE_NAME = 't_many' AND COLUMN_NAME IN ('d', 'g')"
    ) == [(1,), (1,)]
    assert site.sql("SELECT text, kind FROM t_many") == [("0000-00-00", "0000-00-00")]


def test_the_default_of_bytes(project: ProjectFactory) -> None:
    """MariaDB prints them as they are, in any character set or none."""
    site = feed(project({}), BYTES)

    done = site.succeeds("db_pull", "--app", "t=*")

    assert "✓ Migrated to an empty schema, the models give it back: 1 table, 0 differences" in (
        done.lines
    )
    adopted(site, "t")
    used = site.python(
        r"""
        from t.models import Byte

        row = Byte.objects.create(id=1)
        row.refresh_from_db()
        assert (row.a, row.b, row.c) == (b"\x00\xff", b"\xff\xfe", b"'\xff\\")
        assert (row.d, row.e, row.f) == ("ü".encode(), b"\n\r\x00", "ü")
        """
    )
    assert used.code == 0, str(used)


@pytest.mark.parametrize(
    ("text", "zero"),
    [
        ("date NOT NULL DEFAULT '0000-00-00'", True),
        ("timestamp(3) NULL DEFAULT '0000-00-00 00:00:00.000' ON UPDATE now(3)", True),
        ("datetime DEFAULT '2020-00-01 00:00:00'", True),
        ("date DEFAULT '2020-02-00'", True),
        ("datetime DEFAULT '2020-02-01 00:00:00'", False),
        ("date DEFAULT '2000-10-10'", False),
        ("varchar(20) DEFAULT 'A-00'", False),
        ("varchar(20) DEFAULT '0000-00-00'", False),
        ("enum('0000-00-00') DEFAULT '0000-00-00'", False),
        ("date DEFAULT NULL", False),
        ("time DEFAULT '00:00:00'", False),
    ],
)
def test_only_a_date_is_a_zero_date(text: str, zero: bool) -> None:
    assert has_zero_date(column_parts(text)) is zero
