"""A run that dies at any of its writes is finished by the next one: same schema, same rows,
same books as a run that was left alone."""

from __future__ import annotations

import pytest

from tests.scenario import Project


@pytest.mark.parametrize(
    ("prepare", "action", "at_least"),
    [
        pytest.param("nothing", "replay", 40, id="forward"),
        pytest.param("nothing", "load", 15, id="fresh"),
        pytest.param("load", "undo", 30, id="rollback"),
    ],
)
def test_a_run_that_dies_before_any_write_is_finished_by_the_next(
    shop: Project, prepare: str, action: str, at_least: int
) -> None:
    outcome = shop.python(
        f"""
        from tests.applying import crashing
        crashing.walk(crashing.{prepare}, crashing.{action})
        """
    )

    assert outcome.code == 0, str(outcome)
    assert outcome.json["crashes"] >= at_least
    assert outcome.json["differences"] == []


@pytest.mark.parametrize(
    ("prepare", "action"),
    [
        pytest.param("nothing", "replay", id="forward"),
        pytest.param("nothing", "load", id="fresh"),
        pytest.param("load", "undo", id="rollback"),
    ],
)
def test_a_connection_that_is_cut_after_any_write_is_finished_by_the_next_run(
    shop: Project, prepare: str, action: str
) -> None:
    outcome = shop.python(
        f"""
        from tests.applying import crashing
        crashing.walk(crashing.{prepare}, crashing.{action}, crashing.Cutter)
        """
    )

    assert outcome.code == 0, str(outcome)
    assert outcome.json["crashes"] >= 10
    assert outcome.json["differences"] == []
