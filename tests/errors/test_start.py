"""What a person can break before any command begins: one clear message, exit 2, no traceback."""

from __future__ import annotations

import pytest

from tests.scenario import Project


def test_a_syntax_error_in_a_model_file_names_file_and_line(shop: Project) -> None:
    shop.write("shop/models.py", "from django.db import models\n\nclass Product(models.Model:\n")

    outcome = shop.run("check")

    assert outcome.code == 2
    assert "SyntaxError" in outcome.stderr
    assert f"{shop.path}/shop/models.py, line 3" in outcome.stderr
    assert "class Product(models.Model:" in outcome.stderr
    assert "Traceback" not in outcome.stderr


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("from shop.prices import Price", "No module named 'shop.prices'"),
        ("from django.db import model", "cannot import name 'model'"),
        ("price = models.DecimalField(max_digits=1/0)", "ZeroDivisionError"),
        ("name = undefined_name", "name 'undefined_name' is not defined"),
    ],
)
def test_an_import_error_in_models_names_file_and_line(shop: Project, line: str, said: str) -> None:
    shop.write("shop/models.py", f"from django.db import models\n\n{line}\n")

    outcome = shop.run("migrate")

    assert outcome.code == 2, str(outcome)
    assert said in outcome.stderr
    assert f"{shop.path}/shop/models.py, line 3" in outcome.stderr
    assert "Traceback" not in outcome.stderr


def test_an_app_that_is_not_there_is_named(shop: Project) -> None:
    shop.settings(apps=("shop", "shopp"))

    outcome = shop.run("check")

    assert outcome.code == 2
    assert "No module named 'shopp'" in outcome.stderr
    assert "Traceback" not in outcome.stderr


def test_a_models_package_that_forgets_what_it_needs_names_the_model(shop: Project) -> None:
    shop.edit("shop/models.py", "    name", "    class Meta:\n        a = 1\n    name")

    outcome = shop.run("check")

    assert outcome.code == 2
    assert "'class Meta' got invalid attribute(s): a" in outcome.stderr
    assert f"{shop.path}/shop/models.py, line 3" in outcome.stderr


def test_a_syntax_error_in_a_migration_names_file_and_line(shop: Project) -> None:
    shop.write("shop/migrations/0001_initial.py", "class Migration(:\n")

    outcome = shop.run("showmigrations")

    assert outcome.code == 2
    assert f"{shop.path}/shop/migrations/0001_initial.py, line 1" in outcome.stderr
    assert "Traceback" not in outcome.stderr


def test_a_syntax_error_in_the_settings_names_file_and_line(shop: Project) -> None:
    shop.settings("TEMPLATES = [")

    outcome = shop.run("migrate")

    assert outcome.code == 2
    assert "SyntaxError" in outcome.stderr
    assert f"{shop.path}/settings.py, line " in outcome.stderr
    assert "Traceback" not in outcome.stderr


def test_a_settings_value_that_django_refuses_is_one_message(shop: Project) -> None:
    shop.settings(
        """
        from django.core.exceptions import ImproperlyConfigured
        raise ImproperlyConfigured('PAYMENT_KEY is not set.')
        """
    )

    outcome = shop.run("migrate")

    assert outcome.code == 2
    assert "PAYMENT_KEY is not set." in outcome.stderr
    assert "Traceback" not in outcome.stderr


def test_traceback_shows_the_whole_way(shop: Project) -> None:
    shop.write("shop/models.py", "import nowhere_at_all\n")

    outcome = shop.run("check", "--traceback")

    assert outcome.code == 1
    assert "Traceback (most recent call last)" in outcome.stderr


def test_a_bug_in_a_command_keeps_its_traceback(shop: Project) -> None:
    shop.write("shop/management/__init__.py", "")
    shop.write("shop/management/commands/__init__.py", "")
    shop.write(
        "shop/management/commands/buggy.py",
        """
        from django.core.management.base import BaseCommand

        class Command(BaseCommand):
            def handle(self, **options):
                raise ValueError("a bug")
        """,
    )

    outcome = shop.run("buggy")

    assert outcome.code == 1
    assert "Traceback (most recent call last)" in outcome.stderr
