"""Migrations whose ``.py`` was edited: with a server, without one, and before anything runs."""

from __future__ import annotations

import json

from nestflux.sql.statements import sha256
from tests.conftest import ProjectFactory
from tests.reviewing.shop import (
    FIRST_MODELS,
    INITIAL,
    MODELS,
    check,
    clean,
    found,
    the_only,
)
from tests.scenario import Outcome, Project
from tests.scenarios.looking import difference, everything_in
from tests.scenarios.refusing import refused

# (file, old, new): nothing of it makes other SQL, and nothing of it is what a step does.
HARMLESS = {
    "layout": (
        "shop/migrations/0001_initial.py",
        '("name", models.CharField(max_length=40, help_text="As on the box")),',
        '(\n"name",\nmodels.CharField(help_text="As on the box",\nmax_length=40)),',
    ),
    "a comment": ("shop/migrations/0002_slugs.py", "# as in its address", "# for its address"),
    "a docstring": ("shop/migrations/0002_slugs.py", "Give every product", "Give each product"),
    "annotations": (
        "shop/migrations/0002_slugs.py",
        "def fill(apps, schema_editor):",
        "def fill(apps: object, schema_editor: object) -> None:",
    ),
    "help_text": ("shop/migrations/0001_initial.py", "As on the box", "As on the label"),
    "an import": (
        "shop/migrations/0001_initial.py",
        "from django.db import migrations, models",
        "from django.db import models\nfrom django.db import migrations",
    ),
    "a helper that is not called": ("shop/words.py", "return text\n", "return text.strip()\n"),
    "layout of a helper": ("shop/words.py", "def slug_of", "\n# words\n\n\ndef slug_of"),
}
STEPS = {
    "its own code": (
        "shop/migrations/0002_slugs.py",
        "product.save()",
        "product.save(force_update=True)",
    ),
    "a helper that it calls": ("shop/words.py", 'replace(" ", "-")', 'replace(" ", "_")'),
    "a constant that it reads": ("shop/migrations/0002_slugs.py", "A first product", "First"),
}
OTHER_SQL = ("shop/migrations/0002_slugs.py", "max_length=40", "max_length=60")


def edit(shop: Project, change: tuple[str, str, str]) -> None:
    """An edit of a migration; the model follows, so that nothing else is found."""
    shop.edit(*change)
    if "max_length=60" in change[2]:
        shop.edit(
            "shop/models.py",
            "slug = models.CharField(max_length=40",
            "slug = models.CharField(max_length=60",
        )
    if "label" in change[2]:
        shop.edit("shop/models.py", "As on the box", "As on the label")


def migrate_says(shop: Project) -> Outcome:
    return shop.run("db_migrate", "--replay")


# What Django gives existing rows, where it depends on when it is asked, or on chance.
OF_THE_MOMENT = {
    "added": """
            migrations.AddField("product", "made", models.DateTimeField(auto_now_add=True)),
            migrations.AddField("product", "seen", models.DateTimeField(auto_now=True, null=True)),
            migrations.AddField("product", "told", models.DateTimeField(default=timezone.now)),
            migrations.AddField("product", "at", models.TimeField(auto_now=True, db_column="hour")),
            migrations.AddField("product", "maybe", models.UUIDField(default=uuid4, null=True)),
            migrations.AddField("product", "like", models.ForeignKey(
                "shop.Product", models.CASCADE, db_constraint=False, default=time_ns)),
            migrations.AddField("product", "token", models.UUIDField(null=True, db_column="tkn")),
    """,
    "filled": """
            migrations.AlterField("product", "token", models.UUIDField(
                default=uuid4, db_column="tkn")),
            migrations.AlterField("product", "seen", models.DateTimeField(auto_now=True)),
    """,
    "removed": """
            migrations.RemoveField("product", "at"),
            migrations.RemoveField("product", "like"),
            migrations.RemoveField("product", "told"),
            migrations.RemoveField("product", "token"),
    """,
}
MOMENT = """
    from time import time_ns
    from uuid import uuid4

    from django.db import migrations, models
    from django.utils import timezone


    class Migration(migrations.Migration):
        dependencies = [("shop", "{before}")]
        operations = [{operations}]
"""


def test_a_sound_project_is_clean(migrated: Project) -> None:
    """A volatile default too, which gives another literal at each recording."""
    clean(migrated)
    assert check(migrated).json["not_checked"] == []


