"""A deploy or a rollback that died or failed half-way is reversed by the other command."""

from __future__ import annotations

import pytest

from tests.scenario import Project


@pytest.mark.parametrize("direction", ["up", "down"])
def test_a_run_that_ends_at_any_step_is_reversed(whole: Project, direction: str) -> None:
    outcome = whole.python(
        f"""
        from tests.applying import reversing
        reversing.walk({direction!r}, {("up", "down").index(direction)})
        """
    )

    assert outcome.code == 0, str(outcome)
    assert outcome.json["reversed"] >= 6
    assert outcome.json["differences"] == []
    assert all(outcome.json["skipped"][:-3])


@pytest.mark.parametrize("direction", ["up", "down"])
def test_what_was_reversed_and_died_is_finished_or_reversed_again(
    whole: Project, direction: str
) -> None:
    outcome = whole.python(
        f"""
        from tests.applying import reversing
        reversing.walk_twice({direction!r})
        """
    )

    assert outcome.code == 0, str(outcome)
    assert outcome.json["reversed"] >= 6
    assert outcome.json["differences"] == []
