"""What a step touched, as the ledger keeps it: the same whichever way it was read."""

from __future__ import annotations

import json
from typing import Any

from tests.faults.conftest import Checkouts
from tests.scenario import Project


def readings(project: Project) -> list[tuple[Any, ...]]:
    """What each step of a replay found before it, in both directions."""
    project.recreate_database()
    project.succeeds("db_migrate", "--replay", "--noinput")
    project.succeeds("db_rollback", "--to", "zero", "--yes")
    rows = project.sql(
        "SELECT m.name, s.direction, s.ordinal, s.before_reading FROM nestflux_statement s "
        "JOIN nestflux_sql_migration m ON m.id = s.sql_migration_id "
        "ORDER BY m.name, s.direction, s.ordinal"
    )
    return [(*step, json.loads(before or "null")) for *step, before in rows]


def test_read_behind_the_step_before_or_foretold_it_is_what_is_there(checkouts: Checkouts) -> None:
    in_packets = readings(checkouts.shop)
    foretold = readings(checkouts.one_a_packet)

    assert foretold == in_packets
    assert sum(bool(before) for *_, before in foretold) > 30
