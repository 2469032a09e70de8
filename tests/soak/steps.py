"""Data migrations whose effect can be counted: each attempt leaves a mark of its own.

The app ``tally`` has one table, with a row for each data migration: how often it ran, and how
often it was undone.
"""

from __future__ import annotations

from tests.soak.description import NUMBERS, Model, Site

MODELS = '''
from django.db import models


class Tally(models.Model):
    """How often a data migration ran, and how often it was undone."""

    name = models.CharField(max_length=80, primary_key=True)
    ups = models.IntegerField(default=0)
    downs = models.IntegerField(default=0)
'''

_PYTHON = """

def count(apps, editor, column):
    rows = apps.get_model("tally", "Tally").objects.using(editor.connection.alias)
    row, _ = rows.get_or_create(name={name!r})
    rows.filter(name=row.name).update(**{{column: getattr(row, column) + 1}})


def forwards(apps, editor):
    count(apps, editor, "ups")


def backwards(apps, editor):
    count(apps, editor, "downs")
"""
_RUN_SQL = """
        migrations.RunSQL(
            "INSERT INTO tally_tally (name, ups, downs) VALUES ({name!r}, 1, 0) "
            "ON DUPLICATE KEY UPDATE ups = ups + 1",
            "UPDATE tally_tally SET downs = downs + 1 WHERE name = {name!r}",
        ),"""
_UPDATE = """
        migrations.RunSQL(
            "UPDATE `{table}` SET `{column}` = `{column}` + 1",
            "UPDATE `{table}` SET `{column}` = `{column}` - 1",
        ),"""
KINDS = ("python", "sql", "update", "no way back")


def table_of(model: Model) -> str:
    return model.table or f"{model.app}_{model.name.lower()}"


def filled(text: str, kind: str, name: str, site: Site) -> str:
    """An empty migration's text with a data step in it.

    Args:
        name: the migration's, ``shop.0003_step``; the row in ``tally`` bears it.
        site: the models as they are before it.
    """
    operations = _RUN_SQL.format(name=name)
    if kind in ("python", "no way back"):
        back = ", backwards" if kind == "python" else ""
        operations = f"\n        migrations.RunPython(forwards{back}),"
        text = text.replace(
            "\n\nclass Migration", _PYTHON.format(name=name) + "\n\nclass Migration"
        )
    if kind == "update":
        operations += "".join(
            _UPDATE.format(table=table_of(model), column=column)
            for model, column in _numbers(site)
            # Nothing orders another app's next migration behind this one: it may move the table.
            if model.app == name.partition(".")[0]
        )
    text = text.replace("operations = [", f"operations = [{operations}")
    return text.replace("dependencies = [", 'dependencies = [\n        ("tally", "0001_initial"),')


def _numbers(site: Site) -> list[tuple[Model, str]]:
    """Columns that may be counted up, the first of each model: numbers that need not be unique."""
    found = []
    for model in site.models:
        ruled = {name for rule in model.rules if rule.kind == "unique" for name in rule.fields}
        for field in model.fields:
            if field.kind in NUMBERS and not field.unique and field.name not in ruled:
                found.append((model, field.column or field.name))
                break
    return found
