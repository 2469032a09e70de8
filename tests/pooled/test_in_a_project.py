"""A project on ``nestflux.pooled``: its deploys do without the pool, its tests run as ever."""

from __future__ import annotations

import sys

import pytest

from tests.conftest import ProjectFactory
from tests.scenario import Project

# One connection: a deploy that took it from the pool would have none left for its heartbeat.
SETTINGS = """
entry = DATABASES["default"]
entry["ENGINE"] = "nestflux.pooled"
entry["OPTIONS"] = {**entry.get("OPTIONS", {}), "pool": {"max_size": 1}}
entry["CONN_MAX_AGE"] = 0
"""
MODELS = """
    from django.db import models

    class Product(models.Model):
        name = models.CharField(max_length=40, unique=True)
"""
# What a deploy runs in, written down by a step of a migration.
STEP = """
    from django.db import migrations

    def look(apps, schema_editor):
        connection = schema_editor.connection
        assert not connection.is_pooled, "this runs over a pooled connection"
        apps.get_model("shop", "Product").objects.create(name="not pooled")

    class Migration(migrations.Migration):
        dependencies = [("shop", "0001_initial")]
        operations = [migrations.RunPython(look, migrations.RunPython.noop)]
"""
TESTS = """
    import threading
    import urllib.request
    from django.db import close_old_connections, connection, transaction
    from django.test import LiveServerTestCase, TestCase, TransactionTestCase
    from shop.models import Product

    class APlain(TestCase):
        @classmethod
        def setUpTestData(cls):
            Product.objects.create(name="of the class")

        def test_one(self):
            self.assertTrue(connection.is_pooled)
            self.assertTrue(connection.settings_dict["NAME"].startswith("test_"))
            Product.objects.create(name="mine")
            self.assertEqual(Product.objects.count(), 2)

        def test_rows_of_the_other_are_gone(self):
            Product.objects.create(name="mine")
            self.assertEqual(Product.objects.count(), 2)

        def test_hooks(self):
            with self.captureOnCommitCallbacks(execute=True) as hooks:
                transaction.on_commit(lambda: None)
            self.assertEqual(len(hooks), 1)

        def test_the_end_of_a_request_does_not_end_the_test(self):
            self.client.get("/none")
            self.assertEqual(Product.objects.count(), 1)

    class BReal(TransactionTestCase):
        def test_a_request_ends(self):
            Product.objects.create(name="a")
            close_old_connections()
            self.assertIsNone(connection.connection)
            self.assertEqual(Product.objects.count(), 1)

        def test_threads(self):
            def make(name):
                Product.objects.create(name=name)
                connection.close()
            connection.close()
            threads = [threading.Thread(target=make, args=[str(n)]) for n in range(8)]
            for thread in threads: thread.start()
            for thread in threads: thread.join()
            self.assertEqual(Product.objects.count(), 8)
"""


@pytest.fixture
def shop(project: ProjectFactory) -> Project:
    made = project({"shop": {"models.py": MODELS}}, settings=SETTINGS)
    made.write("shop/urls.py", "urlpatterns = []")
    made.settings(f"{SETTINGS}\nROOT_URLCONF = 'shop.urls'")
    made.succeeds("db_generate", "--name", "products")
    return made


def test_a_deploy_and_its_heartbeat_do_without_the_pool(shop: Project) -> None:
    shop.write("shop/migrations/0002_look.py", STEP)
    shop.succeeds("db_generate", "--name", "look")
    shop.succeeds("db_migrate", "--replay")

    assert shop.sql("SELECT name FROM shop_product") == [("not pooled",)]
    beating = "SELECT COUNT(*) FROM nestflux_run WHERE heartbeat_at IS NULL"
    assert shop.sql(beating) == [(0,)]


@pytest.mark.parametrize(
    "command",
    [
        ("db_status",),
        ("db_check",),
        ("db_doctor",),
        ("db_rollback", "--yes"),
        ("migrate", "shop", "zero", "--plan"),
        ("sqlmigrate", "shop", "0001"),
    ],
    ids=" ".join,
)
def test_other_commands_work_as_well(shop: Project, command: tuple[str, ...]) -> None:
    shop.succeeds("db_migrate", "--replay")

    done = shop.run(*command)

    assert done.code in (0, 1), str(done)
    assert "Traceback" not in str(done)


def test_db_doctor_reads_how_large_the_pool_is(shop: Project) -> None:
    (most,) = shop.server.sql("SELECT @@GLOBAL.max_connections")[0]
    shop.edit("settings.py", '"max_size": 1', f'"max_size": {most}')
    shop.edit("settings.py", '"RULES": {"*": "off"}', '"RULES": {}')

    told = shop.run("db_doctor")

    assert f"The pool of one process may open {most} connections, of {most}" in told.stdout


def test_a_command_called_from_code_leaves_the_pool_to_others(shop: Project) -> None:
    done = shop.python(
        """
        from threading import Thread
        from django.core.management import call_command
        from django.db import connection

        connection.ensure_connection()
        assert connection.is_pooled
        pool = connection.pool
        call_command("db_migrate", replay=True)
        assert not connection.is_pooled and pool.in_use() == 0
        connection.close()
        connection.ensure_connection()
        assert connection.is_pooled and connection.pool is pool
        """
    )

    assert done.code == 0, str(done)


@pytest.mark.parametrize("parallel", [(), ("--parallel", "2")], ids=["one", "parallel"])
def test_django_s_tests_run_on_it(shop: Project, parallel: tuple[str, ...]) -> None:
    shop.write("shop/tests.py", TESTS)

    done = shop.run("test", *parallel)

    assert done.code == 0, str(done)
    assert "Ran 6 tests" in done.stderr
    left = [name for (name,) in shop.server.sql("SHOW DATABASES") if shop.database in name]
    assert left == [shop.database]


def test_pytest_runs_on_it(shop: Project) -> None:
    shop.write("shop/tests.py", TESTS)

    done = shop.run_program(
        sys.executable, "-m", "pytest", "--ds=settings", "-p", "no:cacheprovider",
        "-o", "python_files=tests.py", "shop",
    )  # fmt: skip

    assert "6 passed" in done.stdout, str(done)


def test_a_wrong_setting_is_four_lines_for_a_command_that_uses_the_pool(shop: Project) -> None:
    shop.settings(f"{SETTINGS}\nentry['OPTIONS']['pool'] = {{'maxsize': 3}}")

    done = shop.python("from django.db import connection; connection.ensure_connection()")

    assert "There is no 'maxsize': did you mean 'max_size'?" in done.stderr
    assert '  Where: DATABASES["default"]["OPTIONS"]["pool"]' in done.stderr
