"""What it costs to write a table anew, and from when on that is too much."""

from __future__ import annotations

import pytest

from nestflux.conf import SizeLimits
from nestflux.database.costs import Cost, cost_of, table_written_anew
from nestflux.database.profile import Profile, Sizes, TableSize

COPY = "copies the table, blocks writes"
REBUILD = "rebuilds the table in place, no lock"
WIDER = "ALTER TABLE `shop_order` MODIFY `note` varchar(400)"


def order(megabytes: int, verdict: str = COPY, limits: SizeLimits | None = None) -> Cost:
    size = TableSize(1_234_567, (megabytes - 1) * 1_000_000, index_bytes=1_000_000)
    sizes = Sizes(profile=Profile("mysql", "8.4.3", tables={"shop_order": size}))
    cost = cost_of("shop_order", verdict, sizes, limits or SizeLimits())
    assert cost is not None
    return cost


def test_the_time_is_of_all_rows_and_indexes_with_its_basis() -> None:
    cost = order(1_000)

    assert cost.size == "shop_order: about 1,200,000 rows, 1 GB (profile.json)"
    assert cost.time == "about 50 s at 20 MB/s: a guess to plan with, not a measurement"


@pytest.mark.parametrize(
    ("megabytes", "time"),
    [(1, "less than 1 s"), (1_000, "about 50 s"), (12_000, "about 10 min"), (360_000, "about 5 h")],
)
def test_a_guess_has_two_digits(megabytes: int, time: str) -> None:
    assert order(megabytes).time.startswith(f"{time} at 20 MB/s")


def test_a_rebuild_is_faster_than_a_copy_and_both_are_as_fast_as_the_settings_say() -> None:
    fast = SizeLimits(copy_mb_a_second=100, rebuild_mb_a_second=200)

    assert (order(1_000).seconds, order(1_000, REBUILD).seconds) == (50, 20)
    assert (order(1_000, COPY, fast).seconds, order(1_000, REBUILD, fast).seconds) == (10, 5)


@pytest.mark.parametrize(
    ("verdict", "megabytes", "blocking", "large"),
    [
        (COPY, 99, False, False),
        (COPY, 100, True, False),  # five seconds
        (COPY, 1_000, True, True),
        ("copies the table, no lock", 1_000, False, True),
        (REBUILD, 999, False, False),
        (REBUILD, 1_000, False, True),
        ("rebuilds the table in place, blocks writes", 250, True, False),
        ("as it asks: ALGORITHM=COPY", 100, True, False),
    ],
)
def test_when_it_is_too_much(verdict: str, megabytes: int, blocking: bool, large: bool) -> None:
    cost = order(megabytes, verdict)

    assert cost.is_blocking(SizeLimits()) is blocking
    assert cost.is_large(SizeLimits()) is large


def test_nobody_knows_a_table_that_is_in_no_profile() -> None:
    assert cost_of("shop_new", COPY, Sizes(), SizeLimits()) is None


@pytest.mark.parametrize(
    ("sql", "verdict", "table"),
    [
        (WIDER, COPY, "shop_order"),
        (WIDER, "instant", ""),
        ("CREATE INDEX `a` ON `shop_order` (`a`)", REBUILD, "shop_order"),
        (
            "ALTER TABLE `shop_order` ADD FOREIGN KEY (`a`) REFERENCES `shop_new` (`id`)",
            COPY,
            "shop_order",
        ),
        ("ALTER TABLE `shop_new` ADD FOREIGN KEY (`a`) REFERENCES `shop_order` (`id`)", COPY, ""),
    ],
)
def test_the_table_is_the_one_that_the_statement_changes_and_not_new(
    sql: str, verdict: str, table: str
) -> None:
    assert table_written_anew(sql, verdict, "mysql", {"shop_new"}) == table
