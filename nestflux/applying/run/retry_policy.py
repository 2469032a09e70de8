"""When to try a step again. Pure.

A DDL statement that waits for a metadata lock makes every later query on the table wait behind
it: so it waits briefly, steps back, and tries again, instead of waiting a year (MySQL's default).
"""

from __future__ import annotations

from dataclasses import dataclass

from nestflux.database.numbers import DEADLOCK, LOCK_WAIT_TIMEOUT


@dataclass(frozen=True)
class RetryPolicy:
    """``ddl_lock_timeout``: seconds that one try waits for a lock; ``tries``: how many;
    ``first_pause``: seconds after the first, doubled each time up to ``longest_pause``."""

    ddl_lock_timeout: int = 5
    tries: int = 8
    first_pause: float = 1.0
    longest_pause: float = 30.0

    def pause_after(self, tried: int, error_number: int) -> float | None:
        """Seconds to wait before the next try, None where there is none."""
        if error_number not in (LOCK_WAIT_TIMEOUT, DEADLOCK) or tried >= self.tries:
            return None
        return float(min(self.first_pause * 2 ** (tried - 1), self.longest_pause))
