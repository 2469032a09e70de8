"""The session variables that files set, from one file to the next."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from nestflux.database.session import SavedSession, pinning, restored_session

if TYPE_CHECKING:
    from nestflux.applying.plan.tasks import Work
    from nestflux.applying.run.context import Context


class FileSession:
    """What the files of a run set. A SET waits for the statement that it is for, and goes with it.

    ``waiting``: the SETs that did not run yet; ``sets``: all of the file that runs, in their order.

    Args:
        saved: the variables as the caller had them, with which each file begins.
    """

    def __init__(self, context: Context, saved: SavedSession) -> None:
        self.context = context
        self.waiting: tuple[str, ...] = ()
        self.sets: tuple[str, ...] = ()
        self._saved = saved
        self._is_known = True

    def enter(self, sets: tuple[str, ...]) -> None:
        """A file begins, with its SETs."""
        if self._is_known and self.sets == sets:
            return
        if self.sets:
            self.waiting += (self._saved.statement(self.context.connection),)
        self.sets, self._is_known = sets, True
        limit = self.context.options.retry.ddl_lock_timeout
        self.waiting += (
            *pinning(sets, self._saved.collation),
            f"SET lock_wait_timeout = {limit:d}",
        )

    def add(self, sets: tuple[str, ...]) -> None:
        """A file goes on with further SETs."""
        self.sets += sets
        self.waiting += tuple(pinning(sets, self._saved.collation))

    def lose_sight(self) -> None:
        """A Python step runs, which may set what it likes: the next file begins anew."""
        self._is_known = False

    def ran(self) -> None:
        """What waited has run."""
        self.waiting = ()

    def send(self) -> None:
        """Run what waits, by itself. Raises the server's error."""
        if self.waiting:
            self.context.packets.run(self.waiting)
            self.ran()


@contextmanager
def file_session(context: Context, works: Iterable[Work]) -> Iterator[FileSession]:
    """For files that run one after the other; what they set is given back at the end."""
    sets = tuple(
        sql
        for work in works
        for sql in (*work.file.session, *(sql for task in work.tasks for sql in task.session))
    )
    with restored_session(context.connection, sets) as saved:
        yield FileSession(context, saved)
