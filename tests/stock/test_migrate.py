"""Every option of stock ``migrate``, on a database that has a history (docs/stock-commands.md)."""

from __future__ import annotations

import pytest

from tests.conftest import ProjectFactory
from tests.scenario import Project

FILES = ["0001_products", "0002_shelves", "0003_codes"]
ALL = ["shop.0001_initial", "shop.0002_price", "depot.0001_initial", "depot.0002_code"]


def applied_files(project: Project) -> list[str]:
    rows = project.sql("SELECT name FROM nestflux_sql_migration WHERE state = 'applied' ORDER BY 1")
    return [name for (name,) in rows]


class TestWithoutOptions:
    def test_it_applies_the_files_of_the_history(self, shop: Project) -> None:
        outcome = shop.succeeds("migrate")

        assert outcome.lines[-1] == "Database is up to date!"
        assert applied_files(shop) == FILES
        assert set(shop.applied()) == set(ALL)
        assert shop.columns("depot_shelf") == ["id", "product_id", "code"]

    def test_a_second_time_it_does_nothing(self, migrated: Project) -> None:
        outcome = migrated.succeeds("migrate")

        assert outcome.lines == ["Database is up to date!"]

    def test_verbosity_0_is_silent(self, shop: Project) -> None:
        shop.settings('MIGRATION_MODULES = {"notes": None}')  # else a system check speaks
        outcome = shop.succeeds("migrate", "--verbosity", "0")

        assert (outcome.stdout, outcome.stderr) == ("", "")

    def test_a_migration_without_sql_is_refused(self, migrated: Project) -> None:
        migrated.edit("shop/models.py", "max_length=40", "max_length=50")
        migrated.succeeds("makemigrations", "shop")

        outcome = migrated.run("migrate")

        assert outcome.code == 2
        assert "shop.0003_alter_product_name has no SQL" in outcome.stderr
        assert "db_generate" in outcome.stderr

    def test_a_run_of_djangos_executor_is_found_out(self, migrated: Project) -> None:
        migrated.sql("DELETE FROM nestflux_sql_migration WHERE name = '0003_codes'")

        outcome = migrated.run("migrate")

        assert outcome.code == 2
        assert "depot.0002_code" in outcome.stderr
        assert "0003_codes" in outcome.stderr

    def test_another_database_gets_djangos_own(self, migrated: Project) -> None:
        migrated.settings(
            """
            DATABASES["small"] = {"ENGINE": "django.db.backends.sqlite3", "NAME": BASE_DIR / "s.db"}
            """,
            apps=("shop", "depot", "notes"),
        )

        outcome = migrated.succeeds("migrate", "--database", "small")

        assert "Applying depot.0002_code... OK" in outcome.stdout
        assert "nestflux" not in migrated.succeeds("migrate", "--database", "small").stdout

    def test_a_project_without_a_history_gets_djangos_own(self, project: ProjectFactory) -> None:
        plain = project({"shop": {"models.py": "from django.db import models\n"}})

        assert "No migrations to apply." in plain.succeeds("migrate").stdout


class TestForward:
    def test_an_apps_target_applies_the_files_up_to_its_own(self, shop: Project) -> None:
        outcome = shop.succeeds("migrate", "shop", "0001")

        assert applied_files(shop) == FILES[:1]
        assert "0001_products" in outcome.stdout

    def test_a_target_at_the_end_of_its_file_brings_what_comes_before(self, shop: Project) -> None:
        outcome = shop.succeeds("migrate", "depot", "0001")

        assert applied_files(shop) == FILES[:2]
        assert "also shop.0001_initial, shop.0002_price" in outcome.stdout

    def test_a_target_in_the_middle_of_a_file_is_refused(self, shop: Project) -> None:
        outcome = shop.run("migrate", "shop", "0002")

        assert outcome.code == 2
        assert "0002_shelves.sql, which goes on with depot.0001_initial" in outcome.stderr
        assert "db_migrate --to 0002_shelves" in outcome.stderr
        assert "--to 0001_products" in outcome.stderr
        assert shop.tables() == []

    def test_an_app_alone_means_all_of_its_files(self, shop: Project) -> None:
        shop.succeeds("migrate", "shop")

        assert applied_files(shop) == FILES[:2]

    def test_a_target_that_is_applied_is_nothing_to_do(self, migrated: Project) -> None:
        outcome = migrated.succeeds("migrate", "depot", "0002")

        assert outcome.lines == ["No migrations to apply."]

    def test_a_name_that_nobody_knows_is_refused(self, shop: Project) -> None:
        outcome = shop.run("migrate", "shop", "0009")

        assert outcome.code == 2
        assert "shop.0009" in outcome.stderr
        assert "db_generate" in outcome.stderr

    def test_a_prefix_that_means_several_is_refused(self, shop: Project) -> None:
        outcome = shop.run("migrate", "shop", "000")

        assert outcome.code == 2
        assert "shop.0001_initial, shop.0002_price" in outcome.stderr

    def test_an_app_that_is_not_installed_is_refused(self, shop: Project) -> None:
        outcome = shop.run("migrate", "shopp")

        assert outcome.code == 2
        assert "No installed app with label 'shopp'" in outcome.stderr

    def test_an_app_without_migrations_is_refused(self, shop: Project) -> None:
        outcome = shop.run("migrate", "notes")

        assert outcome.code == 2
        assert "'notes' does not have migrations" in outcome.stderr
        assert "--run-syncdb notes" in outcome.stderr


