"""A step and what goes with it in one packet, where something comes in between."""

from __future__ import annotations

import pytest

from tests.conftest import ProjectFactory
from tests.scenario import Project

ONE_A_PACKET = 'DATABASES["default"]["OPTIONS"]["multi_statements"] = False'
IN_BOTH_WAYS = pytest.mark.parametrize("settings", ["", ONE_A_PACKET], ids=["several", "one"])
# Gives the lock away right before the ledger is to say that a statement of the second file begins.
LOSING = """
import json
from django.db import connection
from nestflux.applying.run.migrate import migrate
from nestflux.applying.target import open_target
from nestflux.exceptions import LockLost
from nestflux.database.lock_names import lock_of

def wrapper(execute, sql, params, many, context):
    if "ordinal IN (2, 3)" in sql:
        connection.execute_wrappers.remove(wrapper)
        with connection.cursor() as cursor:
            cursor.execute("SELECT RELEASE_LOCK(%s)", [lock_of(connection)])
        connection.execute_wrappers.append(wrapper)
    return execute(sql, params, many, context)

connection.ensure_connection()
connection.execute_wrappers.append(wrapper)
try:
    migrate(open_target("default"))
except LockLost:
    del connection.execute_wrappers[:]
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT s.ordinal, s.state FROM nestflux_statement s "
            "JOIN nestflux_sql_migration m ON m.id = s.sql_migration_id "
            "WHERE m.name = '0002_second' ORDER BY ordinal"
        )
        print(json.dumps(cursor.fetchall()))
"""
TRIGGERS = (
    "SELECT ACTION_STATEMENT FROM information_schema.TRIGGERS WHERE TRIGGER_SCHEMA = DATABASE()"
)
MODELS = """
    from django.db import models


    class Category(models.Model):
        name = models.CharField(max_length=40)
        price = models.IntegerField(null=True)
        weight = models.IntegerField(null=True)
"""
MIGRATION = """
    from django.db import migrations, models


    class Migration(migrations.Migration):
        initial = True
        operations = [
            migrations.CreateModel(
                "Category",
                [("id", models.BigAutoField(auto_created=True, primary_key=True,
                                            serialize=False, verbose_name="ID")),
                 ("name", models.CharField(max_length=40))],
            ),
            migrations.RunSQL(
                "CREATE TRIGGER shop_trim BEFORE INSERT ON shop_category "
                "FOR EACH ROW SET NEW.name = TRIM(NEW.name)",
                "DROP TRIGGER shop_trim",
            ),
            migrations.AddField("Category", "price", models.IntegerField(null=True)),
            migrations.AddField("Category", "weight", models.IntegerField(null=True)),
        ]
"""

NOTES = """
    from django.db import models


    class Note(models.Model):
        text = models.CharField(max_length=40)
"""
NOTED = """
    from django.db import migrations, models


    class Migration(migrations.Migration):
        initial = True
        operations = [
            migrations.CreateModel(
                "Note",
                [("id", models.BigAutoField(auto_created=True, primary_key=True,
                                            serialize=False, verbose_name="ID")),
                 ("text", models.CharField(max_length=40))],
            ),
            migrations.RunSQL(
                ["SET div_precision_increment = 9",
                 "INSERT INTO shop_note (text) SELECT CONCAT(1 / 3)"],
                migrations.RunSQL.noop,
            ),
        ]
"""
NOTED_AGAIN = """
    from django.db import migrations


    class Migration(migrations.Migration):
        dependencies = [("shop", "0001_initial")]
        operations = [
            migrations.RunSQL(
                "INSERT INTO shop_note (text) SELECT CONCAT(1 / 3)", migrations.RunSQL.noop
            ),
        ]
"""

FILLED = """
    from django.db import migrations


    class Migration(migrations.Migration):
        dependencies = [("shop", "0001_initial")]
        operations = [
            migrations.RunSQL(
                ["INSERT INTO shop_note (id, text) VALUES (1, 'a'), (2, 'it''s; b') {returning}",
                 "UPDATE shop_note SET text = CONCAT(text, '!') WHERE id <= 2",
                 "INSERT INTO shop_note (id, text) SELECT id + 2, text FROM shop_note",
                 "DELETE FROM shop_note WHERE id = 1"],
                migrations.RunSQL.noop,
            ),
        ]
"""
ROWS_OF_STEPS = (
    "SELECT s.ordinal, s.state, s.rows_affected, s.seconds >= 0 FROM nestflux_statement s "
    "JOIN nestflux_sql_migration m ON m.id = s.sql_migration_id WHERE m.name = '0002_rows' "
    "ORDER BY s.ordinal"
)


