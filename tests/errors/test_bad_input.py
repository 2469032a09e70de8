"""Bad input through the real commands: a clear message, exit 2, nothing changed, no traceback."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from tests.conftest import ProjectFactory
from tests.scenario import Outcome, Project


def files(project: Project) -> dict[str, bytes]:
    """Every file of the project but caches, with its content."""
    return {
        str(path.relative_to(project.path)): path.read_bytes()
        for path in sorted(project.path.rglob("*"))
        if path.is_file() and "__pycache__" not in path.parts
    }


def refused(project: Project, *arguments: str, code: int = 2) -> Outcome:
    """Run a command that is refused: no traceback, no file and no table changed."""
    before, tables = files(project), project.tables()

    outcome = project.run(*arguments)

    assert outcome.code == code, str(outcome)
    assert "Traceback" not in outcome.stdout + outcome.stderr
    assert files(project) == before
    assert project.tables() == tables
    return outcome


EVERY = pytest.mark.parametrize("command", ["db_generate", "db_migrate", "db_status", "migrate"])


class TestTheJournal:
    @EVERY
    def test_not_json(self, recorded: Project, command: str) -> None:
        (recorded.history / "journal.json").write_text("{not json")

        outcome = refused(recorded, command)

        assert "not JSON" in outcome.stderr
        assert "journal.json" in outcome.stderr

    @EVERY
    def test_conflict_markers(self, recorded: Project, command: str) -> None:
        journal = recorded.history / "journal.json"
        journal.write_text(f"<<<<<<< ours\n{journal.read_text()}>>>>>>> theirs\n")

        assert "conflict markers" in refused(recorded, command).stderr

    @pytest.mark.parametrize("command", ["db_generate", "migrate"])
    def test_lost(self, recorded: Project, command: str) -> None:
        """Stock migrate must not take it for a project without a history."""
        (recorded.history / "journal.json").unlink()

        assert "no journal.json" in refused(recorded, command).stderr


class TestFiles:
    @pytest.mark.parametrize("command", ["db_generate", "db_migrate", "migrate"])
    def test_edited(self, recorded: Project, command: str) -> None:
        path = next(recorded.history.glob("0001_products.sql"))
        path.write_text(path.read_text().replace("varchar(40)", "varchar(41)"))
        if command == "db_generate":
            recorded.edit("shop/models.py", "40", "50")

        outcome = refused(recorded, command)

        assert "0001_products.sql" in outcome.stderr
        assert "--accept 0001_products.sql" in outcome.stderr

    @pytest.mark.parametrize("command", ["db_migrate", "migrate"])
    def test_lost(self, recorded: Project, command: str) -> None:
        (recorded.history / "0001_products.sql").unlink()

        outcome = refused(recorded, command)

        assert "0001_products.sql is listed in journal.json" in outcome.stderr
        assert "git checkout" in outcome.stderr

    def test_a_folder_that_cannot_be_used(self, shop: Project) -> None:
        shop.write("migrations_sql", "a file where the folder should be")

        outcome = refused(shop, "db_generate")

        assert f"{shop.path}/migrations_sql" in outcome.stderr
        assert "cannot be" in outcome.stderr

    @pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
    def test_a_folder_that_is_read_only(self, recorded: Project) -> None:
        recorded.edit("shop/models.py", "40", "50")
        recorded.history.chmod(0o555)

        outcome = refused(recorded, "db_generate")

        assert "cannot be written: Permission denied" in outcome.stderr


class TestMigrations:
    @pytest.mark.parametrize("command", ["db_generate", "migrate"])
    def test_a_syntax_error(self, recorded: Project, command: str) -> None:
        recorded.write("shop/migrations/0002_broken.py", "class Migration(:\n")

        outcome = refused(recorded, command)

        assert f"{recorded.path}/shop/migrations/0002_broken.py, line 1" in outcome.stderr

    def test_an_import_error(self, recorded: Project) -> None:
        recorded.write("shop/migrations/0002_broken.py", "import nowhere_at_all\n")

        outcome = refused(recorded, "db_generate")

        assert "nowhere_at_all" in outcome.stderr
        assert f"{recorded.path}/shop/migrations/0002_broken.py, line 1" in outcome.stderr

    def test_two_that_follow_the_same_one(self, recorded: Project) -> None:
        for name in ("ours", "theirs"):
            recorded.write(
                f"shop/migrations/0002_{name}.py",
                """
                from django.db import migrations

                class Migration(migrations.Migration):
                    dependencies = [("shop", "0001_initial")]
                    operations = []
                """,
            )

        assert "makemigrations --merge" in refused(recorded, "db_generate").stderr


class TestWhatTheServerRefuses:
    def test_a_name_over_64_characters(self, shop: Project) -> None:
        shop.edit(
            "shop/models.py",
            "max_length=40)",
            f'max_length=40)\n\n    class Meta:\n        db_table = "{"x" * 70}"',
        )

        outcome = shop.run("db_generate")

        assert outcome.code in (1, 2), str(outcome)
        assert "70 characters" in outcome.stderr
        assert "64" in outcome.stderr
        assert "Traceback" not in outcome.stderr
        assert not (shop.path / "migrations_sql").exists()

    def test_a_foreign_key_of_another_type(self, project: ProjectFactory) -> None:
        """An unmanaged parent says bigint, and its table is another's: int."""
        shop = project(
            {
                "shop": {
                    "models.py": """
                        from django.db import models

                        class Country(models.Model):
                            id = models.IntegerField(primary_key=True)

                        class City(models.Model):
                            country_id = models.BigIntegerField()
                    """
                }
            }
        )
        shop.succeeds("db_generate", "--name", "places")
        shop.write(
            "shop/migrations/0002_key.py",
            """
            from django.db import migrations

            class Migration(migrations.Migration):
                dependencies = [("shop", "0001_initial")]
                operations = [migrations.RunSQL(
                    "ALTER TABLE shop_city ADD CONSTRAINT city_country "
                    "FOREIGN KEY (country_id) REFERENCES shop_country (id)",
                    "ALTER TABLE shop_city DROP FOREIGN KEY city_country",
                )]
            """,
        )

        outcome = shop.run("db_generate")

        assert outcome.code in (1, 2), str(outcome)
        assert "shop_city.country_id is bigint" in outcome.stderr
        assert "shop_country.id is int" in outcome.stderr
        assert "Traceback" not in outcome.stderr


class TestTheDatabase:
    @pytest.mark.parametrize("command", ["db_migrate", "migrate"])
    def test_tables_and_no_ledger(self, recorded: Project, command: str) -> None:
        recorded.sql("CREATE TABLE shop_product (id bigint PRIMARY KEY)")

        outcome = refused(recorded, command)

        assert "tables and no ledger" in outcome.stderr
        assert "db_baseline" in outcome.stderr

    @pytest.mark.parametrize("command", ["db_migrate", "migrate"])
    def test_a_history_of_the_other_family(self, recorded: Project, command: str) -> None:
        other = {"mariadb": "mysql", "mysql": "mariadb"}[recorded.server.family]
        shutil.move(recorded.history, Path(recorded.path / "migrations_sql" / other))

        outcome = refused(recorded, command)

        assert "no history for" in outcome.stderr

    @pytest.mark.parametrize("command", ["db_migrate", "migrate"])
    def test_other_feature_flags(self, recorded: Project, command: str) -> None:
        recorded.edit(
            f"migrations_sql/{recorded.server.family}/journal.json",
            '"supports_comments": true',
            '"supports_comments": false',
        )

        outcome = refused(recorded, command)

        assert "supports_comments: recorded no, here yes" in outcome.stderr