def test_values_of_the_moment_are_no_edit_either_way(project: ProjectFactory) -> None:
    shop = project({"shop": {"models.py": FIRST_MODELS, "migrations/0001_initial.py": INITIAL}})
    shop.succeeds("db_generate", "--name", "products")
    before = "0001_initial"
    for number, (name, operations) in enumerate(OF_THE_MOMENT.items(), start=2):
        text = MOMENT.format(before=before, operations=operations)
        before = f"{number:04d}_{name}"
        shop.write(f"shop/migrations/{before}.py", text)
    shop.succeeds("db_generate", "--existing-only", "--name", "moments")

    clean(shop, "--no-ledger", "--existing-only")


def test_what_makes_no_other_sql_is_no_finding_and_stops_nothing(shop: Project) -> None:
    for kind, change in HARMLESS.items():
        edit(shop, change)
        assert found(check(shop, "--no-server")) == [], kind

    assert migrate_says(shop).code == 0
    clean(shop)


def test_a_python_step_whose_code_changed(shop: Project) -> None:
    for kind, change in STEPS.items():
        text = shop.read(change[0])
        edit(shop, change)

        finding = the_only(check(shop, "--no-server"), "edited-python-step")

        assert "shop.0002_slugs/1 has other code" in finding["what"], kind
        assert finding["where"] == "shop/migrations/0002_slugs.py"
        assert "db_generate --accept 0002_slugs.sql" in finding["then"]
        shop.write(change[0], text)


def test_a_pending_python_step_whose_code_changed_is_refused(shop: Project) -> None:
    shop.succeeds("db_migrate", "--to", "0001")
    edit(shop, STEPS["a helper that it calls"])

    refused(
        shop,
        says="The Python step shop.0002_slugs/1 has other code",
        where="shop/migrations/0002_slugs.py",
        then="git checkout -- shop/migrations/0002_slugs.py\n         or, after a review: python",
    )
    refused(shop, "db_migrate", "--plan", says="The Python step shop.0002_slugs/1 has other code")

    shop.succeeds("db_generate", "--accept", "0002_slugs.sql")
    shop.succeeds("db_migrate")
    assert shop.sql("SELECT slug FROM shop_product") == [("a_first_product",)]
    clean(shop)


def test_a_pending_migration_with_other_operations_is_refused(shop: Project) -> None:
    shop.succeeds("db_migrate", "--to", "0001")
    edit(shop, OTHER_SQL)

    refused(
        shop,
        says="The migration shop.0002_slugs has other operations than when 0002_slugs.sql",
        where="shop/migrations/0002_slugs.py",
        then="db_generate --accept 0002_slugs.sql",
    )


def test_a_fresh_database_is_refused_too(shop: Project) -> None:
    edit(shop, OTHER_SQL)

    before = everything_in(shop)
    outcome = shop.run("db_migrate")

    assert outcome.code == 2, str(outcome)
    assert difference(everything_in(shop), before) == []


def test_what_was_applied_stops_no_run(migrated: Project) -> None:
    edit(migrated, OTHER_SQL)
    edit(migrated, STEPS["its own code"])

    assert migrated.succeeds("db_migrate").stdout == "Database is up to date!\n"


def test_other_sql_is_shown_against_the_files(shop: Project) -> None:
    edit(shop, OTHER_SQL)

    findings = check(shop).json["findings"]

    assert {f["code"] for f in findings} == {"edited-migration"}
    up = findings[0]
    assert up["what"].startswith("shop.0002_slugs would be recorded with other SQL now")
    assert any(line.startswith("-") and "varchar(40)" in line for line in up["details"])
    assert any(line.startswith("+") and "varchar(60)" in line for line in up["details"])


def test_other_sql_of_old_records_is_found_by_recording_again(shop: Project) -> None:
    forget(shop)
    edit(shop, OTHER_SQL)

    outcome = check(shop)

    assert ("error", "edited-migration") in found(outcome)
    assert ("remark", "code-not-remembered") in found(outcome)
    assert found(check(shop, "--no-server")) == [("remark", "code-not-remembered")]
    assert migrate_says(shop).code == 0