@IN_BOTH_WAYS
def test_a_data_statement_that_fails_leaves_nothing_and_those_before_it_stand(
    project: ProjectFactory, family: str, settings: str
) -> None:
    shop = project({"shop": {"models.py": NOTES}})
    shop.succeeds("db_generate", "--name", "first", "--noinput")
    returning = "RETURNING id" if family == "mariadb" else ""
    shop.write("shop/migrations/0002_rows.py", FILLED.format(returning=returning))
    shop.succeeds("db_generate", "--name", "rows", "--noinput")
    shop.succeeds("db_migrate", "--to", "0001")
    shop.settings(settings)
    shop.sql("INSERT INTO shop_note (id, text) VALUES (4, 'in the way')")

    failed = shop.run("db_migrate", "--no-backup")
    half, rows = shop.sql(ROWS_OF_STEPS), shop.sql("SELECT id, text FROM shop_note ORDER BY id")
    shop.sql("DELETE FROM shop_note WHERE id = 4")
    finished = shop.succeeds("db_migrate", "--no-backup")

    assert failed.code == 1
    assert "0002_rows.sql, statement 3 of 4" in failed.stderr
    assert half[1] == (2, "done", 2, 1)
    assert [row[1] for row in half] == ["done", "done", "failed", "pending"]
    assert rows == [(1, "a!"), (2, "it's; b!"), (4, "in the way")]
    assert "statement 3 failed in an earlier run; running it again" in finished.stdout
    assert shop.sql("SELECT id FROM shop_note ORDER BY id") == [(2,), (3,), (4,)]
    assert [row[1:] for row in shop.sql(ROWS_OF_STEPS)][1:] == [("done", n, 1) for n in (2, 2, 1)]


@IN_BOTH_WAYS
def test_without_the_lock_the_ledger_says_nothing_and_nothing_runs(
    shop: Project, settings: str
) -> None:
    shop.succeeds("db_migrate", "--to", "0001")
    shop.settings(settings)

    states = shop.python(LOSING).json
    columns = shop.columns("shop_product")
    finished = shop.succeeds("db_migrate")

    assert states[:4] == [[1, "done"], [2, "started"], [3, "pending"], [4, "pending"]]
    assert "price" in columns
    assert "statement 2 was in flight and is done" in finished.stdout
    assert finished.lines[-1] == "Database is up to date!"


@IN_BOTH_WAYS
def test_a_trigger_ends_where_its_text_ends(project: ProjectFactory, settings: str) -> None:
    """MySQL keeps what follows in the packet for a part of its body."""
    shop = project({"shop": {"models.py": MODELS, "migrations/0001_initial.py": MIGRATION}})
    shop.succeeds("db_generate", "--name", "first", "--noinput")
    shop.settings(settings)

    shop.succeeds("db_migrate", "--replay")
    replayed = shop.sql(TRIGGERS)
    shop.recreate_database()
    shop.succeeds("db_migrate")
    loaded = shop.sql(TRIGGERS)

    assert replayed == loaded == [("SET NEW.name = TRIM(NEW.name)",)]
    assert shop.columns("shop_category") == ["id", "name", "price", "weight"]


@IN_BOTH_WAYS
def test_a_statement_that_fails_leaves_those_before_it_and_none_behind(
    shop: Project, settings: str
) -> None:
    shop.succeeds("db_migrate", "--to", "0001")
    shop.settings(settings)
    shop.sql("ALTER TABLE shop_product ADD COLUMN price int")  # in the way of the first one

    failed = shop.run("db_migrate")
    states = shop.sql("SELECT DISTINCT state FROM nestflux_statement WHERE state <> 'done'")
    shop.sql("ALTER TABLE shop_product DROP COLUMN price")
    finished = shop.succeeds("db_migrate")

    assert failed.code == 1
    assert "0002_second.sql, statement 1 of" in failed.stderr
    assert "statement 1 changed nothing" in failed.stderr
    assert sorted(states) == [("failed",), ("pending",)]
    assert "statement 1 failed in an earlier run; running it again" in finished.stdout


@IN_BOTH_WAYS
def test_what_a_file_sets_ends_with_it(project: ProjectFactory, settings: str) -> None:
    shop = project({"shop": {"models.py": NOTES, "migrations/0001_initial.py": NOTED}})
    shop.succeeds("db_generate", "--name", "first", "--noinput")
    shop.write("shop/migrations/0002_more.py", NOTED_AGAIN)
    shop.succeeds("db_generate", "--name", "second", "--noinput")
    shop.settings(settings)

    shop.succeeds("db_migrate", "--replay")

    assert shop.sql("SELECT text FROM shop_note ORDER BY id") == [("0.333333333",), ("0.3333",)]


@IN_BOTH_WAYS
@pytest.mark.parametrize("file", ["0001", "0002"], ids=["the first", "a later one"])
def test_a_set_that_the_server_refuses_is_no_failure_of_a_statement(
    shop: Project, settings: str, file: str
) -> None:
    shop.settings(settings)
    if file == "0002":
        shop.succeeds("db_migrate", "--to", "0001")

    refused = shop.python(
        """
        from django.core.management import CommandError, call_command
        from nestflux.applying.run import file_session

        file_session.pinning = lambda sets, own: (*sets, "SET no_such_variable = 1")
        try:
            call_command("db_migrate", "--replay")
        except CommandError as error:
            print(error)
        """
    )
    finished = shop.succeeds("db_migrate", "--replay")

    assert f"The ledger could not be written while {file}_" in refused.stdout, str(refused)
    assert "no_such_variable" in refused.stdout
    assert finished.lines[-1] == "Database is up to date!"
