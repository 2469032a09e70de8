"""A model that was not managed and is now: the history makes its table."""

from __future__ import annotations

from tests.conftest import ProjectFactory
from tests.pulling.conftest import adopted, feed

TABLES = """
CREATE TABLE t_user (id int NOT NULL PRIMARY KEY);
CREATE TABLE t_log (user_id int NOT NULL, what varchar(20),
  CONSTRAINT log_of FOREIGN KEY (user_id) REFERENCES t_user (id));
INSERT INTO t_user VALUES (1);
INSERT INTO t_log VALUES (1, 'in'), (1, 'in');
"""
MODEL = """
from django.db import models


class Log(models.Model):
    id = models.BigAutoField(primary_key=True)
    user = models.ForeignKey("User", models.DO_NOTHING)
    what = models.CharField(max_length=20, null=True)

    class Meta:
        db_table = "t_log"
"""


def test_a_table_that_gets_a_key_and_is_managed(project: ProjectFactory) -> None:
    """The key is added to the table by hand, the file marked as applied; an empty database gets
    both from the files."""
    site = feed(project({}), TABLES)
    site.succeeds("db_pull")
    adopted(site, "t")
    site.write("t/models/log.py", MODEL)

    generated = site.succeeds("db_generate", "--noinput", "--name", "log_is_managed")

    assert "CREATE TABLE `t_log`" in (site.history / "0002_log_is_managed.sql").read_text()
    assert "DROP TABLE" not in generated.stdout
    assert site.succeeds("db_generate", "--check").lines[0].startswith("No changes")
    site.succeeds("db_check")
    script = (
        site.history.joinpath("0002_log_is_managed.sql").read_text().partition("ADD CONSTRAINT ")[2]
    )
    constraint = script.split()[0].strip("`")
    site.sql("ALTER TABLE t_log ADD id bigint NOT NULL AUTO_INCREMENT PRIMARY KEY FIRST")
    site.sql(
        f"ALTER TABLE t_log DROP FOREIGN KEY log_of, DROP KEY log_of, "
        f"ADD CONSTRAINT `{constraint}` FOREIGN KEY (user_id) REFERENCES t_user (id)"
    )
    site.succeeds("db_mark_applied", "0002", "--yes")
    assert site.succeeds("db_migrate").lines == ["Database is up to date!"]
    assert site.sql("SELECT COUNT(*) FROM t_log") == [(2,)]

    site.recreate_database()
    site.succeeds("db_migrate")
    assert "t_log" in site.tables()
    site.recreate_database()
    site.succeeds("db_migrate", "--replay")
    assert "t_log" in site.tables()
