"""A small project whose second file loses data in each way, for the tests of backups."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.scenario import MYSQL_PROGRAMS, Project

FIRST_MODELS = """
    from django.db import models


    class Item(models.Model):
        stock = models.IntegerField(default=0)
        name = models.CharField(max_length=40)
        price = models.DecimalField(max_digits=10, decimal_places=4)
        seen = models.DateTimeField()
        payload = models.BinaryField(null=True)
        extra = models.JSONField(null=True)
        shown = models.GeneratedField(
            expression=models.F("price"), db_persist=True,
            output_field=models.DecimalField(max_digits=10, decimal_places=4),
        )


    class Pair(models.Model):
        pk = models.CompositePrimaryKey("left", "right")
        left = models.CharField(max_length=10)
        right = models.IntegerField()
        value = models.CharField(max_length=20, null=True)


    class Old(models.Model):
        code = models.CharField(max_length=10, primary_key=True)
        item = models.ForeignKey(Item, models.CASCADE)
        raw = models.BinaryField()


    class Log(models.Model):
        text = models.CharField(max_length=20)


    class Source(models.Model):
        text = models.CharField(max_length=20)


    class Late(models.Model):
        text = models.CharField(max_length=20)
"""

FILLS = """
    from django.db import migrations


    class Migration(migrations.Migration):
        dependencies = [("vault", "0001_initial")]
        operations = [
            migrations.RunSQL("INSERT INTO vault_late (id, text) SELECT id, text FROM vault_source",
                              migrations.RunSQL.noop),
        ]
"""

MODELS = """
    from django.db import models


    class Item(models.Model):
        stock = models.IntegerField(default=0)
        name = models.CharField(max_length=20)
        price = models.DecimalField(max_digits=10, decimal_places=2)
        seen = models.DateTimeField()


    class Pair(models.Model):
        pk = models.CompositePrimaryKey("left", "right")
        left = models.CharField(max_length=10)
        right = models.IntegerField()


    class Log(models.Model):
        text = models.CharField(max_length=20)


    class Source(models.Model):
        text = models.CharField(max_length=20)


    class Late(models.Model):
        pass
"""

LOSES = """
    from django.db import migrations, models


    class Migration(migrations.Migration):
        dependencies = [("vault", "0002_fills")]
        operations = [
            migrations.RemoveField("Late", "text"),
            migrations.RemoveField("Item", "shown"),
            migrations.RemoveField("Item", "payload"),
            migrations.RemoveField("Item", "extra"),
            migrations.AlterField("Item", "name", models.CharField(max_length=20)),
            migrations.AlterField("Item", "price", models.DecimalField(max_digits=10,
                                                                       decimal_places=2)),
            migrations.RunSQL("ALTER TABLE vault_item MODIFY seen datetime NOT NULL",
                              "ALTER TABLE vault_item MODIFY seen datetime(6) NOT NULL"),
            migrations.RemoveField("Pair", "value"),
            migrations.DeleteModel("Old"),
            migrations.RunSQL("DELETE FROM vault_log WHERE id > 1", migrations.RunSQL.noop),
        ]
"""

_ITEMS = (
    (1, "", "1.2345", "2026-01-01 00:00:00.123456", bytes(range(256)), '{"a": [1, null, "é\\n"]}'),
    (
        2,
        "two \N{GRINNING FACE} 'quoted' \\ \r\n",
        "-0.0001",
        "1999-12-31 23:59:59.999999",
        b"",
        "{}",
    ),
    (3, "three", "9999.9999", "2026-03-29 02:30:00.500000", None, None),
)


def record(project: Project) -> None:
    """The app's files ``0001_first``, ``0002_fills`` (from a table that holds nothing, unless a
    test puts something there) and ``0003_loses``."""
    project.app("vault", {"models.py": FIRST_MODELS})
    project.succeeds("db_generate", "--name", "first", "--noinput")
    project.write("vault/migrations/0002_fills.py", FILLS)
    project.succeeds("db_generate", "--name", "fills", "--noinput")
    project.app("vault", {"models.py": MODELS, "migrations/0003_loses.py": LOSES})
    project.succeeds("db_generate", "--name", "loses", "--noinput")


def fill(sql: Callable[..., object]) -> None:
    """Rows whose values a careless dump would change."""
    for row in _ITEMS:
        sql(
            "INSERT INTO vault_item (id, stock, name, price, seen, payload, extra) "
            "VALUES (%s, 0, %s, %s, %s, %s, %s)",
            row,
        )
    sql(
        "INSERT INTO vault_pair (`left`, `right`, value) "
        "VALUES ('a', 1, 'a1'), ('a', 2, ''), ('b', 1, NULL)"
    )
    sql("INSERT INTO vault_old (code, item_id, raw) VALUES ('x', 1, X'00ff0a0d5c27'), ('y', 2, '')")
    sql("INSERT INTO vault_log (id, text) VALUES (1, 'one'), (2, 'two'), (3, 'three')")


def rows(project: Project, table: str) -> list[tuple[Any, ...]]:
    """A table's rows, whatever the order of its columns: a way back may give another."""
    columns = ", ".join(f"`{name}`" for name in sorted(project.columns(table)))
    return sorted(project.sql(f"SELECT {columns} FROM `{table}`"), key=repr)


def all_rows(project: Project) -> dict[str, list[tuple[Any, ...]]]:
    tables = ("vault_item", "vault_pair", "vault_old", "vault_log")
    return {table: rows(project, table) for table in tables if table in project.tables()}


def backups_in(folder: Path) -> list[Path]:
    """The complete ones."""
    return sorted(path for path in folder.iterdir() if not path.name.startswith("."))


def a_tool(project: Project, script: str) -> dict[str, str]:
    """An environment whose dump tool is a shell script; in it ``$REAL`` is the real one."""
    name = "mariadb-dump" if project.server.family == "mariadb" else "mysqldump"
    path = os.environ["PATH"]
    if project.server.family == "mysql":
        path = f"{MYSQL_PROGRAMS}{os.pathsep}{path}"
    real = shutil.which(name, path=path)
    assert real is not None, f"{name} is in no folder of {path}"
    folder = project.path / "tools"
    folder.mkdir(exist_ok=True)
    tool = folder / name
    version = f'case "$*" in --version) exec {real} --version;; esac'
    tool.write_text(f"#!/bin/sh\nREAL={real}\n{version}\n{script}\n", encoding="utf-8")
    tool.chmod(0o755)
    return {"PATH": f"{folder}{os.pathsep}{path}"}
