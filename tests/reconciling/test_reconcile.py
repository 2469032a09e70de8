"""``db_baseline --reconcile``: scripts for live schemas that differ from their history."""

from __future__ import annotations

from tests.reconciling import store
from tests.scenario import Project


def test_look(live: Project) -> None:
    store.fill(live)
    store.alter_by_hand(live)
    print(live.run("db_baseline", "--plan"))
    print(live.run("db_baseline", "--reconcile"))
    print(live.read("reconcile_default.sql"))
    assert 0
