"""A Django upgrade is not an edit: other text of the same effect, and orders that come from sets.

What another Django writes is imitated by a schema editor that puts comments elsewhere and adds
foreign keys by themselves; a Django that says that it is of another series goes with it. The last
test runs with a real one.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterable
from pathlib import Path

import django
import pytest

from tests.conftest import ProjectFactory
from tests.reviewing.shop import check, clean, found
from tests.scenario import REPOSITORY, Outcome, Project, TestServer, kept_project

SERIES = ".".join(map(str, django.VERSION[:2]))
OTHER_SERIES = "6.1" if SERIES == "5.2" else "5.2"
OTHER_TEXT = """
from django.db.backends.mysql.schema import DatabaseSchemaEditor as Editor

in_its_place = Editor._iter_column_sql


def elsewhere(self, *given):
    parts = list(in_its_place(self, *given))
    comments = [part for part in parts if "COMMENT" in part]
    others = [part for part in parts if "COMMENT" not in part]
    last = parts[-1:] == comments
    yield from [others[0], *comments, *others[1:]] if last else [*others, *comments]


Editor._iter_column_sql = elsewhere
Editor.sql_create_column_inline_fk = None
"""
OTHER_VERSION = f"""
import django
django.VERSION = ({OTHER_SERIES.replace(".", ", ")}, 0, "final", 0)
"""
MODELS = """
    from django.db import models


    class Maker(models.Model):
        name = models.CharField(max_length=40, db_comment="As on the box")


    class Product(models.Model):
        name = models.CharField(max_length=40, null=False, db_comment="What it is called")
        maker = models.ForeignKey(Maker, models.CASCADE, db_comment="Who makes it")
        kind = models.CharField(max_length=9, default="toy", db_comment="What it is")
        origin = models.ForeignKey(Maker, models.CASCADE, null=True, related_name="+")
"""
INITIAL = """
    from django.db import migrations, models


    class Migration(migrations.Migration):
        initial = True
        operations = [
            migrations.CreateModel("Maker", [
                ("id", models.BigAutoField(primary_key=True, auto_created=True,
                                           serialize=False, verbose_name="ID")),
                ("name", models.CharField(max_length=40, db_comment="As on the box")),
            ]),
            migrations.CreateModel("Product", [
                ("id", models.BigAutoField(primary_key=True, auto_created=True,
                                           serialize=False, verbose_name="ID")),
                ("name", models.CharField(max_length=40, db_comment="What it is called")),
                ("maker", models.ForeignKey("shop.Maker", models.CASCADE,
                                            db_comment="Who makes it")),
            ]),
        ]
"""
KINDS = """
    from django.db import migrations, models


    def fill(apps, schema_editor):
        apps.get_model("shop", "Maker").objects.create(name="Ann")


    class Migration(migrations.Migration):
        dependencies = [("shop", "0001_initial")]
        operations = [
            migrations.AddField("product", "kind",
                                models.CharField(max_length=9, default="toy",
                                                 db_comment="What it is")),
            migrations.AddField("product", "origin",
                                models.ForeignKey("shop.Maker", models.CASCADE, null=True,
                                                  related_name="+")),
            migrations.RunPython(fill, migrations.RunPython.noop),
            migrations.RunSQL("UPDATE shop_product SET name = 'A' WHERE kind = 'toy'",
                              migrations.RunSQL.noop),
        ]
