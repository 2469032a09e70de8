"""One project, several databases: what NestFlux builds in one, Django builds in another."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING

from django.db import connections
from pytest_django.plugin import DjangoDbBlocker

from tests.scenario import Outcome, Project

if TYPE_CHECKING:
    from django.db.backends.base.base import BaseDatabaseWrapper

Targets = list[tuple[str, str]]

# The stock command lets a target be one app; a stage is a set of them, as after a `git pull`.
_STOCK_MIGRATE = """
from django.apps import apps
from django.core.management import call_command
from django.core.management.commands.migrate import Command
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

for stage in {stages!r}:
    executor = MigrationExecutor(connection)
    plan = executor.migration_plan(stage)
    executor.migrate(stage, plan=plan, state=executor._create_project_state(True))
if {to_the_end!r}:
    call_command(Command(), verbosity=0, interactive=False)
"""


def twin(project: Project, name: str, *, charset: str = "utf8mb4", collation: str = "") -> Project:
    """The same project on another, empty database, which goes with the project's own."""
    made = replace(project, database=f"{project.database}_{name}", env=dict(project.env))
    collate = f" COLLATE {collation}" if collation else ""
    made.server.sql(f"DROP DATABASE IF EXISTS `{made.database}`")
    made.server.sql(f"CREATE DATABASE `{made.database}` CHARACTER SET {charset}{collate}")
    return made


@contextmanager
def opened(project: Project, blocker: DjangoDbBlocker) -> Iterator[BaseDatabaseWrapper]:
    """A Django connection of this process to the project's database."""
    with blocker.unblock():
        backend = type(connections["default"])
        connection = backend({**project.server.settings, "NAME": project.database}, "default")
        try:
            yield connection
        finally:
            connection.close()


def stages_of(project: Project) -> list[Targets]:
    """The last migration of each app in each file of the history."""
    journal = json.loads((project.history / "journal.json").read_text(encoding="utf-8"))
    stages = []
    for file in journal["files"]:
        last = dict(name.split(".", 1) for name in file["migrations"])
        stages.append(list(last.items()))
    return stages


def migrate_as_django(
    project: Project, *, stages: Sequence[Targets] = (), to_the_end: bool = True
) -> Outcome:
    """Run Django's own ``migrate``, signals included.

    Args:
        stages: the command's executor brings the database to each of these before.
        to_the_end: False stops there, before the command and its signals.
    """
    code = _STOCK_MIGRATE.format(stages=list(stages), to_the_end=to_the_end)
    outcome = project.python(code)
    assert outcome.code == 0, str(outcome)
    return outcome
