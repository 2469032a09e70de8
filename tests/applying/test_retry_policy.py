from __future__ import annotations

from nestflux.applying.run.retry_policy import RetryPolicy
from nestflux.database.numbers import DEADLOCK, LOCK_WAIT_TIMEOUT


def test_pauses_double_up_to_the_longest() -> None:
    policy = RetryPolicy(tries=5, first_pause=1, longest_pause=3)

    pauses = [policy.pause_after(tried, LOCK_WAIT_TIMEOUT) for tried in (1, 2, 3, 4, 5)]

    assert pauses == [1, 2, 3, 3, None]


def test_only_locks_and_deadlocks_are_tried_again() -> None:
    policy = RetryPolicy()

    assert policy.pause_after(1, DEADLOCK) == 1
    assert policy.pause_after(1, 1062) is None


def test_by_default_a_step_is_tried_eight_times_for_five_seconds() -> None:
    policy = RetryPolicy()

    pauses = [policy.pause_after(tried, LOCK_WAIT_TIMEOUT) for tried in range(1, 9)]

    assert policy.ddl_lock_timeout == 5
    assert pauses == [1, 2, 4, 8, 16, 30, 30, None]
