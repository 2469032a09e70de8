"""What Django allows and few projects have: the files build what its own migrate builds."""

from __future__ import annotations

import shutil

import pytest
from pytest_django.plugin import DjangoDbBlocker

from tests.conftest import ProjectFactory
from tests.scenario import Project
from tests.scenarios.databases import migrate_as_django, stages_of, twin
from tests.scenarios.looking import difference, rows_of, schema_of

SETTINGS = """
    MIGRATION_MODULES = {"moved": "elsewhere.of_moved"}
    ODD_THING_MODEL = "odd.OwnThing"
"""
MOVED = """
    from django.db import models


    class Place(models.Model):
        name = models.CharField(max_length=20)
"""
PLAIN = """
    from django.db import models


    class Draft(models.Model):
        text = models.TextField()
"""
THINGS = """
    from django.db import models


    class Thing(models.Model):
        name = models.CharField(max_length=20)

        class Meta:
            swappable = "ODD_THING_MODEL"
"""
ODD = """
    from django.conf import settings
    from django.db import models


    class OwnThing(models.Model):
        code = models.CharField(max_length=8, primary_key=True)


    class Legacy(models.Model):
        text = models.CharField(max_length=5)

        class Meta:
            managed = False


    class Member(models.Model):
        name = models.CharField(max_length=20)


    class Club(models.Model):
        place = models.ForeignKey("moved.Place", models.PROTECT)
        thing = models.ForeignKey(settings.ODD_THING_MODEL, models.PROTECT)
        members = models.ManyToManyField(Member)


    class Seat(models.Model):
        pk = models.CompositePrimaryKey("club_id", "number")
        club = models.ForeignKey(Club, models.CASCADE)
        number = models.IntegerField()
"""
# The join table gets a model of its own, and a column: Django's documented way (topics "Writing
# migrations", "Changing a ManyToManyField to use a through model").
WITH_MEMBERSHIP = ("ManyToManyField(Member)", 'ManyToManyField(Member, through="Membership")')
MEMBERSHIP = """

    class Membership(models.Model):
        club = models.ForeignKey(Club, models.CASCADE)
        member = models.ForeignKey(Member, models.CASCADE)
        since = models.IntegerField(default=2026)

        class Meta:
            db_table = "odd_membership"
            unique_together = [("club", "member")]
"""
THROUGH = """
    import django.db.models.deletion
    from django.db import migrations, models

    from packaged.operations import AddSearch


    class Migration(migrations.Migration):
        dependencies = [("odd", "0001_initial")]
        operations = [
            migrations.SeparateDatabaseAndState(
                database_operations=[
                    migrations.RunSQL(
                        "ALTER TABLE odd_club_members RENAME TO odd_membership",
                        "ALTER TABLE odd_membership RENAME TO odd_club_members",
                    ),
                ],
                state_operations=[
                    migrations.CreateModel(
                        "Membership",
                        [("id", models.BigAutoField(auto_created=True, primary_key=True,
                                                    serialize=False, verbose_name="ID")),
                         ("club", models.ForeignKey("odd.club", django.db.models.deletion.CASCADE)),
                         ("member",
                          models.ForeignKey("odd.member", django.db.models.deletion.CASCADE))],
                        options={"db_table": "odd_membership",
                                 "unique_together": {("club", "member")}},
                    ),
                    migrations.AlterField(
                        "club", "members",
                        models.ManyToManyField("odd.member", through="odd.Membership"),
                    ),
                ],
            ),
            migrations.AddField("membership", "since", models.IntegerField(default=2026)),
            AddSearch("odd_member", "name"),
        ]
"""
# As packages have them: no operation of Django's, and statements of its own both ways.
PACKAGED = """
    from django.db.migrations.operations.base import Operation


    class AddSearch(Operation):
        reversible = True

        def __init__(self, table, column):
            self.table, self.column = table, column

        def state_forwards(self, app_label, state):
            pass

        def database_forwards(self, app_label, editor, from_state, to_state):
            editor.execute(f"CREATE TABLE {self.table}_searches (id int PRIMARY KEY, found int)")
            editor.execute(f"CREATE FULLTEXT INDEX {self.table}_search "
                           f"ON {self.table} ({self.column})")

        def database_backwards(self, app_label, editor, from_state, to_state):
            editor.execute(f"DROP INDEX {self.table}_search ON {self.table}")
            editor.execute(f"DROP TABLE {self.table}_searches")
"""


@pytest.fixture
def odd(project: ProjectFactory) -> Project:
    made = project(
        {
            "things": {"models.py": THINGS},
            "moved": {"models.py": MOVED},
            "odd": {"models.py": ODD},
            "plain": {"models.py": PLAIN},
        },
        settings=SETTINGS,
    )
    made.write("elsewhere/__init__.py", "")
    made.write("elsewhere/of_moved/__init__.py", "")
    made.write("packaged/__init__.py", "")
    made.write("packaged/operations.py", PACKAGED)
    shutil.rmtree(made.path / "plain" / "migrations")
    made.succeeds("db_generate", "--name", "first", "--noinput")
    return made


def _grown(odd: Project) -> None:
    odd.write("odd/models.py", ODD.replace(*WITH_MEMBERSHIP) + MEMBERSHIP)
    odd.write("odd/migrations/0002_membership.py", THROUGH)
    odd.succeeds("db_generate", "--name", "second", "--noinput")


def test_the_files_build_what_django_builds(
    odd: Project, django_db_blocker: DjangoDbBlocker
) -> None:
    _grown(odd)
    fresh, replayed, django = (twin(odd, name) for name in ("fresh", "replayed", "django"))

    fresh.succeeds("db_migrate")
    replayed.succeeds("db_migrate", "--replay")
    migrate_as_django(django, stages=stages_of(odd))

    assert "CREATE FULLTEXT INDEX" in (odd.history / "0002_second.sql").read_text(encoding="utf-8")
    expected = schema_of(django), rows_of(django)
    for one in (fresh, replayed):
        assert difference(schema_of(one), expected[0]) == []
        assert difference(rows_of(one), expected[1]) == []
    assert not {"things_thing", "odd_legacy", "plain_draft"} & set(fresh.tables())
    assert (odd.path / "elsewhere" / "of_moved" / "0001_initial.py").exists()
    assert odd.succeeds("db_generate", "--check", "--noinput").lines[0].startswith("No changes")

    replayed.succeeds("db_rollback", "--to", "0001", "--yes")
    migrate_as_django(django, stages=[[("odd", "0001_initial")]], to_the_end=False)
    assert difference(schema_of(replayed), schema_of(django)) == []


def test_an_app_without_migrations_is_left_to_django(odd: Project) -> None:
    odd.succeeds("db_migrate")

    odd.succeeds("migrate", "--run-syncdb")

    assert "plain_draft" in odd.tables()
    assert odd.succeeds("db_status").lines[-1] == "Database is up to date!"
