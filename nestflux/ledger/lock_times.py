"""How long the lock is waited for, and how it is seen that its holder lives. Pure."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class LockTimes:
    """All in seconds. ``wait``: how long to wait for another deploy; ``beat``: between two
    heartbeats; ``stale``: a heartbeat older than that is a host that froze or was lost."""

    wait: float = 600.0
    beat: float = 5.0
    stale: float = 60.0

    @property
    def dead_after(self) -> float:
        """``stale``, but never so short that a busy machine's late heartbeat is a death."""
        return max(self.stale, 3 * self.beat)
