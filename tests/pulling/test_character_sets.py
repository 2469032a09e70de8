"""A database whose default character set is not that of the schemas that models are recorded on."""

from __future__ import annotations

import pytest

from tests.conftest import ProjectFactory
from tests.pulling.conftest import adopted, feed

TABLES = """
CREATE TABLE t_long (
  id int NOT NULL AUTO_INCREMENT PRIMARY KEY, name varchar(1000) NOT NULL, story text,
  kind enum('a','b') NOT NULL DEFAULT 'b', other varchar(20) CHARACTER SET utf8mb4,
  code char(3) DEFAULT 'abc', UNIQUE KEY name (name), KEY story (story(700)),
  FULLTEXT KEY words (story)
);
CREATE TABLE t_code (code varchar(900) NOT NULL PRIMARY KEY);
CREATE TABLE t_of (id int NOT NULL PRIMARY KEY, code varchar(900),
  CONSTRAINT of_code FOREIGN KEY (code) REFERENCES t_code (code));
"""
MYISAM = """
CREATE TABLE t_isam (code varchar(255) NOT NULL, b varchar(255) NOT NULL, c varchar(255),
  PRIMARY KEY (code, b), KEY c (c)) ENGINE=MyISAM;
"""


@pytest.mark.parametrize(
    ("default", "tables"), [("latin1_swedish_ci", TABLES + MYISAM), ("utf8mb3_bin", TABLES)]
)
def test_keys_that_would_be_too_long_in_utf8mb4(
    project: ProjectFactory, default: str, tables: str
) -> None:
    site = project({})
    site.sql(
        f"ALTER DATABASE `{site.database}` CHARACTER SET {default.split('_')[0]} COLLATE {default}"
    )
    feed(site, tables)

    done = site.succeeds("db_pull")

    count = tables.count("CREATE TABLE")
    assert (
        f"✓ Migrated to an empty schema, the models give it back: {count} tables, 0 differences"
        in (done.lines)
    )
    assert f'db_collation="{default}"' in site.read("t/models/long.py")
    adopted(site, "t")


def test_of_utf8mb4_only_what_differs_from_the_default_is_said(project: ProjectFactory) -> None:
    site = project({})
    site.sql(f"ALTER DATABASE `{site.database}` COLLATE utf8mb4_unicode_ci")
    feed(
        site,
        "CREATE TABLE t_a (id int NOT NULL PRIMARY KEY, n varchar(9), "
        "m varchar(9) COLLATE utf8mb4_bin)",
    )

    site.succeeds("db_pull", "--app", "t=*")

    assert site.read("t/models/a.py").count("db_collation") == 1
