"""The system checks, by their ids, through ``manage.py check``."""

from __future__ import annotations

import shutil

import pytest

from tests.conftest import ProjectFactory
from tests.scenario import REPOSITORY, Project

PRODUCT = """
    from django.db import models

    class Product(models.Model):
        name = models.CharField(max_length=40)
"""
PRICE = """
    from django.db import models

    class Price(models.Model):
        amount = models.IntegerField()
"""


@pytest.fixture
def shop(project: ProjectFactory) -> Project:
    return project(
        {
            "shop": {
                "models/__init__.py": """
                    from shop.models.product import Product

                    __all__ = ["Product"]
                """,
                "models/product.py": PRODUCT,
            }
        }
    )


def assert_says(project: Project, *parts: str) -> None:
    outcome = project.run("check")
    assert outcome.code == 1, str(outcome)
    for part in parts:
        assert part in outcome.stderr
    assert "Traceback" not in outcome.stderr


def test_a_package_that_exports_all_is_fine(shop: Project) -> None:
    shop.succeeds("check")


class TestE001:
    def test_a_file_that_is_not_imported(self, shop: Project) -> None:
        shop.write("shop/models/price.py", PRICE)

        assert_says(
            shop,
            "nestflux.E001",
            "The model Price is not exported by shop/models/__init__.py",
            "Add the line: from shop.models.price import Price",
            'and "Price" to its __all__',
            "shop/models/price.py, line 3",
        )

    def test_the_line_it_names_is_the_cure(self, shop: Project) -> None:
        shop.write("shop/models/price.py", PRICE)
        shop.write(
            "shop/models/__init__.py",
            """
            from shop.models.product import Product
            from shop.models.price import Price

            __all__ = ["Price", "Product"]
            """,
        )

        shop.succeeds("check")

    def test_a_file_that_another_one_imports(self, shop: Project) -> None:
        shop.write("shop/models/price.py", PRICE)
        shop.write(
            "shop/models/product.py", f"{PRODUCT}\n    from shop.models.price import Price\n"
        )

        assert_says(shop, "nestflux.E001", "from shop.models.price import Price")

    def test_a_second_class_of_a_file_that_is_imported(self, shop: Project) -> None:
        shop.write(
            "shop/models/product.py",
            f"{PRODUCT}\n    class Variant(models.Model):\n        pass\n",
        )

        assert_says(shop, "nestflux.E001", "from shop.models.product import Variant")

    def test_a_base_that_is_another_file_of_the_package(self, shop: Project) -> None:
        shop.write(
            "shop/models/base.py",
            """
            from django.db import models

            class Timed(models.Model):
                at = models.DateTimeField()

                class Meta:
                    abstract = True
            """,
        )
        shop.write(
            "shop/models/visit.py",
            """
            from .base import Timed

            class Visit(Timed):
                pass
            """,
        )

        assert_says(shop, "nestflux.E001", "The model Visit")
        assert "Timed is not exported" not in shop.run("check").stderr

    def test_a_base_that_djangos_own_app_gives(self, project: ProjectFactory) -> None:
        shop = project(
            {
                "shop": {
                    "models/__init__.py": "",
                    "models/person.py": """
                        from django.contrib.auth.models import AbstractUser

                        class Person(AbstractUser):
                            pass
                    """,
                }
            },
            contrib=("django.contrib.contenttypes", "django.contrib.auth"),
        )

        assert_says(shop, "nestflux.E001", "from shop.models.person import Person")

    def test_a_package_within_the_package(self, shop: Project) -> None:
        shop.write("shop/models/money/__init__.py", "")
        shop.write("shop/models/money/price.py", PRICE)

        assert_says(shop, "from shop.models.money.price import Price")

    def test_what_is_no_table_is_left_alone(self, shop: Project) -> None:
        shop.write(
            "shop/models/others.py",
            """
            from django.db import models
            from enum import Enum

            class Mixin:
                def name(self): return ""

            class Colour(Enum):
                RED = 1

            class Active(models.QuerySet):
                pass

            class Named(models.Model):
                class Meta:
                    abstract = True
            """,
        )

        shop.succeeds("check")

    def test_a_models_module_needs_no_exports(self, project: ProjectFactory) -> None:
        project({"shop": {"models.py": PRODUCT}}).succeeds("check")


