"""How far the replicas are that a deploy waits for."""

from __future__ import annotations

import time
from collections.abc import Sequence

from nestflux.applying.replicas import Replica
from nestflux.management.progress import Progress

_EVERY = 30  # seconds between two lines of a log


class ReplicaProgress:
    """On a terminal a live line; in a log a line now and then, and one of each that has arrived."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress
        self._next = 0.0

    def looked(self, replicas: Sequence[Replica]) -> None:
        """These have not arrived."""
        text = f"Waiting for replicas: {'; '.join(replica.description for replica in replicas)}"
        if self._progress.is_watched:
            self._progress.say(text)
        elif time.monotonic() >= self._next:
            self._next = time.monotonic() + _EVERY
            self._progress.console.print(text)

    def arrived(self, replica: Replica, seconds: float) -> None:
        self._progress.show("")
        self._progress.console.print(f"✓ Replica {replica.description}  ({seconds:.1f} s)")