"""
# (file, old, new): each does something else than the reviewed SQL.
EDITS = {
    "another type": (
        "shop/migrations/0001_initial.py",
        'max_length=40, db_comment="As on',
        'max_length=60, db_comment="As on',
    ),
    "another value for the rows there are": (
        "shop/migrations/0002_kinds.py",
        'default="toy"',
        'default="new"',
    ),
    "other data": ("shop/migrations/0002_kinds.py", "name = 'A'", "name = 'B'"),
    "another comment": ("shop/migrations/0002_kinds.py", "What it is", "What it was"),
}


@pytest.fixture(scope="module")
def recorded(tmp_path_factory: pytest.TempPathFactory, server: TestServer) -> Path:
    path = tmp_path_factory.mktemp("another_django")
    with kept_project(path, server, {"shop": {}}) as made:
        first = MODELS[: MODELS.index("        kind =")]
        made.app("shop", {"models.py": first, "migrations/0001_initial.py": INITIAL})
        made.succeeds("db_generate", "--name", "products")
        made.write("shop/models.py", MODELS)
        made.write("shop/migrations/0002_kinds.py", KINDS)
        made.succeeds("db_generate", "--name", "kinds")
    return path


@pytest.fixture
def shop(project: ProjectFactory, recorded: Path) -> Project:
    made = project({"shop": {"models.py": MODELS}})
    made.take_over(recorded, "shop", "migrations_sql")
    return made


def upgrade(shop: Project, *, series: bool = True) -> None:
    shop.settings(OTHER_TEXT + (OTHER_VERSION if series else ""))


def test_another_text_of_the_same_effect_is_one_remark_a_file(shop: Project) -> None:
    clean(shop)
    upgrade(shop)

    findings = check(shop).json["findings"]

    kinds = {"recorded-by-another-django"}
    assert {each["code"] for each in findings} == kinds, findings
    assert all(each["severity"] == "remark" for each in findings)
    assert [each["where"].rsplit("/")[-1] for each in findings] == sorted(
        path.name for path in shop.history.glob("000*.sql") if ".down." not in path.name
    )
    assert f"recorded with Django {SERIES}; Django {OTHER_SERIES} writes" in findings[0]["what"]
    assert "shop.0001_initial" in findings[0]["what"]
    assert check(shop).code == 0


def test_under_the_same_django_it_is_no_finding(shop: Project) -> None:
    upgrade(shop, series=False)

    clean(shop)


@pytest.mark.parametrize("series", [True, False], ids=["another Django", "the same Django"])
@pytest.mark.parametrize("edit", EDITS.values(), ids=EDITS)
def test_an_edit_is_found_among_other_text(
    shop: Project, edit: tuple[str, str, str], series: bool
) -> None:
    upgrade(shop, series=series)
    shop.edit(*edit)

    outcome = check(shop)

    assert ("error", "edited-migration") in found(outcome), str(outcome)
    assert outcome.code == 1


def test_the_schema_of_an_edit_is_shown(shop: Project) -> None:
    upgrade(shop)
    shop.edit(*EDITS["another type"])

    findings = check(shop).json["findings"]

    details = next(each for each in findings if each["code"] == "edited-migration")["details"]
    schema = [line for line in details if line.startswith("schema: ~ ")]
    assert any("varchar(40)" in line and "varchar(60)" in line for line in schema), details


def test_a_reviewers_accepted_edit_stays_one_remark(shop: Project) -> None:
    """The file does something else than either Django; the ``.py`` is as it was."""
    path = shop.history / "0002_kinds.sql"
    path.write_text(path.read_text().replace("varchar(9)", "varchar(12)"))
    shop.succeeds("db_generate", "--accept", "0002_kinds.sql")
    clean(shop)
    upgrade(shop)

    assert {code for _, code in found(check(shop))} == {"recorded-by-another-django"}

    shop.edit(*EDITS["other data"])
    assert ("error", "edited-migration") in found(check(shop))


def test_accepting_says_in_one_line_that_only_django_is_another(shop: Project) -> None:
    upgrade(shop)

    outcome = shop.succeeds("db_generate", "--accept", "0002_kinds.sql")

    assert "Django itself gives" not in outcome.stdout
    remarks = [line for line in outcome.lines if f"Django {OTHER_SERIES} writes other SQL" in line]
    assert len(remarks) == 1
    assert "shop.0002_kinds" in remarks[0]
    findings = check(shop).json["findings"]
    assert [each["where"].rsplit("/")[-1] for each in findings] == ["0001_products.sql"]


def test_what_is_pending_runs_under_another_django(shop: Project) -> None:
    upgrade(shop)

    outcome = shop.succeeds("db_migrate", "--replay")

    assert "depend on settings" not in outcome.stdout
    assert shop.sql("SELECT name FROM shop_maker") == [("Ann",)]
    shop.succeeds("db_rollback", "--to", "zero", "--yes")
    shop.succeeds("db_migrate", "--replay")


# ---- orders that come from sets (C1, C2) ---------------------------------------------------

TOGETHER = """
    from django.db import models


    class Place(models.Model):
        a = models.IntegerField()
        b = models.IntegerField()
        c = models.IntegerField()
        d = models.IntegerField()

        class Meta:
            unique_together = [("a", "b"), ("b", "c"), ("c", "d")]
