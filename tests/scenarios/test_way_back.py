"""Every down file leaves the schema before, to the last name, and the rows that Django's own way
back leaves."""

from __future__ import annotations

import json

import pytest

from tests.scenario import Project
from tests.scenarios.databases import migrate_as_django, stages_of, twin
from tests.scenarios.hard import VOLATILE
from tests.scenarios.looking import Facts, difference, rows_of, schema_of

# Django's executor, told to undo exactly the migrations of one file, the last first.
UNDO = """
from django.apps import apps
from django.core.management.sql import emit_post_migrate_signal
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

executor = MigrationExecutor(connection)
nodes = executor.loader.graph.nodes
plan = [(nodes[tuple(name.split(".", 1))], True) for name in reversed({migrations!r})]
executor.migrate(None, plan=plan)
"""


@pytest.fixture
def undoable(recorded_hard_project: Project) -> list[dict[str, object]]:
    """The journal's files that Django can undo in its own order: all but the last."""
    journal = json.loads((recorded_hard_project.history / "journal.json").read_text())
    return list(journal["files"][:-1])


def test_file_by_file(recorded_hard_project: Project, undoable: list[dict[str, object]]) -> None:
    ours = twin(recorded_hard_project, "back")
    theirs = twin(recorded_hard_project, "djangos_back")
    names = [str(file["name"]) for file in undoable]

    # Up, file by file; Django's own database beside it.
    up: list[Facts] = [schema_of(ours)]
    for name in names:
        ours.succeeds("db_migrate", "--replay", "--no-backup", "--to", name)
        up.append(schema_of(ours))
    migrate_stages_as_django(theirs, len(names))
    assert difference(schema_of(ours), schema_of(theirs)) == []

    for file in reversed(undoable):
        name = str(file["name"])
        undone = ours.succeeds("db_rollback", "--yes")
        outcome = theirs.python(UNDO.format(migrations=file["migrations"]))
        assert outcome.code == 0, str(outcome)

        assert f"✓ Rolled back migration: {name}.sql" in undone.stdout
        up.pop()
        assert difference(schema_of(ours), up[-1]) == [], name
        assert "INEXACT" not in down_file(ours, name)
        shown = {**VOLATILE, "django_content_type": "*", "auth_permission": "*"}
        assert difference(rows_of(ours, but=shown), rows_of(theirs, but=shown)) == [], name

    assert ours.applied() == []


def migrate_stages_as_django(project: Project, count: int) -> None:
    migrate_as_django(project, stages=stages_of(project)[:count], to_the_end=False)


def down_file(project: Project, name: str) -> str:
    return (project.history / f"{name}.down.sql").read_text(encoding="utf-8")


def test_what_django_cannot_undo_in_its_own_order_is_undone_in_that_of_the_files(
    recorded_hard_project: Project, undoable: list[dict[str, object]]
) -> None:
    """Django's plan for an empty database changes the user's key before it makes the orders that
    refer to it: the state from which it goes back knows none of their foreign keys."""
    journal = json.loads((recorded_hard_project.history / "journal.json").read_text())
    last = journal["files"][-1]
    ours = twin(recorded_hard_project, "way_back")
    theirs = twin(recorded_hard_project, "no_way_back")
    ours.succeeds("db_migrate", "--replay", "--no-backup", "--to", str(undoable[-1]["name"]))
    before = schema_of(ours)
    ours.succeeds("db_migrate", "--no-backup")
    migrate_stages_as_django(theirs, len(journal["files"]))

    undone = ours.succeeds("db_rollback", "--yes")
    refused = theirs.python(UNDO.format(migrations=last["migrations"]))

    assert refused.code != 0, str(refused)
    assert f"✓ Rolled back migration: {last['name']}.sql" in undone.stdout
    assert difference(schema_of(ours), before) == []