def test_e002_a_file_that_is_not_python(shop: Project) -> None:
    shop.write("shop/models/price.py", "class Price(:\n")

    assert_says(shop, "nestflux.E002", "shop/models/price.py, line 1")


class TestE003:
    @pytest.mark.parametrize(
        ("setting", "said"),
        [
            ('{"DIRECTOR": "x"}', "unknown key 'DIRECTOR'"),
            ('{"FAMILIES": ["postgres"]}', "'postgres'"),
            ('{"DIRECTORY": 7}', "NESTFLUX"),
            ('{"PREFLIGHT": 3}', 'NESTFLUX["PREFLIGHT"] is 3, and is to be a dictionary'),
            ('{"RULES": []}', 'NESTFLUX["RULES"] is [], and is to be a dictionary'),
            ('{"SIZES": {"LARGE": 1}}', "NESTFLUX[\"SIZES\"] has an unknown key 'LARGE'"),
            ('{"SIZES": {"LARGE_MB": 0}}', 'NESTFLUX["SIZES"]["LARGE_MB"]: 0 is not a positive'),
            ('{"SIZES": {"COPY_MB_A_SECOND": "fast"}}', "'fast' is not a positive number"),
            ('{"REPLICAS": ["east"]}', "NESTFLUX[\"REPLICAS\"] is ['east'], and is to be a dict"),
            ('{"REPLICAS": {"MAX_LAGS": 3}}', "unknown key 'MAX_LAGS'"),
            (
                '{"REPLICAS": {"MAX_LAG": -1}}',
                'NESTFLUX["REPLICAS"]["MAX_LAG"]: -1 is not a number',
            ),
            ('{"REPLICAS": {"OF": "east"}}', "is 'east', and is to be a dictionary"),
            ('{"REPLICAS": {"OF": {"default": "east"}}}', "is 'east', and is to be a list"),
            (
                '{"REPLICAS": {"OF": {"default": ["east"]}}}',
                "'east', which DATABASES does not have",
            ),
            ('{"REPLICAS": {"OF": {"default": ["default"]}}}', "names 'default' twice"),
            ('{"REPLICAS": {"WRITABLE": "default"}}', "is 'default', and is to be a list"),
            ('{"REPLICAS": {"WRITABLE": ["west"]}}', "'west', which DATABASES does not have"),
            (
                '{"REPLICAS": {"MAX_LAG": 30, "PAUSE": 30}}',
                '"REMEMBER"] is 60, and is to be more than MAX_LAG and PAUSE together (30 + 30)',
            ),
            ('{"REPLICAS": {"COOKIE": "my cookie"}}', "is 'my cookie', which names no cookie"),
        ],
    )
    def test_a_wrong_setting(self, shop: Project, setting: str, said: str) -> None:
        shop.settings(f"NESTFLUX = {setting}")

        assert_says(shop, "nestflux.E003", said)


def test_e004_an_alias_named_like_a_family(shop: Project) -> None:
    shop.settings('DATABASES["mysql"] = DATABASES["default"]')

    assert_says(shop, "nestflux.E004", "'mysql'")


