"""Of a project's models those are made that an operation needs."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest

from tests.conftest import ProjectFactory
from tests.recording.django_truth import require_fidelity

HEAD = "from django.db import models\n"
OWN_KEY = (
    "models.AutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')"
)
MODEL = """

class Thing{number}(models.Model):
    name = models.CharField(max_length=20)
    first = models.ForeignKey("Thing0", models.CASCADE, related_name="+")
    before = models.ForeignKey("{before}", models.CASCADE, null=True)
    many = models.ManyToManyField("Thing0", related_name="+")
"""
COUNTED = """
    from django.db.migrations.state import ModelState
    from nestflux.recording.changes import DetectOptions
    from nestflux.recording.generate import generate

    made, render = [], ModelState.render

    def counting(self, apps):
        made.append(self.name)
        return render(self, apps)

    ModelState.render = counting
    generate("default", DetectOptions())
    print(len(made))
"""
# Two tables that need each other, a model that inherits, and what needs no table.
TANGLED = {
    "models.py": """
    from django.db import models


    class House(models.Model):
        name = models.CharField(max_length=20)
        chief = models.ForeignKey("Person", models.CASCADE, null=True, related_name="+")

        class Meta:
            unique_together = [("name", "chief")]
            indexes = [models.Index(fields=["name"], name="house_by_name")]


    class Person(models.Model):
        house = models.ForeignKey(House, models.CASCADE)
        friends = models.ManyToManyField("self")
        homes = models.ManyToManyField(House, through="Stay", related_name="+")
        age = models.IntegerField(default=0)

        class Meta:
            order_with_respect_to = "house"
            constraints = [models.CheckConstraint(condition=models.Q(age__gte=0), name="born")]


    class Stay(models.Model):
        house = models.ForeignKey(House, models.CASCADE)
        person = models.ForeignKey(Person, models.CASCADE)


    class Guest(Person):
        since = models.DateField()


    class Tenant(Guest):
        class Meta:
            proxy = True


    class Elsewhere(models.Model):
        class Meta:
            managed = False
    """
}

# Keys of every kind to what is changed below: to a primary key, to a unique column, by a table
# that inherits, by a key that is a primary key itself, and on from there.
BEFORE = """
    from django.db import models


    class House(models.Model):
        code = models.CharField(max_length=10, unique=True)
        name = models.CharField(max_length=20)

        class Meta:
            unique_together = [("name", "code")]
            indexes = [models.Index(fields=["name"], name="house_by_name")]


    class Person(models.Model):
        house = models.ForeignKey(House, models.CASCADE, related_name="+")
        sign = models.ForeignKey(House, models.CASCADE, to_field="code", null=True)
        friends = models.ManyToManyField("self")
        homes = models.ManyToManyField(House, through="Stay", related_name="+")
        age = models.IntegerField(default=0)
        note = models.TextField(null=True)

        class Meta:
            constraints = [models.CheckConstraint(condition=models.Q(age__gte=0), name="born")]


    class Stay(models.Model):
        house = models.ForeignKey(House, models.CASCADE)
        person = models.ForeignKey(Person, models.CASCADE)


    class Guest(Person):
        since = models.DateField()


    class Passport(models.Model):
        guest = models.OneToOneField(Guest, models.CASCADE, primary_key=True)


    class Visa(models.Model):
        passport = models.ForeignKey(Passport, models.CASCADE, related_name="+")


    class Shed(models.Model):
        near = models.ForeignKey(House, models.CASCADE, null=True)
"""
# Each a migration of its own.
CHANGES = (
    f"AlterField('house', 'id', {OWN_KEY})",
    f"AlterField('person', 'id', {OWN_KEY})",
    "AlterField('house', 'code', models.CharField(max_length=12, unique=True))",
    "RenameField('house', 'code', 'number')",
    "AlterField('person', 'age', models.BigIntegerField(null=True))",
    "AlterField('stay', 'house', models.OneToOneField('home.House', models.CASCADE, null=True))",
    "AlterField('person', 'friends', models.ManyToManyField('home.House', related_name='+'))",
    "AddField('visa', 'stays', models.ManyToManyField('home.Stay'))",
    "RemoveField('person', 'note')",
    "RemoveField('person', 'sign')",
    "AlterUniqueTogether('house', {('name',)})",
    "RenameIndex('house', old_name='house_by_name', new_name='house_name')",
    "RemoveIndex('house', 'house_name')",
    "RemoveConstraint('person', 'born')",
    "AlterModelTableComment('house', 'where they live')",
    "AlterModelOptions('house', {'verbose_name': 'home'})",
    "RunSQL(\"UPDATE home_house SET name = 'x'\", migrations.RunSQL.noop)",
    "DeleteModel('Shed')",
)
MIGRATION = """
    from django.db import migrations, models


    class Migration(migrations.Migration):
        dependencies = [("home", "{before}")]
        operations = [migrations.{operation}]
