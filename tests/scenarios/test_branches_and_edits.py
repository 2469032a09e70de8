"""Files that come late, twice, edited or not at all, and databases that others have touched."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from typing import Any

from tests.scenario import Project
from tests.scenarios.databases import migrate_as_django
from tests.scenarios.looking import everything_in
from tests.scenarios.refusing import refused
from tests.scenarios.shop import PRODUCT, add_field


def change_journal(project: Project, change: Callable[[dict[str, Any]], object]) -> None:
    path = project.history / "journal.json"
    journal = json.loads(path.read_text(encoding="utf-8"))
    change(journal)
    path.write_text(json.dumps(journal, indent=2) + "\n", encoding="utf-8")


def edit_file(project: Project, name: str, old: str, new: str) -> None:
    project.edit(str((project.history / name).relative_to(project.path)), old, new)


class TestTwoBranches:
    """Ann and Bob each add a column on a branch of their own; Bob's is merged late."""

    def branch(self, shop: Project, folder: str) -> Project:
        """Another checkout of the same project, on the same database."""
        path = shop.path.parent / folder
        shutil.copytree(shop.path, path)
        return Project(path, shop.server, shop.database, shop.apps, dict(shop.env))

    def test_a_late_file_is_renumbered_and_applied_never_skipped(self, migrated: Project) -> None:
        ann, bob = migrated, self.branch(migrated, "bob")
        add_field(ann, "colour = models.CharField(max_length=9, default='')")
        ann.succeeds("db_generate", "--name", "colours")
        ann.succeeds("db_migrate")
        add_field(bob, "weight = models.IntegerField(default=0)")
        bob.succeeds("db_generate", "--name", "weights")
        assert [p.name for p in sorted(bob.history.glob("0003*.deltas.json"))] == [
            "0003_weights.deltas.json"
        ]

        # Git keeps both models and both modules, and leaves its marks in the journal.
        add_field(ann, "weight = models.IntegerField(default=0)")
        (module,) = (bob.path / "shop" / "migrations").glob("0003_*.py")
        shutil.copy(module, ann.path / "shop" / "migrations")
        for path in bob.history.glob("0003_weights.*"):
            shutil.copy(path, ann.history)
        good = (ann.history / "journal.json").read_text()
        entries = [
            f"<<<<<<< HEAD\n{good}=======\n{(bob.history / 'journal.json').read_text()}",
            ">>>>>>> bob\n",
        ]
        (ann.history / "journal.json").write_text("".join(entries))
        refused(
            ann,
            says="journal.json holds conflict markers: two branches each added a SQL migration",
            where="journal.json",
            then="db_generate --rebase FILE",
        )
        refused(ann, "db_status", says="journal.json holds conflict markers")
        refused(ann, "db_generate", says="journal.json holds conflict markers")

        # As told: the other branch's files stay, one's own go, and are recorded again.
        (ann.history / "journal.json").write_text(good)
        for path in ann.history.glob("0003_weights.*"):
            path.unlink()
        refused(ann, says="Two migrations follow the same one", then="makemigrations --merge")
        ann.succeeds("makemigrations", "--merge", "--noinput")
        refused(ann, says="has no SQL: no file of the history holds it", then="db_generate")
        ann.succeeds("db_generate", "--name", "weights")
        assert "0004_weights.sql" in ann.succeeds("db_migrate").stdout
        assert ann.columns("shop_product")[-2:] == ["colour", "weight"]

    def test_a_file_that_the_journal_lists_before_applied_ones_is_applied(
        self, migrated: Project
    ) -> None:
        ann, bob = migrated, self.branch(migrated, "bob")
        add_field(bob, "weight = models.IntegerField(default=0)")
        bob.succeeds("db_generate", "--name", "weights")
        ann.app("depot", {"models.py": PRODUCT})
        ann.settings(apps=("shop", "depot"))
        ann.succeeds("db_generate", "--name", "depot")
        ann.succeeds("db_migrate")

        # Somebody merged by hand: Bob's 0003 stands before Ann's, which has become 0004.
        for path in ann.history.glob("0003_depot.*"):
            path.rename(path.with_name(path.name.replace("0003", "0004")))
        for path in bob.history.glob("0003_weights.*"):
            shutil.copy(path, ann.history)
        (module,) = (bob.path / "shop" / "migrations").glob("0003_*.py")
        shutil.copy(module, ann.path / "shop" / "migrations")
        shutil.copy(bob.path / "shop" / "models.py", ann.path / "shop" / "models.py")
        theirs = json.loads((bob.history / "journal.json").read_text())["files"][-1]

        def merge(journal: dict[str, Any]) -> None:
            journal["files"][-1]["name"] = "0004_depot"
            journal["files"].insert(2, theirs)

        change_journal(ann, merge)
        outcome = ann.succeeds("db_migrate")

        assert "0003_depot ran already as 0004_depot" in outcome.stdout
        assert "✓ Applied migration: 0003_weights.sql" in outcome.stdout
        assert "weight" in ann.columns("shop_product")

    def test_a_number_used_twice(self, migrated: Project) -> None:
        change_journal(migrated, lambda j: j["files"][1].update(name="0001_prices"))

        refused(
            migrated,
            says="0001_prices follows 0001_products: a number used twice",
            where="journal.json",
            then="db_generate --rebase 0001_prices",
        )

    def test_the_same_migration_in_two_files(self, migrated: Project) -> None:
        change_journal(migrated, lambda j: j["files"][1]["migrations"].append("shop.0001_initial"))

        refused(migrated, says="the migration shop.0001_initial stands in two files")

    def test_a_journal_that_is_not_json(self, migrated: Project) -> None:
        path = migrated.history / "journal.json"
        path.write_text(path.read_text().replace('"files": [', '"files": ['[:-1], 1))

        refused(migrated, says="journal.json is not JSON (line ", then="git checkout")


