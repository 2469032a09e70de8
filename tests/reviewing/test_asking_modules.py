"""Migrations whose modules ask the database when they are imported, as wagtail-localize's do."""

from __future__ import annotations

from tests.conftest import ProjectFactory
from tests.reviewing.shop import check

MODELS = """
    from django.db import models


    class Revision(models.Model):
        text = models.CharField(max_length=20)
"""
INITIAL = """
    from django.db import migrations, models


    class Migration(migrations.Migration):
        initial = True
        operations = [
            migrations.CreateModel("PageRevision", [
                ("id", models.BigAutoField(primary_key=True, auto_created=True,
                                           serialize=False, verbose_name="ID")),
                ("text", models.CharField(max_length=20)),
            ]),
        ]
"""
RENAME = """
    from django.db import migrations


    def look(apps, schema_editor):
        apps.get_model("shop", "PageRevision").objects.count()


    class Migration(migrations.Migration):
        dependencies = [("shop", "0001_initial")]
        operations = [
            migrations.RunPython(look, migrations.RunPython.noop),
            migrations.RenameModel("PageRevision", "Revision"),
        ]
"""
LOGS = """
    from django.db import models


    class Log(models.Model):
        revision = models.ForeignKey("shop.Revision", models.CASCADE)
"""
ASKING = """
    from django.db import Error, migrations, models
    from django.db.migrations.recorder import MigrationRecorder

    before, target = [("shop", "0002_rename")], "shop.PageRevision"
    try:
        if MigrationRecorder.Migration.objects.filter(app="shop", name="0002_rename").exists():
            before, target = [], "shop.Revision"
    except Error:
        pass


    class Migration(migrations.Migration):
        initial = True
        dependencies = [("shop", "0001_initial")]
        run_before = before
        operations = [
            migrations.CreateModel("Log", [
                ("id", models.BigAutoField(primary_key=True, auto_created=True,
                                           serialize=False, verbose_name="ID")),
                ("revision", models.ForeignKey(on_delete=models.CASCADE, to=target)),
            ]),
        ]
"""


def test_a_scratch_schema_has_them_imported_anew(project: ProjectFactory) -> None:
    site = project(
        {
            "shop": {
                "models.py": MODELS,
                "migrations/0001_initial.py": INITIAL,
                "migrations/0002_rename.py": RENAME,
            },
            "logs": {"models.py": LOGS, "migrations/0001_initial.py": ASKING},
        }
    )
    site.succeeds("db_generate", "--name", "first")
    site.succeeds("db_migrate", "--replay")

    outcome = check(site)

    assert outcome.code == 0, str(outcome)
    assert {each["code"] for each in outcome.json["findings"]} <= {"depends-on-settings"}