def forget(shop: Project) -> None:
    """What an earlier version recorded: without anything about the code of migrations."""
    journal = json.loads((shop.history / "journal.json").read_text())
    for entry in journal["files"]:
        path = shop.history / f"{entry['name']}.deltas.json"
        record = json.loads(path.read_text())
        del record["migrations"]
        path.write_text(json.dumps(record))
        text = "{\n" + ",\n".join(_way(way, steps) for way, steps in record.items()) + "\n}\n"
        path.write_text(text)
        entry["record"] = sha256(text)
    (shop.history / "journal.json").write_text(json.dumps(journal))


def _way(way: str, steps: list[object]) -> str:
    lines = ",\n".join(f"  {json.dumps(step, ensure_ascii=False)}" for step in steps)
    return f' "{way}": ' + (f"[\n{lines}\n ]" if steps else "[]")


def test_old_records_are_renewed_by_accept_and_their_sql_stays(shop: Project) -> None:
    migrated = shop
    forget(migrated)
    migrated.succeeds("db_migrate", "--replay")
    assert found(check(migrated)) == [("remark", "code-not-remembered")]
    texts = {path: path.read_bytes() for path in migrated.history.glob("*.sql")}

    for name in ("0001_products.sql", "0002_slugs.sql"):
        outcome = migrated.succeeds("db_generate", "--accept", name)
        assert "its SQL is as it was" in outcome.stdout

    assert {path: path.read_bytes() for path in texts} == texts
    clean(migrated)
    assert "its row is renewed" in migrated.succeeds("db_migrate").stdout


def test_other_sql_that_a_reviewer_accepts(shop: Project) -> None:
    """The file keeps its text; what Django gives now is shown, and remembered."""
    edit(shop, OTHER_SQL)

    outcome = shop.succeeds("db_generate", "--accept", "0002_slugs.sql")

    assert "Django itself gives (+) for shop.0002_slugs, up" in outcome.stdout
    assert any("+" in line and "varchar(60)" in line for line in outcome.lines)
    assert "varchar(40)" in (shop.history / "0002_slugs.sql").read_text()
    clean(shop)
    shop.succeeds("db_migrate")


def test_a_reviewers_accepted_edit_is_no_finding(shop: Project) -> None:
    path = shop.history / "0002_slugs.sql"
    path.write_text(path.read_text().replace("varchar(40)", "varchar(50)"))
    shop.succeeds("db_generate", "--accept", "0002_slugs.sql")

    clean(shop)

    edit(shop, OTHER_SQL)
    assert ("error", "edited-migration") in found(check(shop))


def test_a_migration_that_django_cannot_run_any_more(shop: Project) -> None:
    edit(
        shop,
        (
            "shop/migrations/0002_slugs.py",
            "        migrations.RunPython(",
            "        migrations.RunSQL('NONSENSE', ''),\n        migrations.RunPython(",
        ),
    )

    outcome = check(shop)

    assert outcome.code == 1
    assert found(outcome) == [
        ("error", "replay-fails"),
        ("error", "edited-migration"),
        ("error", "edited-python-step"),
    ]


def test_operations_that_do_not_fit_together_any_more(shop: Project) -> None:
    shop.edit(
        "shop/migrations/0003_tokens.py",
        "operations = [",
        'operations = [migrations.RenameField("product", "nothing", "more"),',
    )

    outcome = check(shop)

    assert ("error", "broken-migrations") in found(outcome)
    assert ("error", "unrecordable-migration") in found(outcome)
    assert outcome.code == 1


def test_operations_that_depend_on_settings_are_a_remark(shop: Project) -> None:
    shop.write(
        "shop/migrations/0004_colour.py",
        """
        from django.conf import settings
        from django.db import migrations, models

        class Migration(migrations.Migration):
            dependencies = [("shop", "0003_tokens")]
            operations = [
                migrations.AddField("product", "colour",
                                    models.CharField(max_length=9, default=settings.COLOUR)),
            ]
    """,
    )
    shop.write(
        "shop/models.py",
        shop.read("shop/models.py")
        + "    colour = models.CharField(max_length=9, default='red')\n",
    )
    shop.settings("COLOUR = 'red'")
    shop.succeeds("db_generate", "--name", "colours")
    shop.settings("COLOUR = 'blue'")
    shop.edit("shop/models.py", "'red'", "'blue'")

    outcome = check(shop, "--no-server")
    migrated = shop.run("db_migrate")

    assert the_only(outcome, "depends-on-settings")["severity"] == "remark"
    assert outcome.code == 0
    assert migrated.code == 0, str(migrated)
    assert "they depend on settings" in migrated.stdout


