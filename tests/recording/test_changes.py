"""What ``db_generate`` makes of changed models: renames, defaults, names, checks, dry runs."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from tests.conftest import ProjectFactory
from tests.recording.django_truth import require_fidelity, statements, up_file
from tests.scenario import Project

MODELS = """
    from django.db import models

    class Person(models.Model):
        name = models.CharField(max_length=40)
        born = models.DateField(null=True)
"""
TOGETHER = """
        class Meta:
            unique_together = [("name", "born")]
"""
EMPTY = """
    from django.db import migrations

    class Migration(migrations.Migration):
        dependencies = [("shop", "0001_initial")]
        operations = []
"""


@pytest.fixture
def shop(project: ProjectFactory) -> Project:
    """A project whose first file is recorded."""
    made = project({"shop": {"models.py": MODELS}})
    made.succeeds("db_generate")
    return made


def tree(project: Project) -> dict[Path, bytes]:
    """Every file of the project."""
    return {path: path.read_bytes() for path in project.path.rglob("*") if path.is_file()}


# ---- renames ---------------------------------------------------------------------------------


def test_a_possible_rename_is_never_data_loss_without_a_terminal(shop: Project) -> None:
    shop.edit("shop/models.py", "name =", "full_name =")
    before = tree(shop)

    outcome = shop.run("db_generate")

    assert outcome.code == 2
    assert "shop.Person.name is gone and shop.Person.full_name" in outcome.stderr
    assert "db_generate --rename shop.Person.name=full_name" in outcome.stderr
    assert "--no-rename" in outcome.stderr
    assert tree(shop) == before

    shop.succeeds("db_generate", "--rename", "shop.Person.name=full_name", "--name", "renamed")

    assert statements(up_file(shop, "0002_renamed")) == [
        "ALTER TABLE `shop_person` RENAME COLUMN `name` TO `full_name`"
    ]
    require_fidelity(shop)


def test_a_rename_with_changed_options_is_asked_too(shop: Project) -> None:
    shop.edit("shop/models.py", "name =", "title =")
    shop.edit("shop/models.py", "40", "60")

    outcome = shop.run("db_generate")

    assert outcome.code == 2, str(outcome)
    assert "--rename shop.Person.name=title" in outcome.stderr

    shop.succeeds("db_generate", "--rename", "shop.Person.name=title", "--name", "renamed")

    assert [sql.split("`")[2].strip() for sql in statements(up_file(shop, "0002_renamed"))] == [
        "RENAME COLUMN",
        "MODIFY",
    ]


def test_no_rename_drops_and_says_what_is_lost(shop: Project) -> None:
    shop.edit("shop/models.py", "born =", "birthday =")

    shop.succeeds("db_generate", "--no-rename", "--name", "dropped")

    file = up_file(shop, "0002_dropped")
    assert sorted(sql.split("`")[2].strip() for sql in statements(file)) == [
        "ADD COLUMN",
        "DROP COLUMN",
    ]
    notes = [step.note for _, _, step in file.steps()]
    assert sum("the values of born are lost" in note for note in notes) == 1


def test_a_renamed_model_that_another_app_begins_to_use_at_once(project: ProjectFactory) -> None:
    site = project({"shop": {"models.py": MODELS}, "club": {"models.py": ""}})
    site.succeeds("db_generate")
    site.edit("shop/models.py", "class Person", "class Human")
    assert site.run("db_generate").code == 2
    site.write(
        "club/models.py",
        """
        from django.db import models

        class Member(models.Model):
            human = models.ForeignKey("shop.Human", models.CASCADE)
        """,
    )

    site.succeeds("db_generate", "--rename", "shop.Person=Human", "--name", "humans")

    found = statements(up_file(site, "0002_humans"))
    assert found[0] == "RENAME TABLE `shop_person` TO `shop_human`"
    assert "REFERENCES `shop_human`" in found[-1]
    require_fidelity(site)


def test_a_renamed_field_that_an_index_and_constraints_name(project: ProjectFactory) -> None:
    """As in Django's own order they go first: a server renames no column that a CHECK names, and
    Django asks for the fields of an index that it drops."""
    site = project(
        {
            "shop": {
                "models.py": """
                    from django.db import models

                    class Person(models.Model):
                        age = models.IntegerField(default=1)
                        name = models.CharField(max_length=40)

                        class Meta:
                            indexes = [models.Index(fields=["age", "name"], name="by_age")]
                            constraints = [
                                models.CheckConstraint(
                                    condition=models.Q(age__gte=0), name="born"
                                ),
                                models.UniqueConstraint(fields=["name", "age"], name="once"),
                            ]
                """
            }
        }
    )
    site.succeeds("db_generate")
    models = site.read("shop/models.py").replace("age", "years").replace("Person", "Human")
    site.write("shop/models.py", models.replace("by_years", "by_age"))

    site.succeeds(
        *("db_generate", "--name", "renamed"),
        *("--rename", "shop.Person=Human", "--rename", "shop.Human.age=years"),
    )

    found = statements(up_file(site, "0002_renamed"))
    assert "ALTER TABLE `shop_human` RENAME COLUMN `age` TO `years`" in found
    require_fidelity(site)
    assert site.run("db_generate", "--check").code == 0


def test_a_rename_that_makes_no_sense_is_refused(shop: Project) -> None:
    for flag, said in (
        ("shop.Person.name", "is not understood"),
        ("shop.Persona.name=x", "the migrations know no model shop.Persona"),
        ("shop.Person.nome=x", "shop.Person has no field 'nome'"),
    ):
        outcome = shop.run("db_generate", "--rename", flag)

        assert outcome.code == 2
        assert said in outcome.stderr


# ---- what only a person knows ----------------------------------------------------------------


def test_a_required_column_without_a_default_needs_a_person(shop: Project) -> None:
    for models, said in (
        (MODELS + "        code = models.IntegerField()\n", "'code' of 'person' is new"),
        (MODELS.replace("null=True", ""), "'born' of 'person' may be NULL now"),
        (
            MODELS + "        made = models.DateTimeField(auto_now_add=True)\n",
            "'made' of 'person' is new with auto_now_add",
        ),
    ):
        shop.write("shop/models.py", models)
        before = tree(shop)

        outcome = shop.run("db_generate")

        assert outcome.code == 2
        assert said in outcome.stderr
        assert "db_default=" in outcome.stderr
        assert tree(shop) == before


# ---- names -----------------------------------------------------------------------------------


def test_a_name_is_taken_or_made_up(shop: Project) -> None:
    shop.edit("shop/models.py", "40", "50")
    shop.succeeds("db_generate", "--name", "longer_names")
    shop.edit("shop/models.py", "50", "60")
    outcome = shop.succeeds("db_generate")

    names = sorted(path.name for path in shop.history.glob("*.deltas.json"))
    assert names[:2] == ["0001_initial.deltas.json", "0002_longer_names.deltas.json"]
    made_up = names[2].removesuffix(".deltas.json")
    assert made_up.startswith("0003_")
    assert f"✓ Generated migration file: {made_up}.sql" in outcome.lines


def test_a_name_that_cannot_be_a_file_name_is_refused(shop: Project) -> None:
    for name in ("Longer Names", "../names", "x" * 60):
        outcome = shop.run("db_generate", "--name", name)

        assert outcome.code == 2
        assert "cannot be a file name" in outcome.stderr


# ---- --empty, --check, --dry-run ---------------------------------------------------------------


def test_an_empty_migration_is_filled_by_hand_and_recorded(shop: Project) -> None:
    outcome = shop.succeeds("db_generate", "--empty", "shop", "--name", "by_hand")

    assert "shop/migrations/0002_by_hand.py" in outcome.stdout
    shop.edit(
        "shop/migrations/0002_by_hand.py",
        "operations = [",
        'operations = [migrations.RunSQL("UPDATE shop_person SET name = TRIM(name)", ""),',
    )
    shop.succeeds("db_generate", "--name", "trimmed")

    assert statements(up_file(shop, "0002_trimmed")) == ["UPDATE shop_person SET name = TRIM(name)"]
    assert shop.run("db_generate", "--empty", "nowhere").code == 2


def test_check_finds_a_changed_model_and_writes_nothing(shop: Project) -> None:
    agreed = shop.run("db_generate", "--check")
    shop.edit("shop/models.py", "40", "50")
    before = tree(shop)
    changed = shop.run("db_generate", "--check")
    shop.edit("shop/models.py", "name", "full_name")
    renamed = shop.run("db_generate", "--check")

    assert (agreed.code, changed.code, renamed.code) == (0, 1, 1)
    assert agreed.lines == ["No changes detected: models, migrations and SQL files agree."]
    assert "Alter field name on person" in changed.stdout
    assert "--rename shop.Person.name=full_name" in renamed.stderr
    assert {k: v for k, v in tree(shop).items() if k.name != "models.py"} == {
        k: v for k, v in before.items() if k.name != "models.py"
    }


def test_check_finds_a_migration_made_by_habit(shop: Project) -> None:
    shop.edit("shop/models.py", "40", "50")
    shop.succeeds("makemigrations")

    outcome = shop.run("db_generate", "--check")

    assert outcome.code == 1
    assert "shop.0002_alter_person_name" in outcome.stdout
    assert "Run: python manage.py db_generate" in outcome.stdout


def test_an_upgraded_package_brings_migrations_that_get_their_sql(shop: Project) -> None:
    shop.write("shop/migrations/0002_from_upstream.py", EMPTY)
    shop.edit(
        "shop/migrations/0002_from_upstream.py",
        "[]",
        '[migrations.RunSQL("UPDATE shop_person SET name = UPPER(name)", "")]',
    )

    check = shop.run("db_generate", "--check")
    shop.succeeds("db_generate", "--name", "upgrade")

    assert check.code == 1
    assert "shop.0002_from_upstream" in check.stdout
    assert up_file(shop, "0002_upgrade").sections[0].migration == "shop.0002_from_upstream"
    assert shop.run("db_generate", "--check").code == 0


def test_a_dry_run_shows_the_sql_and_writes_nothing(shop: Project) -> None:
    shop.edit("shop/models.py", "40", "50")
    before = tree(shop)

    outcome = shop.succeeds("db_generate", "--dry-run", "--name", "longer")

    assert "ALTER TABLE `shop_person` MODIFY `name` varchar(50) NOT NULL;" in outcome.stdout
    assert "Would write" in outcome.stdout
    assert tree(shop) == before
    assert shop.sql("SHOW DATABASES LIKE %s", [f"{shop.database}\\_shadow%"]) == []


def test_nothing_to_do_is_one_line(shop: Project) -> None:
    outcome = shop.succeeds("db_generate")

    assert outcome.lines == ["No changes detected: models, migrations and SQL files agree."]


PACKAGE = """
    from django.db import models

    class Account(models.Model):
        name = models.CharField(max_length={length})
        opened = models.DateField()
