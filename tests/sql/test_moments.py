"""Moments that a server fills in, by the text of a statement."""

from __future__ import annotations

import pytest

from nestflux.sql.moments import same_but_for_moments, unstated_moment

EVENT = "CREATE EVENT `e` ON SCHEDULE"
STARTS = "write when it starts: EVERY 1 DAY STARTS '2026-01-01 00:00:00'"
VERSIONED = "CREATE TABLE t (a int) WITH SYSTEM VERSIONING PARTITION BY SYSTEM_TIME"


@pytest.mark.parametrize(
    ("sql", "instead"),
    [
        (f"{EVENT} EVERY 1 DAY DO DELETE FROM t", STARTS),
        (f"{EVENT.lower()} EVERY 1 DAY on completion preserve do DELETE FROM t", STARTS),
        (f"{EVENT} EVERY 1 DAY DISABLE DO DELETE FROM t WHERE starts < 1", STARTS),
        (f"{EVENT} EVERY 1 DAY ENDS '2030-01-01' DO DELETE FROM t", STARTS),
        ("CREATE DEFINER=`a`@`b` EVENT e ON SCHEDULE EVERY 1 DAY DO SELECT 1", STARTS),
        ("ALTER EVENT e ON SCHEDULE EVERY 1 DAY", STARTS),
        (f"{EVENT} AT CURRENT_TIMESTAMP + INTERVAL 1 HOUR DO SELECT 1", "CURRENT_TIMESTAMP"),
        (f"{EVENT} AT now() DO SELECT 1", "now"),
        (f"{EVENT} EVERY 1 DAY STARTS CURDATE() + INTERVAL 1 DAY DO SELECT 1", "CURDATE"),
        (f"{EVENT} EVERY 1 DAY STARTS '2026-01-01' ENDS NOW() DO SELECT 1", "NOW"),
        (
            f"{VERSIONED} INTERVAL 1 WEEK PARTITIONS 4",
            "write when they start: INTERVAL 1 WEEK STARTS '2026-01-01 00:00:00'",
        ),
        (
            "ALTER TABLE t PARTITION BY SYSTEM_TIME INTERVAL 1 DAY",
            "write when they start: INTERVAL 1 DAY STARTS '2026-01-01 00:00:00'",
        ),
    ],
)
def test_a_moment_that_the_server_fills_in(sql: str, instead: str) -> None:
    assert instead in unstated_moment(sql)


@pytest.mark.parametrize(
    "sql",
    [
        f"{EVENT} EVERY 1 DAY STARTS '2026-01-01 00:00:00' DO DELETE FROM t WHERE at < NOW()",
        f"{EVENT} AT '2030-01-01 00:00:00' COMMENT 'EVERY 1 DAY, NOW()' DO SELECT NOW()",
        "ALTER EVENT e DISABLE",
        "DROP EVENT e",
        "CREATE PROCEDURE p() DELETE FROM t WHERE at < NOW() - INTERVAL 1 DAY",
        "CREATE TRIGGER g BEFORE INSERT ON t FOR EACH ROW SET NEW.at = NOW()",
        "CREATE PROCEDURE p() ALTER EVENT e ON SCHEDULE EVERY 1 DAY",
        "CREATE VIEW v AS SELECT NOW()",
        "ALTER TABLE event ADD COLUMN schedule datetime DEFAULT CURRENT_TIMESTAMP",
        "INSERT INTO event (schedule) VALUES (NOW())",
        f"{VERSIONED} INTERVAL 1 WEEK STARTS '2026-01-01 00:00:00' PARTITIONS 4",
        f"{VERSIONED} LIMIT 1000 PARTITIONS 4",
    ],
)
def test_a_moment_that_is_stated_or_belongs_to_what_runs_later(sql: str) -> None:
    assert unstated_moment(sql) == ""


def test_definitions_that_differ_by_a_moment_alone() -> None:
    event = "CREATE EVENT `e` ON SCHEDULE EVERY 1 DAY STARTS '{}' DO SELECT 1"
    one, other = event.format("2026-11-30 13:02:01"), event.format("2028-02-06 18:09:12")

    assert same_but_for_moments(one, other)
    assert not same_but_for_moments(one, other.replace("1 DAY", "2 DAY"))
    assert not same_but_for_moments(one, None)
    assert not same_but_for_moments(None, other)