class TestBackward:
    def test_nobody_to_ask_is_refused_with_the_command_to_give(self, migrated: Project) -> None:
        for options in ([], ["--noinput"]):
            outcome = migrated.run("migrate", "depot", "0001", *options)

            assert outcome.code == 2
            assert "Undoes 0003_codes.sql" in outcome.stderr
            assert "column depot_shelf.code" in outcome.stderr
            assert "db_rollback 0003_codes --yes" in outcome.stderr
        assert applied_files(migrated) == FILES

    def test_the_command_it_names_does_it(self, migrated: Project) -> None:
        migrated.succeeds("db_rollback", "0003_codes", "--yes")

        assert applied_files(migrated) == FILES[:2]
        assert migrated.columns("depot_shelf") == ["id", "product_id"]

    def test_on_a_terminal_it_asks(self, migrated: Project) -> None:
        outcome = migrated.on_a_terminal("migrate", "depot", "0001", answers="y\n")

        assert outcome.code == 0, str(outcome)
        assert "Roll back? [y/N]" in outcome.stdout
        assert applied_files(migrated) == FILES[:2]

    def test_no_is_no(self, migrated: Project) -> None:
        outcome = migrated.on_a_terminal("migrate", "depot", "0001", answers="n\n")

        assert outcome.code == 2
        assert applied_files(migrated) == FILES

    def test_what_would_split_a_file_is_refused(self, migrated: Project) -> None:
        outcome = migrated.run("migrate", "depot", "zero")

        assert outcome.code == 2
        assert "keep shop.0002_price" in outcome.stderr
        assert "db_rollback --to 0001_products" in outcome.stderr

    def test_what_takes_other_apps_along_counts_them(self, migrated: Project) -> None:
        """Django unapplies depot too: its shelves refer to shop's products."""
        outcome = migrated.run("migrate", "shop", "zero", "--plan")

        assert outcome.code == 0, str(outcome)
        assert [line for line in outcome.lines if line.endswith(".sql")] == [
            "0003_codes.sql",
            "0002_shelves.sql",
            "0001_products.sql",
        ]

    def test_zero_of_what_is_not_applied_is_nothing_to_do(self, shop: Project) -> None:
        shop.succeeds("migrate", "shop", "0001")

        assert shop.succeeds("migrate", "depot", "zero").lines == ["No migrations to apply."]


class TestOptions:
    @pytest.mark.parametrize(
        ("arguments", "instead"),
        [
            (["--fake"], "db_baseline"),
            (["shop", "0001", "--fake"], "db_baseline"),
            (["--fake-initial"], "db_baseline"),
            (["shop", "--prune"], "leave the rows"),
        ],
    )
    def test_what_would_make_the_ledger_lie_is_refused(
        self, shop: Project, arguments: list[str], instead: str
    ) -> None:
        outcome = shop.run("migrate", *arguments)

        assert outcome.code == 2
        assert instead in outcome.stderr
        assert shop.tables() == []

    def test_plan_shows_and_changes_nothing(self, shop: Project) -> None:
        outcome = shop.succeeds("migrate", "--plan")

        assert "0003_codes.sql" in outcome.stdout
        assert shop.tables() == []

    def test_plan_shows_the_sql(self, shop: Project) -> None:
        shop.succeeds("migrate", "shop", "0001")

        outcome = shop.succeeds("migrate", "--plan")

        assert "ALTER TABLE `shop_product` ADD COLUMN `price`" in outcome.stdout

    def test_check_tells_pending_by_its_exit_code(self, shop: Project) -> None:
        assert shop.run("migrate", "--check").code == 1
        assert shop.tables() == []

        shop.succeeds("migrate")

        assert shop.run("migrate", "--check").code == 0

    def test_plan_and_check_together(self, shop: Project) -> None:
        outcome = shop.run("migrate", "--plan", "--check")

        assert outcome.code == 1
        assert "0001_products.sql" in outcome.stdout

    def test_run_syncdb_makes_the_tables_of_apps_without_migrations(self, shop: Project) -> None:
        shop.succeeds("migrate", "--run-syncdb")

        assert "notes_note" in shop.tables()
        assert "shop_product" in shop.tables()
        shop.succeeds("migrate", "--run-syncdb")

    def test_without_run_syncdb_they_are_left_alone(self, migrated: Project) -> None:
        assert "notes_note" not in migrated.tables()

    def test_run_syncdb_of_one_app(self, migrated: Project) -> None:
        migrated.succeeds("migrate", "notes", "--run-syncdb")

        assert "notes_note" in migrated.tables()

    def test_run_syncdb_of_an_app_with_migrations_is_refused(self, shop: Project) -> None:
        outcome = shop.run("migrate", "shop", "--run-syncdb")

        assert outcome.code == 2
        assert "as it has migrations" in outcome.stderr


def test_migrations_switched_off_are_djangos(shop: Project) -> None:
    shop.settings(
        """
        MIGRATION_MODULES = {label: None for label in ("nestflux", "shop", "depot", "notes")}
        """
    )

    shop.succeeds("migrate", "--run-syncdb")

    assert shop.tables() == ["depot_shelf", "notes_note", "shop_product"]
