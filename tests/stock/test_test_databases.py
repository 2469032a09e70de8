"""Test databases are built through the history: Django's runner and pytest, all their ways."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

import pytest

from tests.scenario import Outcome, Project

TESTS = """
    from django.db import connection
    from django.test import TestCase, TransactionTestCase
    from shop.models import Product

    def ledger():
        with connection.cursor() as cursor:
            cursor.execute("SELECT name, state FROM nestflux_sql_migration ORDER BY number")
            return list(cursor.fetchall())

    FILES = [(n, "applied") for n in ("0001_products", "0002_shelves", "0003_codes")]

    class AFlush(TransactionTestCase):
        def test_rows_come(self):
            Product.objects.create(name="a")
            self.assertEqual(ledger(), FILES)

        def test_rows_go_and_the_ledger_stays(self):
            self.assertEqual(Product.objects.count(), 0)
            self.assertEqual(ledger(), FILES)

    class BPlain(TestCase):
        def test_the_tables_are_there(self):
            Product.objects.create(name="a", price=3)

    class CUnmigrated(TestCase):
        def test_apps_without_migrations_are_there(self):
            from notes.models import Note
            Note.objects.create(text="x")
"""
BACKWARDS = """
    from django.core.management import call_command
    from django.db import connection
    from django.test import TransactionTestCase

    class Backwards(TransactionTestCase):
        def columns(self):
            with connection.cursor() as cursor:
                return [c.name for c in connection.introspection.get_table_description(
                    cursor, "depot_shelf")]

        def test_a_migration_is_undone_and_done(self):
            call_command("migrate", "depot", "0001", verbosity=0)
            self.assertNotIn("code", self.columns())
            call_command("migrate", verbosity=0, interactive=False)
            self.assertIn("code", self.columns())
"""


@pytest.fixture
def tested(shop: Project) -> Project:
    shop.write("shop/tests.py", TESTS)
    return shop


def run_pytest(project: Project, *args: str) -> Outcome:
    return project.run_program(
        sys.executable, "-m", "pytest", "--ds=settings", "-p", "no:cacheprovider",
        "-o", "python_files=tests.py", "shop", *args
    )  # fmt: skip


def test_databases(project: Project) -> list[str]:
    rows = project.server.sql("SHOW DATABASES")
    return [name for (name,) in rows if name.startswith(f"test_{project.database}")]


test_databases.__test__ = False  # type: ignore[attr-defined]


def another_branch(project: Project) -> None:
    """As if `git switch` had brought a branch on which the last file is another one."""
    project.remove("depot/migrations/0002_code.py")
    project.edit("depot/models.py", "code = ", "label = ")
    rewind(project)
    project.succeeds("makemigrations", "depot", "--name", "label")
    project.succeeds("db_generate", "--name", "labels")


def rewind(project: Project) -> None:
    """The history as it was before its last file: its folder was kept by the recorder."""
    kept = Path(project.path / "history_before_codes")
    shutil.rmtree(project.history)
    shutil.copytree(kept, project.history)


class TestDjangosRunner:
    def test_it_builds_the_database_through_the_history(self, tested: Project) -> None:
        outcome = tested.run("test", "--noinput")

        assert outcome.code == 0, str(outcome)
        assert "Ran 4 tests" in outcome.stderr
        assert test_databases(tested) == []

    def test_parallel_clones_hold_the_ledger(self, tested: Project) -> None:
        outcome = tested.run("test", "--noinput", "--parallel", "2")

        assert outcome.code == 0, str(outcome)
        assert "Cloning test database" in outcome.stderr
        assert "Ran 4 tests" in outcome.stderr

    def test_keepdb_twice(self, tested: Project) -> None:
        tested.succeeds("test", "--keepdb")

        outcome = tested.succeeds("test", "--keepdb")

        assert "made anew" not in outcome.stdout
        assert test_databases(tested) == [f"test_{tested.database}"]

    def test_keepdb_applies_what_came_since(self, tested: Project) -> None:
        rewound = Path(tested.path / "whole")
        shutil.copytree(tested.history, rewound)
        shutil.copy(tested.path / "depot/migrations/0002_code.py", rewound)
        rewind(tested)
        tested.remove("depot/migrations/0002_code.py")
        tested.write("shop/tests.py", TESTS.replace(', "0003_codes"', ""))
        tested.succeeds("test", "--keepdb")
        shutil.copy(rewound / "0002_code.py", tested.path / "depot/migrations/0002_code.py")
        shutil.rmtree(tested.history)
        shutil.copytree(rewound, tested.history, ignore=shutil.ignore_patterns("*.py"))
        tested.write("shop/tests.py", TESTS)

        outcome = tested.run("test", "--keepdb", "-v", "2")

        assert outcome.code == 0, str(outcome)
        assert "Applied migration: 0003_codes.sql" in outcome.stdout
        assert "made anew" not in outcome.stdout

    def test_migrate_false_is_djangos_own(self, shop: Project) -> None:
        shop.settings('DATABASES["default"]["TEST"]["MIGRATE"] = False')
        shop.write(
            "shop/tests.py",
            """
            from django.db import connection
            from django.test import TestCase

            class Plain(TestCase):
                def test_there_is_no_ledger(self):
                    names = connection.introspection.table_names()
                    self.assertIn("shop_product", names)
                    self.assertNotIn("nestflux_sql_migration", names)
            """,
        )

        outcome = shop.run("test", "--noinput")

        assert outcome.code == 0, str(outcome)

    def test_a_test_may_go_back_without_being_asked(self, shop: Project) -> None:
        shop.write("shop/tests.py", BACKWARDS)

        outcome = shop.run("test", "--noinput")

        assert outcome.code == 0, str(outcome)


class TestPytest:
    def test_it_builds_the_database_through_the_history(self, tested: Project) -> None:
        outcome = run_pytest(tested)

        assert outcome.code == 0, str(outcome)
        assert "4 passed" in outcome.stdout

    def test_nomigrations_is_djangos_own(self, tested: Project) -> None:
        outcome = run_pytest(tested, "--nomigrations", "-k", "plain or unmigrated")

        assert outcome.code == 0, str(outcome)
        assert "2 passed" in outcome.stdout

    def test_reuse_db_after_a_branch_switch_makes_it_anew(self, tested: Project) -> None:
        assert run_pytest(tested, "--reuse-db").code == 0
        database = f"test_{tested.database}"
        assert "code" in [
            r[0] for r in tested.sql("SHOW COLUMNS FROM depot_shelf", database=database)
        ]
        another_branch(tested)
        tested.write("shop/tests.py", TESTS.replace("0003_codes", "0003_labels"))

        outcome = run_pytest(tested, "--reuse-db")

        assert outcome.code == 0, str(outcome)
        columns = [row[0] for row in tested.sql("SHOW COLUMNS FROM depot_shelf", database=database)]
        assert columns == ["id", "product_id", "label"]

    def test_reuse_db_of_a_database_that_django_built(self, tested: Project) -> None:
        assert run_pytest(tested, "--nomigrations", "--reuse-db", "-k", "plain").code == 0

        outcome = run_pytest(tested, "--reuse-db")

        assert outcome.code == 0, str(outcome)

    def test_outside_the_runner_another_branchs_database_is_never_emptied(
        self, tested: Project
    ) -> None:
        tested.succeeds("migrate", "-v", "0")
        tested.sql("INSERT INTO shop_product (name, price) VALUES ('mine', 1)")
        another_branch(tested)

        outcome = tested.run("migrate")

        assert tested.sql("SELECT name FROM shop_product") == [("mine",)], str(outcome)
