"""The project of the tests of this folder, and what they say of a check's outcome."""

from __future__ import annotations

import subprocess
from typing import Any

from tests.scenario import Outcome, Project

MODELS = """
    import uuid

    from django.db import models


    class Product(models.Model):
        name = models.CharField(max_length=40, help_text="As on the box")
        slug = models.CharField(max_length=40, default="")
        token = models.UUIDField(default=uuid.uuid4)
"""
FIRST_MODELS = """
    from django.db import models


    class Product(models.Model):
        name = models.CharField(max_length=40, help_text="As on the box")
"""
INITIAL = """
    from django.db import migrations, models


    class Migration(migrations.Migration):
        initial = True
        operations = [
            migrations.CreateModel(
                "Product",
                [
                    ("id", models.BigAutoField(primary_key=True, auto_created=True,
                                               serialize=False, verbose_name="ID")),
                    ("name", models.CharField(max_length=40, help_text="As on the box")),
                ],
            ),
        ]
"""
SLUGS = '''
    from django.db import migrations, models

    from shop.words import slug_of

    FIRST = "A first product"


    def fill(apps, schema_editor):
        """Give every product a slug."""
        Product = apps.get_model("shop", "Product")
        Product.objects.create(name=FIRST)
        for product in Product.objects.all():
            product.slug = slug_of(product.name)  # as in its address
            product.save()


    class Migration(migrations.Migration):
        dependencies = [("shop", "0001_initial")]
        operations = [
            migrations.AddField("product", "slug",
                                models.CharField(max_length=40, default="")),
            migrations.RunPython(fill, migrations.RunPython.noop),
        ]
'''
WORDS = """
    def slug_of(text):
        return text.lower().replace(" ", "-")


    def unused(text):
        return text
"""
TOKENS = """
    import uuid

    from django.db import migrations, models


    class Migration(migrations.Migration):
        dependencies = [("shop", "0002_slugs")]
        operations = [
            migrations.AddField("product", "token", models.UUIDField(default=uuid.uuid4)),
        ]
"""


def write_shop(project: Project) -> None:
    """Two files: a table; then a column with a Python step, and one with a volatile default."""
    project.app(
        "shop",
        {"models.py": FIRST_MODELS, "words.py": WORDS, "migrations/0001_initial.py": INITIAL},
    )
    project.succeeds("db_generate", "--name", "products")
    project.write("shop/models.py", MODELS)
    project.write("shop/migrations/0002_slugs.py", SLUGS)
    project.write("shop/migrations/0003_tokens.py", TOKENS)
    project.succeeds("db_generate", "--name", "slugs")


def git(project: Project, *args: str) -> None:
    who = ["-c", "user.name=x", "-c", "user.email=x@example.com"]
    subprocess.run(["git", *who, *args], cwd=project.path, check=True, capture_output=True)


def check(project: Project, *options: str, **given: Any) -> Outcome:
    """``db_check --json``."""
    outcome = project.run("db_check", "--json", *options, **given)
    assert "Traceback" not in outcome.stderr, str(outcome)
    return outcome


def found(outcome: Outcome) -> list[tuple[str, str]]:
    """Each finding's severity and code."""
    return [(each["severity"], each["code"]) for each in outcome.json["findings"]]


def the_only(outcome: Outcome, code: str) -> dict[str, Any]:
    """The only finding, which is of this kind."""
    assert [each["code"] for each in outcome.json["findings"]] == [code], str(outcome)
    only: dict[str, Any] = outcome.json["findings"][0]
    return only


def clean(project: Project, *options: str) -> None:
    """Nothing is found, and nothing is left out."""
    outcome = check(project, *options)
    assert found(outcome) == [], str(outcome)
    assert outcome.code == 0