class TestEdits:
    def test_a_pending_file_is_refused_until_it_is_accepted(self, shop: Project) -> None:
        shop.succeeds("db_migrate", "--replay", "--to", "0001")
        edit_file(
            shop,
            "0002_prices.sql",
            "ADD COLUMN `stock` integer DEFAULT 0 NOT NULL",
            "ADD COLUMN `stock` integer DEFAULT 0 NOT NULL COMMENT 'pieces'",
        )
        refused(
            shop,
            says="0002_prices.sql is not the file that journal.json records: it was edited",
            then="db_generate --accept 0002_prices.sql",
        )

        accepted = shop.succeeds("db_generate", "--accept", "0002_prices.sql")

        assert accepted.lines[0] == f"✓ Accepted: 0002_prices.sql ({shop.server.family})"
        assert any("COMMENT 'pieces'" in line for line in accepted.lines[1:])
        shop.succeeds("db_migrate")
        (created,) = shop.sql("SHOW CREATE TABLE shop_product")
        assert "COMMENT 'pieces'" in created[1]

    def test_an_applied_file_is_refused_and_not_accepted(self, migrated: Project) -> None:
        edit_file(migrated, "0002_prices.sql", "-- [1]", "-- reviewed by Ann\n-- [1]")

        refused(migrated, says="0002_prices.sql is not the file that journal.json records")
        refused(
            migrated,
            *("db_generate", "--accept", "0002_prices.sql"),
            says="0002_prices was applied to the database 'default'; an applied file is never",
            then="git checkout",
        )

    def test_an_applied_file_that_was_accepted_elsewhere_is_refused_here(
        self, migrated: Project
    ) -> None:
        """Bob accepts an edit against a database where the file is pending."""
        bob = TestTwoBranches().branch(migrated, "bob")
        bob.env["DATABASE_URL"] = bob.server.database_url(f"{bob.database}_bob")
        bob.server.sql(f"CREATE DATABASE `{bob.database}_bob`")
        edit_file(
            bob,
            "0002_prices.sql",
            "integer DEFAULT 7" if False else "`stock` integer",
            "`stock` bigint",
        )
        bob.succeeds("db_generate", "--accept", "0002_prices.sql")
        shutil.copytree(bob.history, migrated.history, dirs_exist_ok=True)

        refused(
            migrated,
            says="0002_prices.sql was changed after it was applied here",
            then="put the change into a new file",
        )

    def test_a_file_that_was_removed(self, migrated: Project) -> None:
        (migrated.history / "0001_products.sql").unlink()

        refused(
            migrated,
            says="0001_products.sql is listed in journal.json and is not in the folder",
            where="0001_products.sql",
            then="git checkout -- migrations_sql/",
        )


