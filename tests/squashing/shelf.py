"""Two commits of one project: before its first files were squashed, and after."""

from __future__ import annotations

import shutil

from tests.scenario import Project

BEFORE, AFTER = "before_the_squash", "after_the_squash"


def keep(project: Project, name: str) -> None:
    """Keep the histories as they are now."""
    shutil.copytree(project.path / "migrations_sql", project.path / name)


def check_out(project: Project, name: str) -> None:
    """The histories as they were kept."""
    shutil.rmtree(project.path / "migrations_sql", ignore_errors=True)
    shutil.copytree(project.path / name, project.path / "migrations_sql")


def states(project: Project) -> dict[str, str]:
    """The ledger's files and their states, in the order in which they were applied."""
    rows = project.sql(
        "SELECT name, state FROM nestflux_sql_migration ORDER BY finished_at, number, name"
    )
    return {str(name): str(state) for name, state in rows}


def applied(project: Project) -> list[str]:
    return [name for name, state in states(project).items() if state == "applied"]
