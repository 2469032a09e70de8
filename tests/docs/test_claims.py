"""What the README claims: Django's printed SQL against the SQL that it runs, and the tests that
it names."""

from __future__ import annotations

import re

from tests.conftest import ProjectFactory
from tests.docs.documents import REPOSITORY, Block, loose_blocks
from tests.scenario import Project

README = REPOSITORY / "README.md"
USER = """
from django.db import models

class User(models.Model):
    id = models.AutoField(primary_key=True)
"""
POST = """
from django.db import models

class Post(models.Model):
    author = models.ForeignKey("identity.User", on_delete=models.PROTECT)
"""
# Stock migrate, and every DDL statement that it executes.
WATCHED = """
from django.core.management import call_command
from django.db import connection

def watch(execute, sql, params, many, context):
    if sql.split()[0] in ("ALTER", "CREATE", "DROP"):
        print(sql % tuple(params) if params else sql, end=";\\n")
    return execute(sql, params, many, context)

with connection.execute_wrapper(watch):
    call_command("migrate", verbosity=0)
"""


def claim(name: str) -> Block:
    return next(block for block in loose_blocks(README) if block.value("claim") == name)


def widened(project: ProjectFactory) -> Project:
    """A migrated project without a history, whose user's key was then made 64 bits wide."""
    shop = project({"identity": {"models.py": USER}, "blog": {"models.py": POST}})
    shop.succeeds("makemigrations", "identity", "blog")
    shop.succeeds("migrate")
    shop.edit("identity/models.py", "AutoField", "BigAutoField")
    shop.succeeds("makemigrations", "identity")
    return shop


def test_sqlmigrate_prints_what_migrate_does_not_run(project: ProjectFactory) -> None:
    shop = widened(project)

    printed = shop.succeeds("sqlmigrate", "identity", "0002").lines
    ran = shop.python(WATCHED).lines

    assert [line for line in printed if not line.startswith("--")] == [claim("printed").text]
    assert [" ".join(line.split()) for line in ran] == claim("ran").text.splitlines()


def test_the_printed_statement_fails_alone(project: ProjectFactory) -> None:
    shop = widened(project)

    outcome = shop.python(
        f"from django.db import connection\nconnection.cursor().execute({claim('printed').text!r})"
    )

    assert outcome.code == 1
    assert re.search(r"\((1833|3780),", outcome.stderr), outcome.stderr


def test_db_generate_records_what_migrate_runs(project: ProjectFactory) -> None:
    shop = widened(project)

    shop.succeeds("db_generate", "--name", "all")

    text = (shop.history / "0001_all.sql").read_text(encoding="utf-8")
    recorded = [line for line in text.splitlines() if line.startswith("ALTER")]
    assert recorded[-4:] == claim("ran").text.splitlines()


TAG = """
from django.db import models

class Tag(models.Model):
    name = models.CharField(max_length=20, default="")
"""


def test_django_alone_dies_on_the_statement_that_ran_already(project: ProjectFactory) -> None:
    """A migration of two statements whose second fails: fixing the cause is not enough."""
    shop = project({"blog": {"models.py": TAG}})
    shop.succeeds("makemigrations", "blog")
    shop.succeeds("migrate")
    shop.sql("INSERT INTO blog_tag (name) VALUES (''), ('')")
    shop.edit(
        "blog/models.py",
        'default="")',
        'default="", unique=True)\n    rank = models.IntegerField(null=True)',
    )
    shop.succeeds("makemigrations", "blog")
    text = (shop.path / "blog/migrations/0002_tag_rank_alter_tag_name.py").read_text()
    assert text.index("AddField") < text.index("AlterField")

    first = shop.run("migrate")
    shop.sql("UPDATE blog_tag SET name = id")
    second = shop.run("migrate")

    assert "1062" in str(first)
    assert "1060" in str(second)


def test_django_alone_drops_a_renamed_column_when_nobody_is_asked(project: ProjectFactory) -> None:
    shop = project({"blog": {"models.py": TAG}})
    shop.succeeds("makemigrations", "blog")
    shop.edit("blog/models.py", "name =", "label =")

    made = shop.succeeds("makemigrations", "blog", "--noinput")

    assert "- Remove field name from tag" in made.stdout
    assert "+ Add field label to tag" in made.stdout


def test_the_tests_that_are_named_exist() -> None:
    named = re.findall(r"`(tests/[\w/.]+|docs/[\w/.-]+)`", README.read_text(encoding="utf-8"))

    assert named
    assert [name for name in named if not (REPOSITORY / name).exists()] == []
