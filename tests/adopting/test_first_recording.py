"""The first recording of a project that is older than its history, and what becomes of its
database."""

from __future__ import annotations

import json

import pytest

from tests.conftest import ProjectFactory
from tests.recording.django_truth import require_fidelity
from tests.scenario import Project

UP_TO_DATE = "Database is up to date!"
CONTRIB = ("django.contrib.contenttypes", "django.contrib.auth")

MODELS = """
    from django.db import models

    class Product(models.Model):
        name = models.CharField(max_length=40)
        kind = models.CharField(max_length=10, choices=[("book", "Book"), ("pen", "Pen")])
"""
INITIAL = """
    from django.db import migrations, models

    class Migration(migrations.Migration):
        initial = True
        dependencies = []
        operations = [
            migrations.CreateModel(
                name="Product",
                fields=[
                    ("id", models.BigAutoField(auto_created=True, primary_key=True,
                                               serialize=False, verbose_name="ID")),
                    ("name", models.CharField(max_length=40)),
                    ("kind", models.CharField(choices=[("book", "Book")], max_length=10)),
                ],
            ),
        ]
"""


@pytest.fixture
def shop(project: ProjectFactory) -> Project:
    """Migrated by stock Django; a model has one more of ``choices`` than its newest migration."""
    files = {"models.py": MODELS, "migrations/0001_initial.py": INITIAL}
    made = project({"shop": files}, contrib=CONTRIB)
    stock(made)
    return made


def stock(shop: Project) -> None:
    """Migrate with Django's own executor, as ``migrate`` did before NestFlux was installed."""
    outcome = shop.python(
        """
        from django.db import connection
        from django.db.migrations.executor import MigrationExecutor

        executor = MigrationExecutor(connection)
        executor.migrate(executor.loader.graph.leaf_nodes())
        """
    )
    assert outcome.code == 0, str(outcome)


def files_of(shop: Project) -> dict[str, list[str]]:
    """The files of the history, each with its migrations."""
    journal = json.loads((shop.history / "journal.json").read_text())
    return {entry["name"]: entry["migrations"] for entry in journal["files"]}


def test_what_exists_is_the_first_file_and_what_is_new_the_second(shop: Project) -> None:
    """D1: an invented migration among those that the database has leaves no way to take it over."""
    generated = shop.succeeds("db_generate", "--name", "pens")
    baseline = shop.succeeds("db_baseline", "--yes")
    migrated = shop.succeeds("db_migrate")

    assert "✓ Generated migration file: 0001_initial.sql" in generated.lines
    assert "✓ Generated migration file: 0002_pens.sql" in generated.lines
    files = files_of(shop)
    assert files["0002_pens"] == ["shop.0002_alter_product_kind"]
    assert {"shop.0001_initial", "auth.0001_initial"} <= set(files["0001_initial"])
    assert "✓ Baselined at 0001_initial.sql" in baseline.lines
    assert "Pending afterwards: 0002_pens.sql" in baseline.lines
    assert migrated.lines[-1] == UP_TO_DATE
    assert shop.run("db_check").code == 0
    require_fidelity(shop)


def test_a_database_without_own_migrations_is_taken_over_too(project: ProjectFactory) -> None:
    """``startproject``, ``migrate``, and only then models: the packages' tables are there."""
    site = project({"shop": {}}, contrib=CONTRIB)
    stock(site)
    site.write("shop/models.py", MODELS)

    site.succeeds("db_generate", "--name", "products")

    assert list(files_of(site)) == ["0001_initial", "0002_products"]
    site.succeeds("db_baseline", "--yes")
    site.succeeds("db_migrate")
    require_fidelity(site)


def test_a_new_project_gets_one_file(project: ProjectFactory) -> None:
    site = project({"shop": {"models.py": MODELS}}, contrib=CONTRIB)

    site.succeeds("db_generate")

    assert list(files_of(site)) == ["0001_initial"]


def test_a_new_user_model_that_packages_depend_on_stays_in_the_first_file(
    project: ProjectFactory,
) -> None:
    """What exists cannot be applied without what is new."""
    user = """
        from django.contrib.auth.models import AbstractUser

        class Member(AbstractUser):
            pass
    """
    own = {"models.py": MODELS, "migrations/0001_initial.py": INITIAL}
    site = project(
        {"shop": own, "club": {"models.py": user}},
        contrib=(*CONTRIB, "django.contrib.admin"),
        settings='AUTH_USER_MODEL = "club.Member"',
    )

    site.succeeds("db_generate")

    assert list(files_of(site)) == ["0001_initial"]


def test_existing_only_invents_nothing(shop: Project) -> None:
    """For who deploys an application that somebody else writes."""
    generated = shop.succeeds("db_generate", "--existing-only")
    taken = shop.succeeds("db_baseline", "--yes")

    assert list(files_of(shop)) == ["0001_initial"]
    assert not list(shop.path.glob("shop/migrations/0002*"))
    assert "Alter field" not in generated.stdout
    assert taken.lines[-1] == UP_TO_DATE
    assert shop.run("db_generate", "--existing-only", "--check").code == 0
    check = shop.run("db_check", "--existing-only", "--json")
    assert (check.code, check.json["findings"]) == (0, [])
    assert {"what": "changes in the models", "why": "--existing-only"} in check.json["not_checked"]
    assert shop.run("db_generate", "--check").code == 1
    assert shop.run("db_check").code == 1


def test_a_database_in_the_middle_of_a_file_is_said_in_a_few_lines(shop: Project) -> None:
    """D9: no wall of names."""
    for number in range(2, 30):
        shop.write(
            f"shop/migrations/{number:04d}_more.py",
            f"""
            from django.db import migrations

            class Migration(migrations.Migration):
                dependencies = [("shop", "{number - 1:04d}_{"initial" if number == 2 else "more"}")]
                operations = []
            """,
        )
    shop.succeeds("db_generate", "--existing-only")

    refused = shop.run("db_baseline", "--yes")

    assert refused.code == 2
    assert "The database is not at the end of a SQL migration: it has " in refused.stderr
    assert "of the " in refused.stderr
    assert "shop.0002_more" in refused.stderr
    assert "and 23 more" in refused.stderr
    assert "beyond" not in refused.stderr
    assert len(refused.stderr.splitlines()) < 8
    assert max(map(len, refused.stderr.splitlines())) < 250
