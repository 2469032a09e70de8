"""Who waits longest is served first."""

from __future__ import annotations

from collections import deque
from threading import Lock, RLock


class Turns:
    """A semaphore in the order of arrival. SQLAlchemy's queue lets whoever comes just when a
    connection is returned overtake those who wait, and some of them then wait for many times the
    median (https://github.com/sqlalchemy/sqlalchemy/issues/7679).
    """

    def __init__(self, free: int) -> None:
        self._free = free
        self._waiting: deque[Lock] = deque()
        # Reentrant: the garbage collector may return a connection in the middle of ``take``.
        self._changing = RLock()

    def take(self, timeout: float) -> bool:
        """Wait for one's turn; False where it has not come in so many seconds."""
        turn = Lock()
        turn.acquire()
        with self._changing:
            self._waiting.append(turn)
            self._serve()
        if turn.acquire(timeout=timeout):
            return True
        with self._changing:
            if turn not in self._waiting:  # it came at the last moment
                return True
            self._waiting.remove(turn)
        return False

    def give_back(self) -> None:
        """Let the next one have it."""
        with self._changing:
            self._free += 1
            self._serve()

    def _serve(self) -> None:
        while self._free and self._waiting:
            self._free -= 1
            self._waiting.popleft().release()