"""
MANY = """
    from django.db import models


    class Person(models.Model):
        name = models.CharField(max_length=9)


    class Letter(models.Model):
        sender = models.ForeignKey(Person, models.CASCADE, related_name="+")
        reader = models.ForeignKey(Person, models.CASCADE, related_name="+")
        copies = models.ManyToManyField(Person, related_name="+")


    class Party(models.Model):
        host = models.ForeignKey(Person, models.CASCADE, related_name="+")
        guests = models.ManyToManyField(Person, related_name="+")
"""
RENAMED = """
    from django.db import migrations


    class Migration(migrations.Migration):
        dependencies = [("shop", "0001_initial")]
        operations = [migrations.RenameModel("Person", "Human")]
"""


def found_by_seed(shop: Project, seeds: Iterable[int] = range(1, 5)) -> dict[int, list[str]]:
    """What is found, by the seeds with which anything is. Each is a process of its own: the seed is
    the interpreter's."""
    codes = {
        seed: [code for _, code in found(check(shop, env={"PYTHONHASHSEED": str(seed)}))]
        for seed in seeds
    }
    return {seed: some for seed, some in codes.items() if some}


def test_the_order_of_a_set_is_no_edit(project: ProjectFactory) -> None:
    shop = project({"shop": {"models.py": TOGETHER}})
    shop.succeeds("db_generate", env={"PYTHONHASHSEED": "1"})

    assert found_by_seed(shop) == {}

    shop.edit(shop_migration(shop), "('b', 'c')", "('b', 'd')")
    assert "edited-migration" in found_by_seed(shop, [2])[2]


def test_nor_where_a_reviewer_edited_the_file(project: ProjectFactory) -> None:
    shop = project({"shop": {"models.py": TOGETHER}})
    shop.succeeds("db_generate", "--name", "places", env={"PYTHONHASHSEED": "1"})
    path = shop.history / "0001_places.sql"
    path.write_text(path.read_text().replace("`d` integer", "`d` bigint"))
    shop.succeeds("db_generate", "--accept", "0001_places.sql", env={"PYTHONHASHSEED": "1"})

    assert found_by_seed(shop) == {}


def shop_migration(shop: Project) -> str:
    (path,) = (shop.path / "shop" / "migrations").glob("0001_*.py")
    return str(path.relative_to(shop.path))


def test_nor_the_order_of_what_leads_to_a_renamed_model(project: ProjectFactory) -> None:
    shop = project({"shop": {"models.py": MANY}})
    shop.succeeds("db_generate", env={"PYTHONHASHSEED": "1"})
    shop.write("shop/migrations/0002_humans.py", RENAMED)
    shop.write("shop/models.py", MANY.replace("Person", "Human"))
    shop.succeeds("db_generate", "--name", "humans", env={"PYTHONHASHSEED": "1"})

    assert found_by_seed(shop) == {}

    shop.edit(
        "shop/migrations/0002_humans.py",
        '"Human")',
        '"Human"), migrations.RunSQL("DELETE FROM shop_party", "")',
    )
    assert "edited-migration" in found_by_seed(shop, [3])[3]


STATES = """
    from django.db import models
    from django.db.models import Case, Q, Value, When


    class Order(models.Model):
        state = models.CharField(max_length=9)
        is_open = models.GeneratedField(
            expression=Case(
                When(state__in={"new", "paid", "sent"}, then=Value(1)), default=Value(0)
            ),
            output_field=models.IntegerField(),
            db_persist=True,
        )

        class Meta:
            constraints = [
                models.CheckConstraint(
                    condition=Q(state__in={"new", "paid", "sent", "gone"}), name="is_known"
                )
            ]
"""
AS_EARLIER_VERSIONS_RECORDED = """
    from django.core.management import call_command
    from nestflux.graph import one_order

    one_order._sorted = list
    call_command("db_generate", name="orders", verbosity=0)
"""