class TestOtherAppsCommands:
    """E005 and W001: Django takes a command from the first of the INSTALLED_APPS that has it."""

    @pytest.fixture
    def tooled(self, project: ProjectFactory) -> Project:
        """A project with a history; the app ``tooling`` has commands of its own."""
        made = project({"shop": {"models.py": PRODUCT}})
        made.succeeds("db_generate")
        for name in ("__init__.py", "management/__init__.py", "management/commands/__init__.py"):
            made.write(f"tooling/{name}", "")
        for name in ("migrate", "sqlmigrate"):
            made.write(
                f"tooling/management/commands/{name}.py",
                f"from django.core.management.commands.{name} import Command\n",
            )
        return made

    @staticmethod
    def put(project: Project, *apps: str) -> None:
        project.settings(f"INSTALLED_APPS = {list(apps)!r}", apps=("shop",))

    def test_nestflux_first_is_fine(self, tooled: Project) -> None:
        self.put(tooled, "nestflux", "tooling", "shop")

        outcome = tooled.succeeds("check")

        assert "nestflux." not in outcome.stderr

    def test_nestflux_last_is_an_error(self, tooled: Project) -> None:
        self.put(tooled, "tooling", "shop", "nestflux")

        assert_says(
            tooled,
            "ERRORS:\nsettings.INSTALLED_APPS: (nestflux.E005)",
            "`manage.py migrate` is the command of the app 'tooling'",
            'Put "nestflux" above "tooling" in INSTALLED_APPS',
            "WARNINGS:\nsettings.INSTALLED_APPS: (nestflux.W001)",
            "`manage.py sqlmigrate` is the command of the app 'tooling'",
        )

    def test_the_line_is_named_as_it_stands_in_the_settings(self, tooled: Project) -> None:
        tooled.write(
            "tooling/apps.py",
            """
            from django.apps import AppConfig

            class Tooling(AppConfig):
                name = "tooling"
            """,
        )
        self.put(tooled, "tooling.apps.Tooling", "shop", "nestflux.apps.NestFluxConfig")

        assert_says(tooled, 'Put "nestflux.apps.NestFluxConfig" above "tooling.apps.Tooling"')

    @pytest.mark.parametrize("command", ["migrate", "db_generate", "db_check"])
    def test_nothing_runs_past_the_history(self, tooled: Project, command: str) -> None:
        self.put(tooled, "tooling", "nestflux", "shop")

        outcome = tooled.run(command)

        assert outcome.code in (1, 2)
        assert "nestflux.E005" in outcome.stderr
        assert tooled.tables() == []

    def test_a_command_that_inherits_from_ours_is_ours(self, tooled: Project) -> None:
        for name in ("migrate", "sqlmigrate"):
            tooled.write(
                f"tooling/management/commands/{name}.py",
                f"""
                from nestflux.management.commands import {name}

                class Command({name}.Command):
                    help = "ours, and more"
                """,
            )
        self.put(tooled, "tooling", "nestflux", "shop")

        assert "nestflux." not in tooled.succeeds("check").stderr
        tooled.succeeds("migrate")
        assert "shop_product" in tooled.tables()

    def test_a_command_that_cannot_be_loaded_is_not_ours(self, tooled: Project) -> None:
        tooled.write("tooling/management/commands/migrate.py", "import nowhere_at_all\n")
        self.put(tooled, "tooling", "nestflux", "shop")

        outcome = tooled.run("db_check")

        assert "nestflux.E005" in outcome.stderr
        assert "Traceback" not in outcome.stderr

    def test_without_a_history_nothing_is_said(self, tooled: Project) -> None:
        shutil.rmtree(tooled.path / "migrations_sql")
        self.put(tooled, "tooling", "nestflux", "shop")

        assert "nestflux." not in tooled.succeeds("check").stderr


class TestW002:
    """An app with models and without a migrations package gets no table, and Django is silent."""

    @pytest.fixture
    def bare(self, project: ProjectFactory) -> Project:
        made = project({"shop": {"models.py": PRODUCT}, "price": {"models.py": PRICE}})
        shutil.rmtree(made.path / "price/migrations")
        return made

    @pytest.mark.parametrize("command", ["check", "db_generate"])
    def test_it_is_named_with_the_file_that_is_missing(self, bare: Project, command: str) -> None:
        outcome = bare.succeeds(command)

        assert (
            "price: (nestflux.W002) The app 'price' has models and no migrations" in outcome.stderr
        )
        assert f"Make the file {bare.path}/price/migrations/__init__.py" in outcome.stderr
        assert "'shop'" not in outcome.stderr

    def test_that_file_is_the_cure(self, bare: Project) -> None:
        bare.write("price/migrations/__init__.py", "")

        assert "W002" not in bare.succeeds("db_generate").stderr
        assert "price_price" in (bare.history / "schema.sql").read_text(encoding="utf-8")

    def test_a_folder_that_is_no_package(self, bare: Project) -> None:
        (bare.path / "price/migrations").mkdir()

        assert "price/migrations has no __init__.py" in bare.succeeds("check").stderr

    def test_a_package_that_migration_modules_names(self, bare: Project) -> None:
        bare.settings('MIGRATION_MODULES = {"price": "moved.price"}')

        assert (
            "there is no package moved.price (MIGRATION_MODULES)" in bare.succeeds("check").stderr
        )

        bare.succeeds("db_generate")
        outcome = bare.run("migrate", "price")
        assert outcome.code == 2
        assert "settings.MIGRATION_MODULES" in outcome.stderr
        assert "Traceback" not in outcome.stderr

    def test_an_app_that_is_to_have_none(self, bare: Project) -> None:
        bare.settings('MIGRATION_MODULES = {"price": None}')

        assert "W002" not in bare.succeeds("check").stderr

    def test_models_without_a_table_need_none(self, bare: Project) -> None:
        bare.write(
            "price/models.py",
            """
            from django.db import models
            from shop.models import Product

            class Seen(models.Model):
                class Meta:
                    managed = False

            class Listed(Product):
                class Meta:
                    proxy = True
            """,
        )

        assert "W002" not in bare.succeeds("check").stderr


