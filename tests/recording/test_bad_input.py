"""What a person can break in migrations, models and history files: one clear message, exit 2
(1 where Django's own run fails), nothing changed."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from tests.conftest import ProjectFactory
from tests.scenario import Project

MODELS = """
    from django.db import models

    class Person(models.Model):
        name = models.CharField(max_length=40)
"""
MIGRATION = """
from django.db import migrations

class Migration(migrations.Migration):
    dependencies = [("shop", "0001_initial")]
    operations = [{operations}]
"""


@pytest.fixture
def shop(project: ProjectFactory) -> Project:
    """A project with one recorded file and a model that was changed since."""
    made = project({"shop": {"models.py": MODELS}})
    made.succeeds("db_generate")
    made.edit("shop/models.py", "40", "50")
    return made


def refused(shop: Project, *said: str, code: int = 2) -> None:
    """``db_generate`` says all that, in words, and writes nothing."""
    before = _tree(shop.path)
    outcome = shop.run("db_generate")
    assert outcome.code == code, str(outcome)
    for words in said:
        assert words in outcome.stderr, str(outcome)
    assert "Traceback" not in outcome.stderr
    assert _tree(shop.path) == before


def _tree(folder: Path) -> dict[Path, bytes]:
    return {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_migrations_that_cannot_be_loaded(shop: Project) -> None:
    name = "shop/migrations/0002_x.py"

    shop.write(name, "class Migration(:\n")
    refused(shop, "SyntaxError", f"{shop.path}/{name}, line 1")

    shop.write(name, "import nowhere_at_all\n")
    refused(shop, "nowhere_at_all", f"{shop.path}/{name}, line 1")

    shop.write(name, "x = 1\n")
    refused(shop, "has no Migration class")

    shop.write(name, MIGRATION.format(operations="").replace("0001_initial", "0000_none"))
    refused(shop, "0000_none")

    shop.write(name, MIGRATION.format(operations=""))
    shop.write("shop/migrations/0002_y.py", MIGRATION.format(operations=""))
    refused(shop, "0002_x, 0002_y in shop", "makemigrations --merge")


def test_a_migration_that_the_server_refuses(shop: Project) -> None:
    for sql, said in (
        ("CREATE TABLE broken (", "The SQL ends too early"),
        (f"CREATE TABLE {'x' * 65} (id int)", "x" * 65),
        ("CREATE TABLE child (p int, FOREIGN KEY (p) REFERENCES shop_person (id))", "bigint"),
    ):
        shop.write(
            "shop/migrations/0002_sql.py",
            MIGRATION.format(operations=f'migrations.RunSQL("{sql}", "")'),
        )
        refused(shop, said, "shop.0002_sql", "nothing was written", code=1)


def test_what_fails_is_named_with_its_operation_and_what_to_do(shop: Project) -> None:
    shop.write(
        "shop/migrations/0002_sql.py",
        MIGRATION.format(
            operations="migrations.RunSQL('SELECT 1', ''), "
            "migrations.RunSQL('ALTER TABLE shop_person ADD COLUMN name int', ''), "
        ),
    )

    outcome = shop.run("db_generate")

    assert outcome.code == 1
    what, where, now, then = outcome.stderr.splitlines()
    assert "shop_person.name is there already" in what
    assert where == (
        "  Where: shop.0002_sql/1 (Raw SQL operation): ALTER TABLE shop_person ADD COLUMN name"
    )
    assert now == "  Now:   nothing was written"
    assert then.startswith("  Next:  correct the migration")


def test_a_python_step_that_raises_is_named(shop: Project) -> None:
    shop.write(
        "shop/migrations/0002_step.py",
        MIGRATION.format(operations="migrations.RunPython(lambda *given: 1 / 0)"),
    )

    outcome = shop.run("db_generate")

    assert outcome.code == 1
    what, where, now, then = outcome.stderr.splitlines()
    assert what == "A migration fails on the shadow: ZeroDivisionError: division by zero"
    assert where == "  Where: shop.0002_step/0 (Raw Python operation)"
    assert now == "  Now:   nothing was written"
    assert then.startswith("  Next:  correct the migration")


EVENT = "CREATE EVENT clean ON SCHEDULE {} DO DELETE FROM shop_person WHERE id < UNIX_TIMESTAMP()"


@pytest.mark.parametrize(
    ("schedule", "instead"),
    [
        ("EVERY 1 DAY", "EVERY 1 DAY STARTS '2026-01-01 00:00:00'"),
        ("AT CURRENT_TIMESTAMP + INTERVAL 1 HOUR", "instead of CURRENT_TIMESTAMP"),
    ],
)
def test_an_event_without_its_moment(shop: Project, schedule: str, instead: str) -> None:
    name = "shop/migrations/0002_clean.py"
    operations = f'migrations.RunSQL("{EVENT}", "DROP EVENT clean")'
    shop.write(name, MIGRATION.format(operations=operations.format(schedule)))

    refused(
        *(
            shop,
            "another one in each database",
            "shop.0002_clean/0 (Raw SQL operation): CREATE EVENT clean",
        ),
        *("nothing was written", instead),
        code=1,
    )

    stated = "EVERY 1 DAY STARTS '2026-01-01 00:00:00'"
    shop.write(name, MIGRATION.format(operations=operations.format(stated)))
    shop.succeeds("db_generate", "--name", "cleaned")
    shop.succeeds("db_check")


def test_a_procedure_and_a_trigger_say_now_when_they_run(shop: Project) -> None:
    statements = (
        ("CREATE PROCEDURE old() DELETE FROM shop_person WHERE name < NOW()", "PROCEDURE old"),
        (
            "CREATE TRIGGER named BEFORE INSERT ON shop_person FOR EACH ROW SET NEW.name = NOW()",
            "TRIGGER named",
        ),
    )
    operations = ", ".join(f"migrations.RunSQL({sql!r}, 'DROP {what}')" for sql, what in statements)
    shop.write("shop/migrations/0002_now.py", MIGRATION.format(operations=operations))

    shop.succeeds("db_generate", "--name", "now")
    shop.succeeds("db_check")


def test_partitions_that_start_when_they_are_made(shop: Project, family: str) -> None:
    if family != "mariadb":
        pytest.skip("MySQL has no system versioning")
    sql = (
        "CREATE TABLE kept (a int) WITH SYSTEM VERSIONING "
        "PARTITION BY SYSTEM_TIME INTERVAL 1 WEEK {}PARTITIONS 4"
    )
    name = "shop/migrations/0002_kept.py"
    operations = f'migrations.RunSQL("{sql}", "DROP TABLE kept")'
    shop.write(name, MIGRATION.format(operations=operations.format("")))
    starts = "STARTS '2026-01-01 00:00:00'"
    refused(shop, f"write when they start: INTERVAL 1 WEEK {starts}", code=1)

    shop.write(name, MIGRATION.format(operations=operations.format(f"{starts} ")))
    shop.succeeds("db_generate", "--name", "kept")
    shop.succeeds("db_check")


def test_models_with_errors(shop: Project) -> None:
    shop.write(
        "shop/models.py", MODELS + "        best = models.ForeignKey('Nobody', models.CASCADE)\n"
    )
    refused(shop, "fields.E300", "Nobody")

    shop.write("shop/models.py", MODELS.replace("40", "-1"))
    refused(shop, "fields.E121")


def test_a_journal_that_was_spoiled(shop: Project) -> None:
    journal = shop.history / "journal.json"
    good = journal.read_text(encoding="utf-8")

    journal.write_text(good[:-20], encoding="utf-8")
    refused(shop, "journal.json is not JSON", str(journal))

    journal.write_text(good.replace('  "files"', '<<<<<<< HEAD\n  "files"'), encoding="utf-8")
    refused(shop, "journal.json holds conflict markers", "db_generate --rebase FILE")

    data = json.loads(good)
    data["files"].append({**data["files"][0], "name": "0001_theirs"})
    journal.write_text(json.dumps(data), encoding="utf-8")
    refused(shop, "0001_theirs follows 0001_initial: a number used twice")

    journal.unlink()
    refused(shop, "holds SQL migrations and no journal.json", "git checkout")


def test_history_files_that_are_not_the_journals(shop: Project) -> None:
    ends = (".sql", ".down.sql", ".deltas.json")
    for name in (*(f"0001_initial{end}" for end in ends), "schema.sql"):
        path = shop.history / name
        good = path.read_bytes()
        path.write_bytes(good + b"\n")
        refused(shop, name)
        path.write_bytes(good)

    path.write_bytes(b"caf\xe9" + good)
    refused(shop, "schema.sql is not UTF-8")
    path.unlink()
    refused(shop, "schema.sql is listed in journal.json and is not in the folder")
    path.write_bytes(good)

    shutil.copy(shop.history / "0001_initial.sql", shop.history / "0002_late.sql")
    refused(shop, "0002_late.sql is not in journal.json")


def test_a_history_of_another_family_or_of_other_features(shop: Project, family: str) -> None:
    journal = shop.history / "journal.json"
    good = journal.read_text(encoding="utf-8")
    other = {"mariadb": "mysql", "mysql": "mariadb"}[family]

    journal.write_text(good.replace(f'"family": "{family}"', f'"family": "{other}"'))
    refused(shop, f"recorded for {other}, and the folder is {family}'s")

    journal.write_text(good.replace('"supports_comments": true', '"supports_comments": false'))
    refused(shop, "supports_comments: recorded no, here yes")


def test_a_place_that_cannot_be_written(project: ProjectFactory) -> None:
    shop = project({"shop": {"models.py": MODELS}})
    shop.write("migrations_sql", "a file in the folder's place")
    refused(shop, "migrations_sql", "cannot be read")

    shop.remove("migrations_sql")
    (shop.path / "migrations_sql").mkdir()
    shop.history.symlink_to(shop.path / "nowhere" / "at_all")
    refused(shop, str(shop.history), "cannot be written", "nothing was changed")


def test_a_setting_that_is_misspelt(project: ProjectFactory) -> None:
    shop = project({"shop": {"models.py": MODELS}}, settings="NESTFLUX['FAMILY'] = 'mysql'")

    refused(shop, "NESTFLUX has an unknown key 'FAMILY'")


def test_a_name_of_shadows_that_leaves_no_room(shop: Project) -> None:
    shop.settings(f'NESTFLUX["SHADOW_NAME"] = "{"x" * 56}"')

    refused(shop, 'NESTFLUX["SHADOW_NAME"] has 56 characters; more than 55 leave no room')
