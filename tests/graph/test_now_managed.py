"""Which models do migrations make managed ones without a table?"""

from __future__ import annotations

from typing import Any

import pytest
from django.db import migrations, models
from django.db.migrations.migration import Migration
from django.db.migrations.operations.base import Operation

from nestflux.graph.now_managed import now_managed

LOG = migrations.CreateModel("Log", [("id", models.BigAutoField(primary_key=True))])
UNMANAGED = migrations.CreateModel("Log", LOG.fields, {"managed": False})
MANAGED = migrations.AlterModelOptions("log", {"verbose_name": "entry"})


def plan(*operations: Operation) -> list[Migration]:
    """A migration an operation."""
    made: list[Any] = [Migration(f"{i:04}", "s") for i in range(1, len(operations) + 1)]
    for migration, operation in zip(made, operations, strict=True):
        migration.operations = [operation]
    return made


@pytest.mark.parametrize(
    ("operations", "expected"),
    [
        ([UNMANAGED, MANAGED], [("0002", "Log", "s_log", False)]),
        (
            [UNMANAGED, migrations.AlterModelTable("log", "journal"), MANAGED],
            [("0003", "Log", "journal", False)],
        ),
        (
            [UNMANAGED, MANAGED, migrations.RenameModel("Log", "Entry")],
            [("0002", "Entry", "s_entry", False)],
        ),
        (
            [UNMANAGED, migrations.SeparateDatabaseAndState(state_operations=[MANAGED])],
            [("0002", "Log", "s_log", False)],
        ),
        (
            [UNMANAGED, MANAGED, migrations.RunSQL("CREATE TABLE S_LOG …")],
            [("0002", "Log", "s_log", True)],
        ),
        ([UNMANAGED, MANAGED, migrations.RunPython(print)], [("0002", "Log", "s_log", True)]),
        (
            [UNMANAGED, MANAGED, migrations.SeparateDatabaseAndState([LOG])],
            [("0002", "Log", "s_log", True)],
        ),
        (
            [UNMANAGED, MANAGED, migrations.RunSQL("CREATE TABLE t")],
            [("0002", "Log", "s_log", False)],
        ),
        ([LOG, MANAGED], []),
        ([UNMANAGED, MANAGED, migrations.DeleteModel("Log")], []),
        ([UNMANAGED, MANAGED, migrations.DeleteModel("Log"), LOG], []),
        ([UNMANAGED, MANAGED, migrations.AlterModelOptions("log", {"managed": False})], []),
    ],
)
def test_what_is_found(
    operations: list[Operation], expected: list[tuple[str, str, str, bool]]
) -> None:
    found = now_managed(plan(*operations))

    assert [(e.migration[1], e.model, e.table, e.may_be_made) for e in found] == expected
