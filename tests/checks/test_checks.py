"""The system checks, by their ids, through ``manage.py check``."""

from __future__ import annotations

import pytest

from tests.conftest import ProjectFactory
from tests.scenario import Project

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
        ],
    )
    def test_a_wrong_setting(self, shop: Project, setting: str, said: str) -> None:
        shop.settings(f"NESTFLUX = {setting}")

        assert_says(shop, "nestflux.E003", said)


def test_e004_an_alias_named_like_a_family(shop: Project) -> None:
    shop.settings('DATABASES["mysql"] = DATABASES["default"]')

    assert_says(shop, "nestflux.E004", "'mysql'")
