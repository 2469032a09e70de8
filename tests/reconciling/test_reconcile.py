"""``db_baseline --reconcile``: scripts for live schemas that differ from their history."""

from __future__ import annotations

from tests.reconciling import odd, store
from tests.scenario import Project


def test_look(live: Project) -> None:
    store.fill(live)
    store.alter_by_hand(live)
    print(live.run("db_baseline", "--plan"))
    print(live.run("db_baseline", "--reconcile"))
    print(live.read("reconcile_default.sql"))
    assert 0


def test_odd(odd_live: Project) -> None:
    odd_live.feed_to_the_client(odd.BY_HAND)
    print(odd_live.run("db_baseline", "--plan"))
    print(odd_live.run("db_baseline", "--reconcile"))
    print(odd_live.read("reconcile_default.sql"))
    assert 0
