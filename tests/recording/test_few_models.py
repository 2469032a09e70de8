"""Of a project's models those are made that an operation needs."""

from __future__ import annotations

import pytest

from tests.conftest import ProjectFactory
from tests.recording.django_truth import require_fidelity

HEAD = "from django.db import models\n"
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


def models_made(project: ProjectFactory, tables: int) -> int:
    """How often a model is made while a first history of so many tables is recorded."""
    text = HEAD + "".join(MODEL.format(number=n, before=f"Thing{n // 2}") for n in range(tables))
    shop = project({"shop": {"models.py": text}})

    outcome = shop.python(COUNTED)

    assert outcome.code == 0, str(outcome)
    return int(outcome.stdout)


def test_a_first_history_makes_models_as_its_tables_and_not_as_their_square(
    project: ProjectFactory,
) -> None:
    few, many = models_made(project, 8), models_made(project, 32)

    assert many < 6 * few  # each knows its parents: four times as many, and some more levels


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
        from django.db.models.signals import pre_migrate

        def listen(apps, **told):
            assert apps.get_model("shop", "Thing0")
            print("asked", flush=True)

        pre_migrate.connect(listen)
    """
    code = "from nestflux.recording.few_models import only_djangos_receivers as all_djangos\n"
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
    assert outcome.stdout.startswith("False\nasked" if asks else "True\n")
    assert ("asked" in outcome.stdout) == asks
