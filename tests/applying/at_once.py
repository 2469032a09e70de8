"""Several deploys that start together truly: all of them wait for one lock before it is let go."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from tests.scenario import Outcome, Project


@dataclass(frozen=True)
class Together:
    """How deploys ended that were started together; ``held_by`` is the connection that kept all
    of them waiting until the last one had come."""

    outcomes: tuple[Outcome, ...]
    held_by: int

    def saying(self, text: str) -> list[Outcome]:
        return [outcome for outcome in self.outcomes if text in outcome.stdout]

    def __str__(self) -> str:
        return "\n\n".join(map(str, self.outcomes))


def run_together(project: Project, commands: Sequence[Sequence[str]]) -> Together:
    """Start commands, wait until each is seen to wait for the lock, and let them go."""
    with lock_taken(project) as holder:
        running = [project.start(*command) for command in commands]
        seen: set[int] = set()

        def all_wait() -> bool:
            seen.update(_waiting_for_the_lock(project))
            return len(seen) == len(running)

        until(all_wait, running)
        held_by = int(holder.thread_id())
    return Together(tuple(ended(process) for process in running), held_by)


@contextmanager
def lock_taken(project: Project) -> Iterator[Any]:
    """The project's lock in a connection of the test's own; gives that."""
    connection = project.server.connect(project.database)
    connection.cursor().execute("SELECT GET_LOCK(%s, 0)", [f"nestflux:{project.database}"])
    try:
        yield connection
    finally:
        connection.close()


def _waiting_for_the_lock(project: Project) -> set[int]:
    rows = project.sql(
        "SELECT ID FROM information_schema.PROCESSLIST WHERE STATE = 'User lock' AND DB = %s",
        [project.database],
    )
    return {int(identity) for (identity,) in rows}


def ended(process: subprocess.Popen[str]) -> Outcome:
    """The end of a command that was started."""
    out, err = process.communicate()
    return Outcome(process.returncode, out, err)


def until(
    holds: Callable[[], object], running: Sequence[subprocess.Popen[str]] = (), tries: int = 1200
) -> None:
    """Poll for a state; a process that ends before it, or a minute or two, fails with what the
    processes said."""
    for _ in range(tries):
        if holds():
            return
        if any(process.poll() is not None for process in running):
            break
        time.sleep(0.05)
    said = []
    for process in running:
        process.kill()
        said.append(str(ended(process)))
    raise AssertionError("the state was not reached\n" + "\n\n".join(said))


def wait_until_free(project: Project) -> None:
    """The server notices within moments that a killed client is gone."""
    name = f"nestflux:{project.database}"
    until(lambda: project.sql("SELECT IS_FREE_LOCK(%s)", [name]) == [(1,)])