REPLICAS = """
import copy
DATABASES["replica_1"] = copy.deepcopy(DATABASES["default"])
NESTFLUX["REPLICAS"] = {"OF": {"default": ["replica_1"]}}
"""
RIGHT = """
DATABASES["replica_1"]["TEST"] = {"MIRROR": "default"}
DATABASE_ROUTERS = ["nestflux.replicas.Router"]
MIDDLEWARE = [
    "nestflux.replicas.ReplicaMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
]
"""


def append(shop: Project, settings: str) -> None:
    shop.write("settings.py", f"{shop.read('settings.py')}\n{settings}")


class TestReplicas:
    """W003 to W005."""

    def test_what_is_missing(self, shop: Project) -> None:
        append(shop, REPLICAS)

        outcome = shop.succeeds("check")

        assert (
            "settings.DATABASES: (nestflux.W003) The database 'replica_1' is a replica of 'default'"
            in outcome.stderr
        )
        assert 'DATABASES["replica_1"]["TEST"] = {"MIRROR": "default"}' in outcome.stderr
        assert "(nestflux.W004)" in outcome.stderr
        assert "DATABASE_ROUTERS does not have the router" in outcome.stderr
        assert "(nestflux.W005)" in outcome.stderr
        assert "is not in MIDDLEWARE: all reads go to the primary" in outcome.stderr

    def test_nothing_where_all_is_there(self, shop: Project) -> None:
        append(shop, REPLICAS + RIGHT)

        assert "nestflux.W" not in shop.succeeds("check").stderr

    def test_what_the_document_shows_is_all_there(self, shop: Project) -> None:
        text = (REPOSITORY / "docs" / "production.md").read_text(encoding="utf-8")
        shown = text.partition("\n## Replicas\n")[2].partition("```python\n")[2].partition("```")[0]
        append(shop, f"HERE = DATABASES['default']\n{shown}")
        # Its servers are not there, and Django 6.1 asks them.
        append(
            shop,
            "for entry in DATABASES.values(): entry |= {**HERE, 'TEST': entry.get('TEST', {})}",
        )

        outcome = shop.succeeds("check")

        assert '"replica_2"' in shown
        assert "nestflux" not in outcome.stderr

    def test_a_router_and_a_middleware_that_inherit(self, shop: Project) -> None:
        shop.write(
            "ours.py",
            """
            from nestflux.replicas import ReplicaMiddleware, Router

            class Own(Router): ...
            class Watch(ReplicaMiddleware): ...
            """,
        )
        append(shop, REPLICAS + RIGHT)
        append(shop, 'DATABASE_ROUTERS = ["ours.Own"]; MIDDLEWARE[0] = "ours.Watch"')

        assert "nestflux.W" not in shop.succeeds("check").stderr

    def test_in_another_order(self, shop: Project) -> None:
        append(shop, REPLICAS + RIGHT + "MIDDLEWARE.reverse()\n")
        append(shop, "class First: ...\nDATABASE_ROUTERS.insert(0, First())")

        outcome = shop.succeeds("check")

        assert "DATABASE_ROUTERS has others in front of the router" in outcome.stderr
        assert "stands below the session's: what a session writes is not noticed" in outcome.stderr

    def test_without_replicas_there_is_nothing_to_say(self, shop: Project) -> None:
        assert "nestflux.W" not in shop.succeeds("check").stderr
