"""A rollback that a person agreed to, and what others did while they were asked."""

from __future__ import annotations

from textwrap import dedent

import pytest

from tests.applying.dying import COMMANDS, dying
from tests.scenario import Outcome, Project

# ``in_between`` is code that runs in a process of its own, between the question and the answer.
_ASKED = """
import subprocess, sys
from nestflux.applying.run.rollback import Wanted, plan_rollback, rollback
from nestflux.applying.target import open_target
from nestflux.exceptions import NestFluxError

wanted = Wanted({wanted})
target = open_target("default")
plan = plan_rollback(target, wanted)
begin = "import os, django; os.environ['DJANGO_SETTINGS_MODULE'] = 'settings'; django.setup()\\n"
subprocess.run([sys.executable, "-c", begin + {in_between!r}], check=True, stdout=sys.stderr)
try:
    for finished in rollback(target, wanted, expected=plan):
        print(finished.name)
except NestFluxError as error:
    print(error)
"""
OTHER = "from django.core.management import call_command; call_command('db_{command}', {options})"
ROLLS_BACK = OTHER.format(command="rollback", options="'--yes'")
DIES = dying(COMMANDS["undo"].format(options=""), 2, after=True)
CHANGED = "Another deploy changed what is applied while you were asked."


def asked(shop: Project, wanted: str, in_between: str) -> Outcome:
    outcome = shop.python(_ASKED.format(wanted=wanted, in_between=dedent(in_between)))
    assert outcome.code == 0, str(outcome)
    return outcome


@pytest.fixture
def applied(shop: Project) -> Project:
    shop.succeeds("db_migrate", "--replay")
    return shop


@pytest.mark.parametrize(
    ("in_between", "undone"),
    [
        (ROLLS_BACK, ["0001_first"]),
        (DIES, ["0002_second", "0001_first"]),  # as a client does whose server works on
        ("", ["0002_second", "0001_first"]),
    ],
    ids=["whole", "half", "nothing"],
)
def test_what_others_did_of_it_is_done(
    applied: Project, in_between: str, undone: list[str]
) -> None:
    outcome = asked(applied, "to='zero'", in_between)

    assert outcome.lines == undone
    assert not [table for table in applied.tables() if table.startswith("shop_")]


def test_more_than_was_shown_is_not_undone(applied: Project) -> None:
    """Asked for the last file: by then another one is the last."""
    outcome = asked(applied, "", ROLLS_BACK)

    assert CHANGED in outcome.stdout
    assert "shop_product" in applied.tables()


def test_a_file_that_came_in_between_is_not_undone(shop: Project) -> None:
    shop.succeeds("db_migrate", "--to", "0001")

    outcome = asked(shop, "to='zero'", OTHER.format(command="migrate", options=""))

    assert CHANGED in outcome.stdout
    assert shop.applied()[-1] != "shop.0001_initial"
