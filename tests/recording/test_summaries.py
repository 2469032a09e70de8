"""What ``db_generate`` prints on a large project: a screen, and everything with ``-v 2``."""

from __future__ import annotations

from tests.conftest import ProjectFactory
from tests.scenario import Project

A_SCREEN = 24

HEAD = """
    import uuid

    from django.db import models
"""
MODEL = """
    class Thing{number}(models.Model):
        name = models.CharField(max_length=40)
"""
STEP = """
    from django.db import migrations


    def forwards(apps, schema_editor):
        for number in range(100):
            print(f"step says {number}")


    class Migration(migrations.Migration):
        dependencies = [("shop", "0001_initial")]
        operations = [migrations.RunPython(forwards, migrations.RunPython.noop)]
"""


def things(count: int) -> str:
    """A module of so many models."""
    return HEAD + "".join(MODEL.format(number=number) for number in range(count))


def test_many_models_are_a_screen(project: ProjectFactory) -> None:
    site = project({f"app{number}": {"models.py": things(10)} for number in range(9)})

    outcome = site.succeeds("db_generate", "--dry-run", "-v", "2")
    short = site.succeeds("db_generate")

    assert outcome.stdout.count("+ Create model Thing") == 9 * 10
    assert "Create model" not in short.stdout
    assert "app0: 10 operations" in short.lines
    assert len(short.lines) <= A_SCREEN, short.stdout


def test_the_migrations_of_many_apps_are_counted(project: ProjectFactory) -> None:
    contrib = tuple(f"django.contrib.{name}" for name in ("contenttypes", "auth", "admin"))
    site = project({}, contrib=contrib)

    short = site.succeeds("db_generate", "--dry-run").lines
    full = site.succeeds("db_generate", "-v", "2").lines

    (counted,) = [line for line in short if line.startswith("Without SQL so far: ")]
    assert counted.endswith(" migrations of contenttypes, auth, admin")
    (named,) = [line for line in full if line.startswith("Without SQL so far: ")]
    assert "auth.0012_alter_user_first_name_max_length" in named


def test_many_volatile_defaults_are_one_line(project: ProjectFactory) -> None:
    site = project({"app": {"models.py": things(30)}})
    site.succeeds("db_generate")
    text = site.read("app/models.py")
    new = "name = models.CharField(max_length=40)\n    key = models.UUIDField(default=uuid.uuid4)"
    site.write("app/models.py", text.replace("name = models.CharField(max_length=40)", new))

    made = site.succeeds("db_generate")

    (line,) = [line for line in made.lines if "VOLATILE" in line]
    assert line == "    30 notes in the files' headers: 30 VOLATILE  (-v 2 shows them)"


def _printing(project: ProjectFactory) -> Project:
    shop = project({"shop": {"models.py": "from django.db import models"}})
    shop.write("shop/models.py", "from django.db import models\nclass A(models.Model):\n    pass")
    shop.succeeds("db_generate")
    shop.write("shop/migrations/0002_step.py", STEP)
    return shop


def test_what_a_python_step_prints_is_kept_off_the_summary(project: ProjectFactory) -> None:
    """C10: it was printed twice, in front of everything else."""
    shop = _printing(project)

    made = shop.succeeds("db_generate")
    checked = shop.succeeds("db_check")
    migrated = shop.succeeds("db_migrate", "--replay")

    assert "step says" not in made.stdout + made.stderr
    assert "step says" not in checked.stdout + checked.stderr
    assert migrated.stdout.count("step says") == 100, "it speaks where it runs on the database"


def test_what_a_python_step_prints_is_shown_once_with_more_verbosity(
    project: ProjectFactory,
) -> None:
    shop = _printing(project)

    made = shop.succeeds("db_generate", "-v", "2")

    assert made.stdout.count("step says 7\n") == 1
