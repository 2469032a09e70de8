"""What is to be done, from values: no server is asked."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

import pytest

from nestflux.orm.partitioning import RangePartitions
from nestflux.orm.partitioning.intervals import Bound
from nestflux.partitions.declared import DeclaredTable
from nestflux.partitions.live import LivePartition, LiveTable
from nestflux.partitions.planning import Action, TablePlan, plan_table

NOW = datetime(2026, 11, 15, 12)
LAST = datetime(2027, 2, 1)  # an interval for November, and two ahead


def table(**declared: Any) -> DeclaredTable:
    options = {"start": date(2026, 10, 1), "every": "month", "ahead": 2, **declared}
    ranges = RangePartitions(name="by_month", field="at", **options)
    return DeclaredTable("log.Event", "log_event", "at", is_timed=True, ranges=ranges)


def live(*partitions: tuple[str, Bound | None]) -> LiveTable:
    return LiveTable(tuple(LivePartition(name, below, 7) for name, below in partitions))


def months(first: int, last: int) -> list[tuple[str, Bound | None]]:
    """Partitions of 2026 by month, from one to another, the last included."""
    return [
        (f"p2026{m:02}01", datetime(2026, m + 1, 1) if m < 12 else datetime(2027, 1, 1))
        for m in range(first, last + 1)
    ]


REST: tuple[str, Bound | None] = ("p_rest", None)
AHEAD: list[tuple[str, Bound | None]] = [*months(10, 12), ("p20270101", LAST)]


def names(plan: TablePlan) -> list[tuple[Action, tuple[str, ...]]]:
    return [(step.action, step.names) for step in plan.steps]


def test_a_table_as_it_should_be_needs_nothing() -> None:
    plan = plan_table(table(), live(*AHEAD, REST), NOW)

    assert (plan.steps, plan.problem) == ((), "")


def test_coming_partitions_are_cut_out_of_the_catch_all() -> None:
    plan = plan_table(table(), live(*months(10, 11), REST), NOW)

    (step,) = plan.steps
    assert (step.action, step.rows) == (Action.SPLIT, 7)
    assert step.sql == (
        "ALTER TABLE `log_event` REORGANIZE PARTITION `p_rest` INTO ("
        "PARTITION `p20261201` VALUES LESS THAN ('2027-01-01 00:00:00'), "
        "PARTITION `p20270101` VALUES LESS THAN ('2027-02-01 00:00:00'), "
        "PARTITION `p_rest` VALUES LESS THAN (MAXVALUE))"
    )


def test_without_a_catch_all_they_are_added() -> None:
    plan = plan_table(table(catch_all=False), live(*months(10, 12)), NOW)

    (step,) = plan.steps
    assert step.action is Action.ADD
    assert step.sql == (
        "ALTER TABLE `log_event` ADD PARTITION ("
        "PARTITION `p20270101` VALUES LESS THAN ('2027-02-01 00:00:00'))"
    )


def test_a_catch_all_that_is_missing_is_added_too() -> None:
    plan = plan_table(table(), live(*AHEAD), NOW)

    assert names(plan) == [(Action.ADD, ("p_rest",))]


def test_months_in_which_nobody_ran_it_get_their_partitions() -> None:
    plan = plan_table(table(), live(*months(3, 5), REST), NOW)

    assert plan.steps[0].names == (
        *("p20260601", "p20260701", "p20260801", "p20260901", "p20261001", "p20261101"),
        *("p20261201", "p20270101"),
    )


def test_what_is_old_already_gets_no_partitions_of_its_own() -> None:
    plan = plan_table(table(keep=2), live(*months(3, 5), REST), NOW)

    assert names(plan) == [
        (Action.SPLIT, ("p20260901", "p20261001", "p20261101", "p20261201", "p20270101")),
        *((Action.ARCHIVE, (name,)) for name in ("p20260301", "p20260401", "p20260501")),
    ]
    assert plan.steps[0].partitions[0].below == datetime(2026, 10, 1)


def test_old_partitions_are_dumped_one_by_one() -> None:
    plan = plan_table(table(keep=1), live(*months(8, 9), *AHEAD, REST), NOW)

    assert names(plan) == [(Action.ARCHIVE, ("p20260801",)), (Action.ARCHIVE, ("p20260901",))]


def test_old_partitions_that_nobody_wants_go_in_one_statement() -> None:
    plan = plan_table(table(keep=1, archive=False), live(*months(8, 9), *AHEAD, REST), NOW)

    (step,) = plan.steps
    assert step.sql == "ALTER TABLE `log_event` DROP PARTITION `p20260801`, `p20260901`"
    assert step.rows == 14


def test_what_is_kept_ends_with_its_interval() -> None:
    """One month is kept: October, until November is over."""
    partitions = live(*AHEAD, REST)

    last = datetime(2026, 11, 30, 23, 59, 59)
    assert not any(step.takes_away for step in plan_table(table(keep=1), partitions, last).steps)

    first = datetime(2026, 12, 1)
    plan = plan_table(table(keep=1), partitions, first)
    assert names(plan)[-1] == (Action.ARCHIVE, ("p20261001",))


def test_a_shorter_interval_counts_from_the_last_bound_on() -> None:
    plan = plan_table(table(every="week", ahead=4), live(*months(10, 11), REST), NOW)

    assert [(each.name, each.below) for each in plan.steps[0].partitions] == [
        ("p20261201", datetime(2026, 12, 7)),
        ("p20261207", datetime(2026, 12, 14)),
    ]


def test_a_longer_interval_begins_where_the_last_partition_ends() -> None:
    plan = plan_table(table(every="year", ahead=1), live(*months(10, 11), REST), NOW)

    assert [(each.name, each.below) for each in plan.steps[0].partitions] == [
        ("p20261201", datetime(2027, 1, 1)),
        ("p20270101", datetime(2028, 1, 1)),
    ]


def test_numbers_have_partitions_too() -> None:
    by_id = table(start=0, every=1000, ahead=1, keep=2, archive=False)
    partitions = live(("p_before", 0), ("p0", 1000), ("p1000", 2000), ("p2000", 3000), REST)

    plan = plan_table(by_id, partitions, 4321)

    assert names(plan) == [
        (Action.SPLIT, ("p3000", "p4000", "p5000")),
        (Action.DROP, ("p_before", "p0", "p1000")),
    ]
    assert "VALUES LESS THAN (6000)" in plan.steps[0].sql


def test_dates_are_written_as_dates() -> None:
    by_date = DeclaredTable("log.Day", "log_day", "on", is_timed=False, ranges=table().ranges)

    plan = plan_table(by_date, live(*months(10, 12), REST), NOW)

    assert "VALUES LESS THAN ('2027-02-01')" in plan.steps[0].sql


def test_a_table_that_is_divided_otherwise_is_left_alone() -> None:
    plan = plan_table(table(), LiveTable(why_other="it has no partitions"), NOW)

    assert (plan.steps, plan.problem) == ((), "it has no partitions")


@pytest.mark.parametrize("every", ["day", 1])
def test_more_partitions_than_a_server_has_are_refused(every: str | int) -> None:
    if every == "day":
        plan = plan_table(table(every=every), live(("p_before", datetime(1990, 1, 1)), REST), NOW)
    else:
        plan = plan_table(table(every=1, start=0), live(("p_before", 0), REST), 1_000_000)

    assert plan.steps == ()
    assert "8,192 at the most" in plan.problem
