"""A second pull: of tables that came later, into a database that NestFlux migrates already."""

from __future__ import annotations

from tests.conftest import ProjectFactory
from tests.pulling.conftest import adopted, feed

FIRST = """
CREATE TABLE t_a (id int NOT NULL PRIMARY KEY, n varchar(9));
CREATE TABLE t_b (id int NOT NULL PRIMARY KEY, a_id int,
  CONSTRAINT b_of FOREIGN KEY (a_id) REFERENCES t_a (id));
"""
LATER = """
CREATE TABLE u_a (id int NOT NULL PRIMARY KEY, kind enum('x','y') NOT NULL DEFAULT 'x');
CREATE TABLE u_b (id int NOT NULL PRIMARY KEY, a_id int, n int NOT NULL DEFAULT 1,
  CONSTRAINT b_of_a FOREIGN KEY (a_id) REFERENCES t_a (id), KEY n (n));
"""


def test_its_next_step_works(project: ProjectFactory) -> None:
    site = feed(project({}), FIRST)
    site.succeeds("db_pull")
    adopted(site, "t")
    feed(site, LATER)

    done = site.succeeds("db_pull")

    assert done.lines[-3:] == [
        'Next: add "u" to INSTALLED_APPS, then',
        "      python manage.py db_generate",
        "      python manage.py db_mark_applied 0002",
    ]
    site.settings(apps=("t", "u"))
    site.succeeds("db_generate", "--noinput")
    site.succeeds("db_mark_applied", "0002", "--yes")
    assert site.succeeds("db_migrate").lines == ["Database is up to date!"]
    assert site.succeeds("db_status").code == 0


def test_what_is_pending_goes_first(project: ProjectFactory) -> None:
    site = feed(project({}), FIRST)
    site.succeeds("db_pull")
    adopted(site, "t")
    site.edit("t/models/a.py", "max_length=9", "max_length=20")
    site.succeeds("db_generate", "--noinput")
    feed(site, LATER)

    done = site.succeeds("db_pull")

    assert done.lines[-3:] == [
        "      python manage.py db_migrate",
        "      python manage.py db_generate",
        "      python manage.py db_mark_applied 0003",
    ]


def test_who_migrates_all_the_same_is_told_the_way_back(project: ProjectFactory) -> None:
    site = feed(project({}), FIRST)
    site.succeeds("db_pull")
    adopted(site, "t")
    feed(site, LATER)
    site.succeeds("db_pull")
    site.settings(apps=("t", "u"))
    site.succeeds("db_generate", "--noinput")

    baseline = site.run("db_baseline", "--yes")
    stopped = site.run("db_migrate")

    assert "db_mark_applied FILE" in baseline.stderr
    assert "If all that the file makes is there: db_mark_applied." in stopped.stderr
    site.succeeds("db_mark_applied", "0002", "--yes")
    assert site.succeeds("db_migrate").lines == ["Database is up to date!"]


def test_what_was_changed_in_the_database_is_shown(project: ProjectFactory) -> None:
    """And once the models say it, too, the next file is marked as applied."""
    site = feed(project({}), FIRST)
    site.succeeds("db_pull")
    adopted(site, "t")
    same = site.succeeds("db_pull", "--compare", "t")
    assert same.lines == ["✓ The models of t give what the database has."]

    site.sql("ALTER TABLE t_a MODIFY n varchar(30), ADD KEY n (n)")
    site.sql("ALTER TABLE t_b ADD extra int NOT NULL DEFAULT 3, DROP FOREIGN KEY b_of")
    shown = site.run("db_pull", "--compare", "t")

    assert shown.code == 1, str(shown)
    found = [line.strip() for line in shown.lines if line.startswith("    ")]
    assert found[0] == (
        "differs: table t_a / column n, type: varchar(30), and by the models: varchar(9)"
    )
    assert found[1] == "missing: table t_a / index n: KEY `n` (`n`)"
    assert found[2].startswith("missing: table t_b / column extra: int")
    assert found[3].startswith("not in the database: table t_b / constraint b_of: CONSTRAINT")
    assert shown.lines[-1] == "      python manage.py db_mark_applied 0002"

    site.edit("t/models/a.py", "max_length=9", "max_length=30")
    left = site.run("db_pull", "--compare", "t", "--json").json["differences"]
    assert [each["key"] for each in left] == [
        "table t_a / index n",
        "table t_b / column extra",
        "table t_b / constraint b_of",
    ]


def test_an_app_that_is_not_installed_cannot_be_compared(project: ProjectFactory) -> None:
    site = feed(project({}), FIRST)

    refused = site.run("db_pull", "--compare", "shop")

    assert refused.code == 2
    assert refused.stderr.startswith("No app has the label 'shop'.")