"""
PACKAGES_OWN = """
    from django.db import migrations, models

    class Migration(migrations.Migration):
        initial = True
        operations = [
            migrations.CreateModel("Account", [
                ("id", models.BigAutoField(primary_key=True)),
                ("name", models.CharField(max_length=20)),
            ]),
        ]
"""
POINTING = """
    from django.db import models

    class Order(models.Model):
        account = models.ForeignKey("vendor.Account", models.CASCADE)
"""


def with_package(site: Project, models: str, migration: str) -> Path:
    """Install a package ``vendor`` beside the project's ``shop``; gives its folder."""
    base = site.path / "base"
    python = f"python{sys.version_info.major}.{sys.version_info.minor}"
    packages = f"base/lib/{python}/site-packages"
    for name, text in (
        ("__init__.py", ""),
        ("migrations/__init__.py", ""),
        ("models.py", models),
        ("migrations/0001_initial.py", migration),
    ):
        site.write(f"{packages}/vendor/{name}", text)
    site.settings(apps=("shop", "vendor"))
    own_path = site.environment().get("PYTHONPATH", "")
    site.env["PYTHONUSERBASE"] = str(base)
    site.env["PYTHONPATH"] = os.pathsep.join((own_path, str(site.path / packages)))
    return site.path / packages / "vendor"