def test_nor_the_order_of_the_values_in_a_check(project: ProjectFactory) -> None:
    shop = project({"shop": {"models.py": STATES}})
    shop.env["PYTHONHASHSEED"] = "1"
    outcome = shop.python(AS_EARLIER_VERSIONS_RECORDED)
    assert outcome.code == 0, str(outcome)
    text = (shop.history / "0001_orders.sql").read_text()
    assert "IN ('gone', 'new', 'paid', 'sent')" not in text

    assert found_by_seed(shop, [2, 3]) == {}

    shop.edit(shop_migration(shop), "'gone', ", "")
    assert "edited-migration" in found_by_seed(shop, [2])[2]


# ---- a real second Django ------------------------------------------------------------------

OTHER_PYTHON = os.environ.get("NESTFLUX_OTHER_PYTHON", "")
needs_another = pytest.mark.skipif(
    not OTHER_PYTHON,
    reason=f"NESTFLUX_OTHER_PYTHON names no Python whose Django is not {SERIES}",
)


def elsewhere(shop: Project, *args: str) -> Outcome:
    """A command of the project under the other Python's Django."""
    done = subprocess.run(
        [OTHER_PYTHON, "manage.py", *args],
        cwd=shop.path,
        env=shop.environment(),
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    return Outcome(done.returncode, done.stdout, done.stderr)


def only_remarks(outcome: Outcome) -> None:
    assert outcome.code == 0, str(outcome)
    findings = outcome.json["findings"]
    assert {each["code"] for each in findings} <= {"recorded-by-another-django"}, str(outcome)
    files = [each["where"] for each in findings]
    assert len(files) == len(set(files))
    assert outcome.json["not_checked"] == []


@needs_another
def test_the_other_python_has_another_django() -> None:
    code = "import django; print(*django.VERSION[:2], sep='.')"
    done = subprocess.run([OTHER_PYTHON, "-c", code], capture_output=True, text=True, check=True)

    assert done.stdout.strip() != SERIES


CONTRIB = (
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
)


@needs_another
@pytest.mark.parametrize("here_first", [True, False], ids=["recorded here", "recorded there"])
def test_a_history_of_another_django_stays_green(project: ProjectFactory, here_first: bool) -> None:
    first, then = (Project.run, elsewhere) if here_first else (elsewhere, Project.run)
    shop = project({"shop": {"models.py": MODELS}}, contrib=CONTRIB)
    shop.write("shop/migrations/0001_initial.py", INITIAL)
    shop.write("shop/migrations/0002_kinds.py", KINDS)
    assert first(shop, "db_generate", "--name", "shop").code == 0
    assert first(shop, "db_check", "--json").json["findings"] == []

    only_remarks(then(shop, "db_migrate", "--replay") and then(shop, "db_check", "--json"))
    only_remarks(first(shop, "db_check", "--json"))

    shop.edit(*EDITS["another value for the rows there are"])
    edited = then(shop, "db_check", "--json")
    assert "edited-migration" in {each["code"] for each in edited.json["findings"]}


SITE = (*CONTRIB, "django.contrib.admin", "django.contrib.messages")


def the_site(project: ProjectFactory, *more: str) -> Project:
    """This repository's own apps."""
    made = project({"identity": {}, "blog": {}}, contrib=SITE)
    made.settings('AUTH_USER_MODEL = "identity.User"')
    for name in ("blog", "identity", *more):
        shutil.copytree(REPOSITORY / name, made.path / name, dirs_exist_ok=True)
    return made


@needs_another
def test_the_shipped_history_stays_green(project: ProjectFactory, family: str) -> None:
    site = the_site(project, "migrations_sql")
    for path in (site.path / "migrations_sql").iterdir():
        if path.name != family:
            shutil.rmtree(path)

    for run in (Project.run, elsewhere):
        migrated = run(site, "db_migrate", "--replay")
        assert migrated.code == 0, str(migrated)
        only_remarks(run(site, "db_check", "--json"))
        site.recreate_database()


@needs_another
def test_the_shipped_migrations_recorded_there_stay_green_here(project: ProjectFactory) -> None:
    site = the_site(project)
    recorded = elsewhere(site, "db_generate", "--name", "site")
    assert recorded.code == 0, str(recorded)

    site.succeeds("db_migrate")
    only_remarks(check(site))
