"""What a command says does not depend on who reads it: the words of its output are the same in a
pipe, on a terminal of 80 columns, without color, and on a terminal that knows no control codes."""

from __future__ import annotations

import re
from collections.abc import Callable
from contextlib import suppress

import pytest
from MySQLdb import OperationalError

from tests.conftest import ProjectFactory
from tests.scenario import Outcome, Project

LONG = "a_name_that_is_longer_than_the_half_of_a_line"
MODELS = f"""
    from django.db import models

    class Product(models.Model):
        {LONG} = models.CharField(max_length=40, db_comment="{"what a person reads, " * 7}")
        notes = models.TextField(blank=True)

        class Meta:
            db_table = "table_{LONG}"
"""
LONG_NAME = f"0002_{'longer_than_most_' * 3}name"

_ERASES, _MOVES_UP = "\x1b[2K", "\x1b[1A"
_CONTROL = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")
_SECONDS = re.compile(r"\d+\.\d s\b")
_ID = re.compile(r"(?<=-- Id: )\S+")  # a file's, which is drawn at random


def stays(shown: str) -> list[str]:
    """The lines that a terminal still shows at the end: what only stood while something ran has
    been erased."""
    lines: list[str] = []
    for line in shown.split("\n"):
        if _MOVES_UP in line and lines:
            lines.pop()
        lines.append(_CONTROL.sub("", line.rpartition(_ERASES)[2]))
    return lines


def words(outcome: Outcome) -> list[str]:
    """What was said, without how it was laid out."""
    shown = "\n".join(stays(outcome.stdout + outcome.stderr))
    return _ID.sub("…", _SECONDS.sub("… s", shown)).split()


Reader = Callable[..., Outcome]


def in_80_columns(project: Project, *command: str) -> Outcome:
    return project.on_a_terminal(*command, kind="xterm-256color", columns=80)


def without_color(project: Project, *command: str) -> Outcome:
    return project.on_a_terminal(*command, kind="xterm-256color", columns=80, env={"NO_COLOR": "1"})


def without_control_codes(project: Project, *command: str) -> Outcome:
    return project.on_a_terminal(*command, kind="dumb", columns=80)


READERS: tuple[Reader, ...] = (in_80_columns, without_color, without_control_codes)


@pytest.fixture
def shop(project: ProjectFactory) -> Project:
    """Two files, the second with a name, a table and statements longer than a line."""
    shop = project({"shop": {"models.py": MODELS}})
    shop.succeeds("db_generate", "--name", "products")
    shop.edit("shop/models.py", "notes = models.TextField(blank=True)", "")
    shop.succeeds("db_generate", "--name", LONG_NAME[5:])
    return shop


def differences(shop: Project, *command: str, before: Callable[[], object] = lambda: None) -> str:
    """Which readers see other words or another exit code than a pipe; ``before`` prepares each."""
    before()
    piped = shop.run(*command)
    found = []
    for reader in READERS:
        before()
        seen = reader(shop, *command)
        if words(seen) != words(piped) or seen.code != piped.code:
            found.append(f"{reader.__name__}: {seen}\n--- and in a pipe: {piped}")
        assert reader is in_80_columns or "\x1b[3" not in seen.stdout, str(seen)
    return "\n".join(found)


@pytest.mark.parametrize(
    "command",
    [
        ("db_migrate", "--plan"),
        ("db_status",),
        ("db_check",),
        ("db_generate", "--check"),
        ("db_rollback",),
        ("db_baseline", "--plan"),
        ("db_resolve",),
        ("migrate", "--plan"),
        ("sqlmigrate", "shop", "0001"),
        ("db_squash", "--to", "0002", "--plan"),
        ("db_restore",),
    ],
    ids=" ".join,
)
def test_before_anything_ran(shop: Project, command: tuple[str, ...]) -> None:
    assert differences(shop, *command) == ""


def test_what_would_be_written(shop: Project) -> None:
    shop.edit("shop/models.py", "max_length=40", "max_length=60")

    assert differences(shop, "db_generate", "--dry-run", "--name", "wider", "--noinput") == ""


def test_models_from_a_database(shop: Project) -> None:
    shop.succeeds("db_migrate")

    assert differences(shop, "db_pull", "--plan") == ""


def test_a_run_and_what_is_looked_at_after_it(shop: Project) -> None:
    assert differences(shop, "db_migrate", before=shop.recreate_database) == ""

    assert differences(shop, "db_migrate") == ""
    assert differences(shop, "db_status") == ""
    assert differences(shop, "db_rollback", "--plan") == ""
    assert differences(shop, "db_check") == ""


def test_findings(shop: Project) -> None:
    shop.edit(f"{shop.history.relative_to(shop.path)}/{LONG_NAME}.sql", "DROP", "-- edited\nDROP")

    assert differences(shop, "db_check") == ""
    assert differences(shop, "db_migrate") == ""


def test_taking_over(shop: Project) -> None:
    def migrated() -> None:
        shop.recreate_database()
        shop.succeeds("db_migrate")
        ledger = [table for table in shop.tables() if table.startswith("nestflux_")]
        for _ in ledger:  # in whichever order their foreign keys allow
            for table in shop.tables():
                if table in ledger:
                    with suppress(OperationalError):
                        shop.sql(f"DROP TABLE `{table}`")

    assert differences(shop, "db_baseline", "--yes", before=migrated) == ""
