"""``makemigrations`` and ``migrate`` of the project or of a package: Django 5.2's ``autodetector``
hook, classes that a command's module changes, and what is done behind written migrations."""

from __future__ import annotations

import pytest

from tests.conftest import ProjectFactory
from tests.scenario import Project

MODELS = """
    from django.db import models

    class Item(models.Model):
        name = models.CharField(max_length=20, help_text="as on the box", choices=[("a", "A")])
        cache = models.IntegerField(default=0)
"""
DETECTOR = """
    from django.db.migrations import RunSQL
    from django.db.migrations.autodetector import MigrationAutodetector

    class Detector(MigrationAutodetector):
        # Ignores fields called "cache", and makes a table beside each new one.
        def _detect_changes(self, *args, **kwargs):
            for model in self.to_state.models.values():
                model.fields.pop("cache", None)
            return super()._detect_changes(*args, **kwargs)

        def generate_created_models(self):
            super().generate_created_models()
            for label, name in sorted(self.new_model_keys - self.old_model_keys):
                if label == "shop":
                    self.add_operation(label, RunSQL(
                        f"CREATE TABLE known_{name} (id int PRIMARY KEY)",
                        f"DROP TABLE known_{name}"))
"""
MAKEMIGRATIONS = """
    from django.core.management.commands.makemigrations import Command as Django
    from tooling.detector import Detector

    class Command(Django):
        autodetector = Detector
"""
# As Nautobot does: what makes no difference to a column is no change of a field.
PATCHES = """
    from django.core.management.commands.{name} import Command
    from django.db import models

    models.Field.deconstruct_of_django = models.Field.deconstruct

    def deconstruct(self):
        name, path, args, kwargs = self.deconstruct_of_django()
        for left_out in ("choices", "help_text", "verbose_name"):
            kwargs.pop(left_out, None)
        return name, path, args, kwargs

    models.Field.deconstruct = deconstruct
"""
# As django-linear-migrations does: the first as of old, the second today.
NOTES = """
    from pathlib import Path
    from django.apps import apps
    from django.core.management.commands import makemigrations

    class Command(makemigrations.Command):
        def write_migration_files(self, changes, update_previous_migration_paths=None):
            super().write_migration_files(changes, update_previous_migration_paths)
            if self.dry_run:
                return
            for label, migrations in changes.items():
                folder = Path(apps.get_app_config(label).path) / "migrations"
                (folder / "max_migration.txt").write_text(migrations[-1].name + "\\n")
"""


SPIES = """
    from pathlib import Path
    from django.apps import apps
    from django.core.management.commands import makemigrations
    from django.db.migrations.writer import MigrationWriter

    class Command(makemigrations.Command):
        def add_arguments(self, parser):
            super().add_arguments(parser)
            parser.add_argument("--note", default="max_migration.txt")

        def handle(self, *app_labels, **options):
            written = {}
            as_string = MigrationWriter.as_string
            def watched(writer):
                written[writer.migration.app_label] = writer.migration.name
                return as_string(writer)
            MigrationWriter.as_string = watched
            try:
                super().handle(*app_labels, **options)
            finally:
                MigrationWriter.as_string = as_string
            if self.dry_run:
                return
            for label, name in written.items():
                folder = Path(apps.get_app_config(label).path) / "migrations"
                (folder / options["note"]).write_text(name + "\\n")
"""


def a_shop(project: ProjectFactory, **commands: str) -> Project:
    shop = project({"shop": {"models.py": MODELS}})
    shop.write("tooling/__init__.py", "")
    for name in ("management/__init__.py", "management/commands/__init__.py"):
        shop.write(f"tooling/{name}", "")
    for name, text in commands.items():
        shop.write(f"tooling/management/commands/{name}.py", text)
    shop.settings(apps=("shop", "tooling"))
    return shop


@pytest.fixture
def detecting(project: ProjectFactory) -> Project:
    shop = a_shop(
        project,
        makemigrations=MAKEMIGRATIONS,
        migrate=MAKEMIGRATIONS.replace("commands.makemigrations", "commands.migrate"),
    )
    shop.write("tooling/detector.py", DETECTOR)
    return shop


