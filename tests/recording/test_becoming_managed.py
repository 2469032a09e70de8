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


# ---- where makemigrations wrote the migration: AlterModelOptions, which changes no database ------

UNMANAGED = """
from django.db import models


class Log(models.Model):
    what = models.CharField(max_length=20)

    class Meta:
        managed = False
"""
MANAGED = """
from django.db import models


class Log(models.Model):
    what = models.CharField(max_length=20)

    class Meta:
        indexes = [models.Index(fields=["what"], name="by_what")]
"""
FLIP = """
from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("s", "0001_initial")]
    operations = [migrations.AlterModelOptions(name="log", options={})]
"""


def test_a_stock_migration_that_makes_no_table_is_refused(project: ProjectFactory) -> None:
    """Its fields have changed too, of which makemigrations says nothing."""
    site = feed(project({}), TABLES)
    site.succeeds("db_pull")
    adopted(site, "t")
    site.write("t/models/log.py", MODEL)
    site.succeeds("makemigrations")

    refused = site.run("db_generate", "--noinput")
    checked = site.run("db_check", "--json")

    assert refused.code == 2
    assert refused.stderr.splitlines() == [
        "t.0002_alter_log_options makes t.Log a managed model, and nothing makes its table t_log: "
        "Django's AlterModelOptions changes no database.",
        "  Where: t/migrations/0002_alter_log_options.py",
        "  Now:   nothing was written",
        "  Next:  take AlterModelOptions out of it (delete the file where it holds nothing else), "
        "then: python manage.py db_generate   (writes a migration that makes the table)",
    ]
    assert not list(site.history.glob("0002*"))
    assert "managed-without-table" in [each["code"] for each in checked.json["findings"]]

    site.remove("t/migrations/0002_alter_log_options.py")
    site.succeeds("db_generate", "--noinput", "--name", "log")
    assert "CREATE TABLE `t_log`" in (site.history / "0002_log.sql").read_text()
    site.succeeds("db_check")


def test_a_history_that_begins_with_one_is_checked(project: ProjectFactory) -> None:
    """A project that is older than its history: the table may be older than both. The operation
    that db_check writes down makes it for a fresh database."""
    site = project({"s": {"models.py": UNMANAGED}})
    site.succeeds("makemigrations", "s")
    site.write("s/models.py", MANAGED.partition("    class Meta")[0])
    site.write("s/migrations/0002_flip.py", FLIP)
    site.succeeds("db_generate", "--noinput")

    found = site.run("db_check", "--json").json["findings"]

    assert [each["code"] for each in found] == ["managed-without-table"]
    assert found[0]["what"] == (
        "s.0002_flip makes s.Log a managed model, and nothing makes its table s_log."
    )
    assert found[0]["where"] == "s/migrations/0002_flip.py"
    imports = [line for line in found[0]["details"] if line.startswith(("from ", "import "))]
    operation = [line for line in found[0]["details"] if line not in imports]
    site.succeeds("db_generate", "--empty", "s", "--name", "table")
    text = site.read("s/migrations/0003_table.py").replace(
        "operations = [", "operations = [\n" + "\n".join(operation)
    )
    (site.path / "s/migrations/0003_table.py").write_text("\n".join(imports) + "\n" + text)
    site.succeeds("db_generate", "--noinput", "--name", "table")
    site.succeeds("db_check")
    site.write("s/models.py", MANAGED)
    site.succeeds("db_generate", "--noinput", "--name", "by_what")
    site.succeeds("db_migrate", "--replay")
    assert site.columns("s_log") == ["id", "what"]


def test_where_sql_makes_the_table_nothing_is_wrong(project: ProjectFactory) -> None:
    site = project({"s": {"models.py": UNMANAGED}})
    site.succeeds("db_generate", "--noinput")
    site.write("s/models.py", MANAGED.partition("    class Meta")[0])
    site.write(
        "s/migrations/0002_table.py",
        FLIP.replace(
            "operations = [",
            "operations = [migrations.RunSQL('CREATE TABLE s_log (id bigint NOT NULL "
            "AUTO_INCREMENT PRIMARY KEY, what varchar(20) NOT NULL)', 'DROP TABLE s_log'), ",
        ),
    )

    site.succeeds("db_generate", "--noinput")

    site.succeeds("db_check")
    site.succeeds("db_migrate")
    assert "s_log" in site.tables()