class TestOtherHistories:
    def test_of_the_other_family(self, migrated: Project) -> None:
        other = {"mysql": "mariadb", "mariadb": "mysql"}[migrated.server.family]
        change_journal(migrated, lambda j: j.update(family=other))

        refused(migrated, says=f"The history was recorded for {other}", where="journal.json")

    def test_only_of_the_other_family(self, migrated: Project) -> None:
        other = {"mysql": "mariadb", "mariadb": "mysql"}[migrated.server.family]
        migrated.history.rename(migrated.history.with_name(other))

        refused(migrated, says="has no history for", where="migrations_sql", then="db_generate")

    def test_of_a_server_with_other_features(self, migrated: Project) -> None:
        def differ(journal: dict[str, Any]) -> None:
            flags = journal["features"]
            flags["has_native_uuid_field"] = not flags["has_native_uuid_field"]

        change_journal(migrated, differ)

        outcome = refused(migrated, says="", then="")
        assert "has_native_uuid_field" in outcome.stderr
        refused(migrated, "db_generate", says="")

    def test_none_at_all(self, migrated: Project) -> None:
        shutil.rmtree(migrated.path / "migrations_sql")

        refused(
            migrated,
            says="has no history for",
            where="migrations_sql",
            then="manage.py db_generate",
        )


class TestDatabasesThatOthersTouched:
    def test_tables_but_no_ledger(self, shop: Project) -> None:
        migrate_as_django(shop)

        refused(
            shop,
            says="The database holds tables and no ledger: NestFlux did not make them",
            then="python manage.py db_baseline",
        )

    def test_somebodys_table_and_nothing_else(self, shop: Project) -> None:
        shop.sql("CREATE TABLE notes (id int PRIMARY KEY)")

        refused(shop, says="The database holds tables and no ledger", then="db_baseline")

    def test_a_row_of_django_migrations_is_gone(self, migrated: Project) -> None:
        migrated.sql("DELETE FROM django_migrations WHERE name LIKE '0002%%'")

        refused(migrated, says="0002_prices is applied, and django_migrations does not hold shop.")

    def test_another_executor_ran_a_migration(self, shop: Project) -> None:
        shop.succeeds("db_migrate", "--replay", "--to", "0001")
        outcome = shop.python(
            "from django.db import connection\n"
            "from django.db.migrations.executor import MigrationExecutor\n"
            "executor = MigrationExecutor(connection)\n"
            "executor.migrate(executor.loader.graph.leaf_nodes())\n"
        )
        assert outcome.code == 0, str(outcome)

        refused(
            shop,
            says="django_migrations says that shop.0002_",
            then="undo it with the tool that applied it",
        )

    def test_an_app_that_left_the_project_is_nobodys_business(self, migrated: Project) -> None:
        migrated.sql(
            "INSERT INTO django_migrations (app, name, applied) VALUES ('old', 'x', NOW())"
        )
        before = everything_in(migrated)

        assert migrated.succeeds("db_migrate").stdout == "Database is up to date!\n"

        assert everything_in(migrated) == before
