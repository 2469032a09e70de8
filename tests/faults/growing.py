"""A history of DDL alone, in several files: tables that come, get columns and indexes."""

from __future__ import annotations

from tests.scenario import Project

FILES = 5
_TABLES = 6  # that come with each file
_MODEL = """
class Thing{n}(models.Model):
    name = models.CharField(max_length=60)
    note = models.CharField(max_length=40, null=True)
    kind = models.IntegerField(default=0)
    {parent}

    class Meta:
        indexes = [models.Index(fields=["kind"], name="thing{n}_kind")]
"""
_CHANGES = (
    'migrations.AddField("Thing{n}", "note", models.CharField(max_length=40, null=True))',
    'migrations.AddField("Thing{n}", "kind", models.IntegerField(default=0))',
    'migrations.AlterField("Thing{n}", "name", models.CharField(max_length=60))',
    'migrations.AddIndex("Thing{n}", models.Index(fields=["kind"], name="thing{n}_kind"))',
)
_MIGRATION = """
from django.db import migrations, models

KEY = ("id", models.BigAutoField(primary_key=True, auto_created=True, serialize=False,
                                 verbose_name="ID"))


class Migration(migrations.Migration):
    initial = {initial}
    dependencies = {dependencies}
    operations = [{operation}]
"""


def record(project: Project) -> None:
    """Write and record the files, one after the other: 30 migrations each."""
    models = "from django.db import models\n"
    last = ""
    for file in range(1, FILES + 1):
        for n in range((file - 1) * _TABLES + 1, file * _TABLES + 1):
            parent = f'models.ForeignKey("Thing{n - 1}", models.PROTECT)' if n > 1 else ""
            models += _MODEL.format(n=n, parent=f"parent = {parent}" if parent else "")
            last = _write_migrations(project, n, parent, last)
        project.app("grow", {"models.py": models})
        project.succeeds("db_generate", "--name", f"file{file}", "--noinput")


def _write_migrations(project: Project, n: int, parent: str, last: str) -> str:
    """Those of one table; gives the name of the last one."""
    fields = ["KEY", '("name", models.CharField(max_length=40))']
    if parent:
        fields.append(f'("parent", {parent.replace("Thing", "grow.Thing")})')
    create = f'migrations.CreateModel("Thing{n}", [{", ".join(fields)}])'
    for at, operation in enumerate((create, *(change.format(n=n) for change in _CHANGES))):
        name = f"{(n - 1) * (len(_CHANGES) + 1) + at + 1:04d}_thing{n}"
        text = _MIGRATION.format(
            initial=not last,
            dependencies=[("grow", last)] if last else [],
            operation=operation,
        )
        project.write(f"grow/migrations/{name}.py", text)
        last = name
    return last
