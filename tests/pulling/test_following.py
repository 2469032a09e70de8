"""``db_pull --compare APP --write``: the models of an installed app follow the database."""

from __future__ import annotations

from tests.conftest import ProjectFactory
from tests.pulling.conftest import adopted, feed
from tests.scenario import Project

TABLES = """
CREATE TABLE t_a (id int NOT NULL PRIMARY KEY, n varchar(9), old int NOT NULL, KEY old (old));
CREATE TABLE t_b (id int NOT NULL PRIMARY KEY, a_id int,
  CONSTRAINT b_of FOREIGN KEY (a_id) REFERENCES t_a (id));
"""
CHANGES = """
ALTER TABLE t_a MODIFY n varchar(30) NOT NULL COMMENT 'as typed', DROP COLUMN old,
  ADD kind enum('x','y') NOT NULL DEFAULT 'x' AFTER n, ADD KEY by_kind (kind, n),
  ADD UNIQUE KEY n (n), COMMENT = 'Who buys';
ALTER TABLE t_b DROP FOREIGN KEY b_of, ADD second_id int,
  ADD CONSTRAINT second_of FOREIGN KEY (second_id) REFERENCES t_a (id) ON DELETE CASCADE;
CREATE TABLE t_news (id int NOT NULL AUTO_INCREMENT PRIMARY KEY, b_id int NOT NULL, hits int unsigned,
  CONSTRAINT news_of FOREIGN KEY (b_id) REFERENCES t_b (id));
"""


def pulled(project: ProjectFactory, tables: str = TABLES) -> Project:
    site = feed(project({}), tables)
    site.succeeds("db_pull")
    adopted(site, "t")
    return site


def test_the_models_follow(project: ProjectFactory) -> None:
    site = pulled(project)
    feed(site, CHANGES)
    done = site.run("db_pull", "--compare", "t", "--write")
    print(done)
    for f in ("a","b","news","__init__"):
        print(site.read(f"t/models/{f}.py"))
    assert done.code == 0
    print(site.succeeds("db_generate", "--noinput"))
    print(site.succeeds("db_mark_applied", "0002", "--yes"))
    assert site.succeeds("db_migrate").lines == ["Database is up to date!"]
    assert 0
