"""One project, several databases: what NestFlux builds in one, Django builds in another."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from tests.scenario import Outcome, Project

_STOCK_MIGRATE = """
import sys
from django.core.management import call_command
from django.core.management.commands.migrate import Command
targets = {targets!r}
for target in targets:
    call_command(Command(), *target, verbosity=0, interactive=False)
"""


def twin(project: Project, name: str, *, charset: str = "utf8mb4", collation: str = "") -> Project:
    """The same project on another, empty database, which goes with the project's own."""
    made = replace(project, database=f"{project.database}_{name}")
    collate = f" COLLATE {collation}" if collation else ""
    made.server.sql(f"DROP DATABASE IF EXISTS `{made.database}`")
    made.server.sql(f"CREATE DATABASE `{made.database}` CHARACTER SET {charset}{collate}")
    return made


def migrate_as_django(project: Project, *targets: Sequence[str]) -> Outcome:
    """Run Django's own ``migrate``, signals included: once, or once for each target."""
    code = _STOCK_MIGRATE.format(targets=[tuple(target) for target in targets or [()]])
    outcome = project.python(code)
    assert outcome.code == 0, str(outcome)
    return outcome