def test_nothing_is_written_into_an_installed_package(project: ProjectFactory) -> None:
    """Its models may differ from its migrations, by a setting of the site or its own mistake; what
    Django's makemigrations writes there is gone with its next version."""
    site = project({"shop": {"models.py": POINTING}})
    vendor = with_package(site, PACKAGE.format(length=30), PACKAGES_OWN)
    generate = """
        from django.core.management import call_command
        call_command("db_generate", *{args!r})
    """

    first = site.python(generate.format(args=["--noinput", "--name", "first"]), forked=False)
    again = site.python(generate.format(args=["--check"]), forked=False)

    assert first.code == 0, str(first)
    assert again.code == 0, str(again)
    for outcome in (first, again):
        assert "vendor: models and migrations of the package differ" in outcome.stderr
    written = sorted(path.name for path in (vendor / "migrations").glob("0*"))
    assert written == ["0001_initial.py"]
    assert '("vendor", "0001_initial")' in site.read("shop/migrations/0001_initial.py").replace(
        "'", '"'
    )


def test_columns_that_are_together_are_looked_for_where_a_model_states_some(
    project: ProjectFactory,
) -> None:
    shop = project({"shop": {"models.py": MODELS}})
    counting = """
        from django.db.migrations.autodetector import MigrationAutodetector
        from nestflux.recording.changes import DetectOptions
        from nestflux.recording.generate import pending

        name, asked = "_get_altered_foo_together_operations", []
        of_django = getattr(MigrationAutodetector, name)

        def counted(self, option_name):
            asked.append(option_name)
            return of_django(self, option_name)

        setattr(MigrationAutodetector, name, counted)
        found = pending("default", DetectOptions(), ["mariadb"])
        operations = [o.describe() for m in found.migrations for o in m.operations]
        print(sorted(set(asked)), [o for o in operations if "together" in o])
    """
    without = shop.python(counting)
    shop.succeeds("db_generate")
    shop.write("shop/models.py", MODELS + TOGETHER)
    stated = shop.python(counting)

    assert without.stdout == "[] []\n", str(without)
    assert stated.stdout.startswith("['unique_together'] ['Alter unique_together"), str(stated)