def test_an_operation_that_changes_itself_while_it_runs(shop: Project) -> None:
    """Its code is what was written, not what became of it."""
    shop.write(
        "shop/migrations/0004_first.py",
        """
        from django.db import migrations, models

        class AddFound(migrations.AddField):
            def database_forwards(self, app_label, schema_editor, from_state, to_state):
                first = from_state.apps.get_model("shop", "Product").objects.first()
                if first is not None:
                    self.field.default = first.pk
                super().database_forwards(app_label, schema_editor, from_state, to_state)

        class Migration(migrations.Migration):
            dependencies = [("shop", "0003_tokens")]
            operations = [AddFound("product", "first", models.IntegerField(default=0))]
    """,
    )
    line = "    first = models.IntegerField(default=0)\n"
    shop.write("shop/models.py", shop.read("shop/models.py") + line)
    shop.succeeds("db_generate", "--name", "first")

    clean(shop)

    path = shop.history / "0003_first.sql"
    path.write_text(f"{path.read_text()}\nUPDATE `shop_product` SET `first` = 2;\n")
    shop.succeeds("db_generate", "--accept", "0003_first.sql")

    clean(shop)
    shop.succeeds("db_migrate", "--replay")


class TestResumedFiles:
    def test_a_step_that_ran_may_have_other_code_by_now(self, shop: Project) -> None:
        """0003 fails in the middle of the file; the step of 0002 is done."""
        shop.succeeds("db_migrate", "--to", "0001")
        shop.sql("ALTER TABLE shop_product ADD token int")
        assert shop.run("db_migrate").code == 1
        shop.sql("ALTER TABLE shop_product DROP token")
        edit(shop, STEPS["its own code"])
        edit(shop, OTHER_SQL)

        outcome = shop.run("db_migrate")

        assert outcome.code == 0, str(outcome)

    def test_a_step_that_is_still_to_run_may_not(self, shop: Project) -> None:
        shop.succeeds("db_migrate", "--to", "0001")
        shop.sql(
            "CREATE TRIGGER stop BEFORE INSERT ON shop_product FOR EACH ROW "
            "SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'no'"
        )
        assert shop.run("db_migrate").code == 1
        shop.sql("DROP TRIGGER stop")
        edit(shop, STEPS["its own code"])

        refused(shop, says="The Python step shop.0002_slugs/1 has other code")


def test_a_squash_whose_parts_are_gone(project: ProjectFactory) -> None:
    """What follows is recorded again in the state that the squash leaves."""
    shop = project({"shop": {"models.py": MODELS.split("    slug")[0]}})
    shop.write("shop/migrations/0001_initial.py", INITIAL)
    shop.succeeds("db_generate", "--name", "products")
    for column in ("size", "weight"):
        line = f"    {column} = models.IntegerField(null=True)\n"
        shop.write("shop/models.py", shop.read("shop/models.py") + line)
        shop.succeeds("db_generate", "--name", column)
    names = sorted(p.name for p in (shop.path / "shop/migrations").glob("0*.py"))
    shop.succeeds("squashmigrations", "shop", "0001", names[1][:4], "--noinput", "-v", "0")
    for name in names[:2]:
        shop.remove(f"shop/migrations/{name}")

    clean(shop)

    shop.edit(f"shop/migrations/{names[2]}", "null=True", "null=True, unique=True")
    shop.edit(
        "shop/models.py",
        "weight = models.IntegerField(null=True",
        "weight = models.IntegerField(null=True, unique=True",
    )
    assert ("error", "edited-migration") in found(check(shop))


def test_a_verdict_in_an_older_versions_words_is_no_edit(migrated: Project) -> None:
    """What the recording server would be said to do now need not be what the file says."""
    journal = json.loads((migrated.history / "journal.json").read_text())
    for entry in journal["files"]:
        for end, key in ((".sql", "up"), (".down.sql", "down"), (".deltas.json", "record")):
            path = migrated.history / f"{entry['name']}{end}"
            text = path.read_text(encoding="utf-8").replace("instant", "in place, no lock")
            path.write_text(text, encoding="utf-8")
            entry[key] = sha256(text)
    (migrated.history / "journal.json").write_text(json.dumps(journal))
    assert "[1] in place, no lock" in (migrated.history / "0002_slugs.sql").read_text()

    clean(migrated)
