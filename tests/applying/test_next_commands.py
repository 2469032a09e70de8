"""Whoever does what a refusal says comes to an end: no two commands name each other in a circle.

From each state that a deploy or a rollback can leave, each command is called, and then whatever the
last message names, until one succeeds or a person is asked to change something outside.
"""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest

from tests.applying.dying import die_at
from tests.scenario import Outcome, Project

COMMANDS = (
    ("db_migrate",),
    ("db_rollback", "--yes"),
    ("db_rollback", "--to", "zero", "--yes"),
)
_NEXT = re.compile(r"python manage\.py (db_\w+)((?: +(?:--[\w-]+|[\w.]+))*)")
# Where a person is to change something first, or to decide: the way on is in their hands.
_A_PERSON = ("fix the cause", "look at the database", "review", "write a new migration", "--ran")


def _whole(shop: Project) -> None:
    shop.succeeds("db_migrate", "--replay")


def _pending(shop: Project) -> None:
    shop.succeeds("db_migrate", "--replay", "--to", "1")


def _died(ordinal: int, *, after: bool) -> Callable[[Project], None]:
    def make(shop: Project) -> None:
        _pending(shop)
        die_at(shop, ordinal, after=after)

    return make


def _died_going_back(ordinal: int, *, after: bool) -> Callable[[Project], None]:
    def make(shop: Project) -> None:
        _whole(shop)
        die_at(shop, ordinal, after=after, command="undo", options="backup=NOT_ASKED")

    return make


STATES: dict[str, Callable[[Project], None]] = {
    "whole": _whole,
    "pending": _pending,
    "died before step 1": _died(1, after=False),
    "died after step 1": _died(1, after=True),
    "died after step 2": _died(2, after=True),
    "died after step 3": _died(3, after=True),
    "died going back, before step 1": _died_going_back(1, after=False),
    "died going back, after step 1": _died_going_back(1, after=True),
    "died going back, after step 2": _died_going_back(2, after=True),
}


def _named(outcome: Outcome) -> tuple[str, ...] | None:
    """The command that a message names; None where a person is asked for something else."""
    _, _, after = outcome.stderr.partition("Next:")
    if any(words in after for words in _A_PERSON) or not (found := _NEXT.search(after)):
        return None
    name, rest = found.groups()
    command = (name, *rest.split())
    return (*command, "--yes") if name == "db_rollback" and "--yes" not in command else command


@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_what_a_message_names_leads_to_an_end(
    shop: Project, state: str, command: tuple[str, ...]
) -> None:
    STATES[state](shop)
    tried: list[tuple[str, ...]] = []
    following: tuple[str, ...] | None = command
    while following is not None:
        assert following not in tried, f"a circle: {[*tried, following]}"
        tried.append(following)
        outcome = shop.run(*following)
        if outcome.code == 0:
            break
        assert "Next:" in outcome.stderr, str(outcome)
        following = _named(outcome)

    # The other way round, too: from wherever that ended, everything can be applied.
    if following is not None:
        ended = shop.run("db_migrate")
        steps = 0
        while ended.code and (other := _named(ended)) and steps < len(COMMANDS):
            steps += 1
            shop.run(*other)
            ended = shop.run("db_migrate")
        assert ended.code == 0, f"{tried}: {ended}"
