"""docs/stock-commands.md cannot fall behind: every option of both commands has its row."""

from __future__ import annotations

from argparse import Action

import pytest

from nestflux.management.commands import migrate, sqlmigrate
from tests.scenario import REPOSITORY

# Every command has these.
COMMON = {"help", "version", "settings", "pythonpath", "traceback", "no_color", "force_color"}
TEXT = (REPOSITORY / "docs" / "stock-commands.md").read_text(encoding="utf-8")


def options(command: migrate.Command | sqlmigrate.Command) -> list[Action]:
    parser = command.create_parser("manage.py", "x")
    return [action for action in parser._actions if action.dest not in COMMON]


@pytest.mark.parametrize("name", ["migrate", "sqlmigrate"])
def test_every_option_has_a_row(name: str) -> None:
    command = {"migrate": migrate, "sqlmigrate": sqlmigrate}[name].Command()
    section = TEXT.split(f"## `{name}`")[1].split("\n## ")[0]
    rows = [line.split("|")[1] for line in section.splitlines() if line.startswith("| ")]

    missing = [
        action.dest
        for action in options(command)
        if not any(name in row for row in rows for name in (*action.option_strings, action.dest))
    ]

    known_elsewhere = {"skip_checks", "verbosity"} if name == "sqlmigrate" else set()
    assert set(missing) <= known_elsewhere