class TestAutodetector:
    def test_it_decides_what_changed(self, detecting: Project) -> None:
        made = detecting.succeeds("db_generate")
        again = detecting.succeeds("db_generate", "--check")
        checked = detecting.run("db_check", "--no-ledger")

        sql = (detecting.history / "0001_initial.sql").read_text(encoding="utf-8")
        assert "CREATE TABLE known_item" in sql, str(made)
        assert "cache" not in detecting.read("shop/migrations/0001_initial.py")
        assert "No changes detected" in again.stdout
        assert checked.code == 0, str(checked)

    def test_stated_renames_and_ignored_fields_go_together(self, detecting: Project) -> None:
        detecting.succeeds("db_generate")
        detecting.edit("shop/models.py", "name =", "title =")

        detecting.succeeds("db_generate", "--rename", "shop.Item.name=title", "--name", "title")

        sql = (detecting.history / "0002_title.sql").read_text(encoding="utf-8")
        assert "RENAME COLUMN `name` TO `title`" in sql
        assert "cache" not in sql

    def test_django_finds_the_same_one_in_our_migrate(self, detecting: Project) -> None:
        checked = detecting.succeeds("check")
        assert "commands.E001" not in checked.stderr

    def test_without_an_override_it_is_djangos(self, project: ProjectFactory) -> None:
        shop = project({"shop": {"models.py": MODELS}})
        asked = shop.python("""
            from django.core.management import load_command_class
            from django.db.migrations.autodetector import MigrationAutodetector
            from nestflux.management.commands.migrate import Command
            assert load_command_class("nestflux", "migrate").autodetector is MigrationAutodetector
            assert Command.autodetector is MigrationAutodetector
        """)
        assert asked.code == 0, str(asked)

    def test_empty_migrations_are_numbered_by_it(self, detecting: Project) -> None:
        detecting.succeeds("db_generate")
        detecting.write(
            "tooling/detector.py",
            DETECTOR
            + """
        def arrange_for_graph(self, changes, graph, migration_name=None):
            return super().arrange_for_graph(changes, graph, f"ours_{migration_name}")
""",
        )

        detecting.succeeds("db_generate", "--empty", "shop", "--name", "fill")

        assert (detecting.path / "shop/migrations/0002_ours_fill.py").exists()


@pytest.mark.parametrize("name", ["makemigrations", "migrate"])
def test_what_the_module_changes_is_in_force(project: ProjectFactory, name: str) -> None:
    shop = a_shop(project, **{name: PATCHES.format(name=name)})
    shop.succeeds("db_generate")
    assert "choices" not in shop.read("shop/migrations/0001_initial.py")
    shop.edit("shop/models.py", "as on the box", "as on the bill")

    same = shop.succeeds("db_generate", "--check")
    checked = shop.run("db_check", "--no-ledger")

    assert "No changes detected" in same.stdout
    assert checked.code == 0, str(checked)


def test_a_command_that_cannot_be_imported_is_named(project: ProjectFactory) -> None:
    shop = a_shop(project, makemigrations="import nowhere_at_all\n")

    outcome = shop.run("db_generate")

    assert outcome.code == 2
    assert "The makemigrations command of the app 'tooling' cannot be loaded" in outcome.stderr
    assert "Where: tooling.management.commands.makemigrations" in outcome.stderr
    assert "Traceback" not in outcome.stderr
    assert not shop.history.exists()


class TestWhatIsDoneBehindWrittenMigrations:
    @pytest.mark.parametrize("command", [NOTES, SPIES], ids=["where it writes", "around all"])
    def test_it_is_done(self, project: ProjectFactory, command: str) -> None:
        shop = a_shop(project, makemigrations=command)

        shop.succeeds("db_generate", "--dry-run")
        assert not (shop.path / "shop/migrations/max_migration.txt").exists()
        shop.succeeds("db_generate")
        assert shop.read("shop/migrations/max_migration.txt") == "0001_initial\n"
        shop.succeeds("db_generate", "--empty", "shop", "--name", "fill")
        assert shop.read("shop/migrations/max_migration.txt") == "0002_fill\n"
        assert shop.run("db_generate").code == 0
        assert shop.run("db_check", "--no-ledger").code == 0

    @pytest.mark.parametrize(
        ("old", "new", "said"),
        [
            ("if self.dry_run", "1 / 0\n            if self.dry_run", "ZeroDivisionError"),
            ("super().write", "raise SystemExit(3)\n            super().write", "SystemExit: 3"),
        ],
    )
    def test_where_it_fails_all_is_written(
        self, project: ProjectFactory, old: str, new: str, said: str
    ) -> None:
        shop = a_shop(project, makemigrations=NOTES.replace(old, new))

        outcome = shop.run("db_generate")

        assert outcome.code == 1
        assert said in outcome.stderr
        assert "Now:   the migrations and their SQL files are written" in outcome.stderr
        assert "No changes detected" in shop.succeeds("db_generate").stdout

    def test_a_command_that_is_not_djangos_is_left_alone(self, project: ProjectFactory) -> None:
        shop = a_shop(
            project,
            makemigrations="""
                from django.core.management.base import BaseCommand

                class Command(BaseCommand):
                    def handle(self, **options):
                        raise SystemExit("not called")
            """,
        )

        shop.succeeds("db_generate")

        assert (shop.path / "shop/migrations/0001_initial.py").exists()
