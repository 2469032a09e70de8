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