"""
RECORDED = """
    import json
    import nestflux.recording.generate as generating
    from nestflux.recording import executing
    from nestflux.recording.changes import Detected, DetectOptions

    def recorded():
        generating.detect = lambda *given: Detected([])  # the models are of no matter here
        (file,) = generating.generate("default", DetectOptions(), name="more", write=False).files
        texts = {name: text.replace(file.up.id, "id") for name, text in file.texts.items()}
        print(json.dumps(texts))

"""
FEW = f"{RECORDED}    recorded()\n"
# In a process of its own: a RenameField changes the very fields of the migrations before it.
WHOLE = f"{RECORDED}    executing.needs_few = lambda *given: False\n    recorded()\n"


def models_made(
    project: ProjectFactory, tables: int, before: Callable[[int], int] = lambda n: n // 2
) -> int:
    """How often a model is made while a first history of so many tables is recorded.

    Args:
        before: the number of the table that a table leads to.
    """
    text = HEAD + "".join(MODEL.format(number=n, before=f"Thing{before(n)}") for n in range(tables))
    shop = project({"shop": {"models.py": text}})

    outcome = shop.python(COUNTED)

    assert outcome.code == 0, str(outcome)
    return int(outcome.stdout)


def test_a_first_history_makes_models_as_its_tables_and_not_as_their_square(
    project: ProjectFactory,
) -> None:
    few, many = models_made(project, 8), models_made(project, 32)

    assert many < 5 * few  # four times as many


def test_tables_that_lead_far_make_no_more_models_than_those_that_do_not(
    project: ProjectFactory,
) -> None:
    chained = models_made(project, 32, before=lambda n: max(n - 1, 0))  # the last one through all

    assert chained <= models_made(project, 32, before=lambda n: n // 2)


def test_models_that_need_each_other_give_what_django_builds(project: ProjectFactory) -> None:
    home = project({"home": TANGLED})

    home.succeeds("db_generate")
    home.edit(
        "home/models.py",
        "    since = models.DateField()",
        "    since = models.DateField()\n"
        "    of = models.ForeignKey(House, models.CASCADE, null=True, related_name='+')\n"
        "    with_them = models.ManyToManyField(Stay)",
    )
    home.succeeds("db_generate", "--name", "more")

    require_fidelity(home)


@pytest.mark.parametrize("asks", [False, True], ids=["Django's own", "one of a package"])
def test_receivers_of_pre_migrate_get_all_models_unless_all_are_djangos(
    project: ProjectFactory, asks: bool
) -> None:
    shop = project(
        {"shop": {"models.py": HEAD + MODEL.format(number=0, before="Thing0")}},
        contrib=("django.contrib.contenttypes",),
    )
    shop.succeeds("db_generate")
    shop.edit(
        "shop/models.py", "max_length=20)", "max_length=20)\n    more = models.TextField(null=True)"
    )
    listening = """
        import sys

        from django.db.models.signals import pre_migrate

        def listen(apps, **told):
            assert apps.get_model("shop", "Thing0")
            print("asked", file=sys.stderr)

        pre_migrate.connect(listen)
    """
    code = "from nestflux.recording.model_subset import only_djangos_receivers as all_djangos\n"
    if asks:
        shop.write("shop/receivers.py", listening)
        code += "import shop.receivers\n"
    code += """from nestflux.recording.changes import DetectOptions
from nestflux.recording.generate import generate
print(all_djangos())
generate("default", DetectOptions())
"""

    outcome = shop.python(code)

    assert outcome.code == 0, str(outcome)
    assert outcome.stdout.startswith("False\n" if asks else "True\n")
    assert outcome.stderr.startswith("asked") is asks


def test_changes_are_recorded_with_few_models_as_with_all_of_them(
    project: ProjectFactory,
) -> None:
    home = project({"home": {"models.py": BEFORE}})
    home.succeeds("db_generate", "--name", "first")
    before = "0001_initial"
    for number, operation in enumerate(CHANGES, start=2):
        text = MIGRATION.format(operation=operation, before=before)
        before = f"{number:04}_change"
        home.write(f"home/migrations/{before}.py", text)

    few, whole = (home.python(code) for code in (FEW, WHOLE))

    assert few.code == whole.code == 0, f"{few}\n{whole}"
    assert json.loads(few.stdout) == json.loads(whole.stdout)
    assert len(json.loads(few.stdout)) == 4
