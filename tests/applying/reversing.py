"""Ends a run at each of its steps in turn, and reverses it: is all as it was before?

Runs inside a project's own process: ``project.python("from tests.applying… import walk…")``.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Any

from django.db import connections
from django.db.utils import OperationalError

from nestflux.applying.run.attempt import Attempt
from nestflux.applying.run.context import Options
from nestflux.applying.run.migrate import migrate
from nestflux.applying.run.rollback import rollback
from nestflux.applying.target import open_target
from nestflux.exceptions import StatementFailed
from nestflux.ledger.ledger import read_state
from tests.applying.stopping import Crash, forget_connection, new_database
from tests.faults.fingerprint import fingerprint

FILE = "0001_whole"


def up() -> None:
    migrate(open_target("default"), replay=True)


def down() -> None:
    rollback(open_target("default"), options=Options(command="db_rollback"))


def reverse_up() -> None:
    migrate(open_target("default"), to=FILE)


def nothing() -> None:
    """A database without a ledger; ``post_migrate`` has its own table there."""


Execute = Callable[[Any, Any, Any], Any]


@contextmanager
def _executing(way: Callable[[Execute], Execute]) -> Iterator[None]:
    """Let runs execute their steps in this way, which is told the usual one."""
    usual = Attempt._execute
    Attempt._execute = way(usual)  # type: ignore[assignment, method-assign]
    try:
        yield
    finally:
        Attempt._execute = usual  # type: ignore[method-assign]


def ending(ordinal: int, how: str) -> AbstractContextManager[None]:
    """Let runs end at a step: ``before`` it and after the ledger says that it begins, ``after`` it
    ran and before that is written, or because it ``fails``."""

    def way(usual: Execute) -> Execute:
        def execute(attempt: Any, task: Any, operation: Any) -> Any:
            if task.ordinal != ordinal:
                return usual(attempt, task, operation)
            if how == "fails":
                raise OperationalError(1105, "Unknown error")
            if how == "after":
                usual(attempt, task, operation)
            else:
                attempt.context.outbox.send()
            raise Crash

        return execute

    return _executing(way)


def noting(ordinals: list[int]) -> AbstractContextManager[None]:
    """Note the steps that runs run."""

    def way(usual: Execute) -> Execute:
        def execute(attempt: Any, task: Any, operation: Any) -> Any:
            ordinals.append(task.ordinal)
            return usual(attempt, task, operation)

        return execute

    return _executing(way)


def dies(action: Callable[[], None], ordinal: int, how: str) -> bool:
    """Run ``action`` until it ends at a step; False where it has no such step to run."""
    with ending(ordinal, how):
        try:
            action()
        except (Crash, StatementFailed):
            return True
        finally:
            forget_connection()
    return False


def state() -> dict[str, Any]:
    """Schema, rows and books, less what ``post_migrate`` made; the files, less their attempts."""
    found: dict[str, Any] = {
        k: v
        for k, v in fingerprint(connections["default"]).items()
        if k not in ("statements", "owed", "rows of heard")
    }
    found["schema"] = {k: v for k, v in found["schema"].items() if not k.startswith("table heard")}
    found["files"] = [row[1:3] for row in found["files"]]
    return found


HOWS = ("before", "after", "fails")


def walk(direction: str, begin_with: int) -> None:
    """End the run at each step, reverse it, and compare; print a JSON report.

    Args:
        begin_with: which of ``HOWS`` the first step has; the others follow in turn.
    """
    there, back = (up, down) if direction == "up" else (down, reverse_up)
    report: dict[str, Any] = {"reversed": 0, "differences": [], "skipped": []}
    _begin(direction)
    wanted = _whole_and_back(there, back, direction)
    ordinal, went_on = 0, True
    while went_on:
        how = HOWS[(begin_with + ordinal) % len(HOWS)]
        ordinal += 1
        _begin(direction)
        went_on = dies(there, ordinal, how)
        if went_on:
            _reverse_and_compare(report, f"{how} {ordinal}", back, wanted)
    print(json.dumps(report))


def walk_twice(direction: str, *, every: int = 4) -> None:
    """End the run at some steps, reverse it, end that at each of its steps, and then finish
    it, or reverse it once more, by turns."""
    there, back = (up, down) if direction == "up" else (down, reverse_up)
    onward = reverse_up if direction == "up" else down
    report: dict[str, Any] = {"reversed": 0, "differences": [], "skipped": []}
    _begin(direction)
    before = _whole_and_back(there, back, direction)
    _begin(direction)
    there()
    after = state()
    for first in range(2, _steps() + 1, every):
        for second in _steps_back(direction, first):
            ends = ((back if direction == "up" else up, before), (onward, after))
            then, wanted = ends[(first + second) // 2 % 2]
            _begin(direction)
            dies(there, first, "before")
            assert dies(back, second, "after" if second % 2 else "before")
            _reverse_and_compare(report, f"{first} {second} {then.__name__}", then, wanted)
    print(json.dumps(report))


def _begin(direction: str) -> None:
    new_database()
    if direction == "down":
        up()


def _steps_back(direction: str, first: int) -> list[int]:
    """The steps that reverse a run which ended before its step ``first``, in their order."""
    there, back = (up, down) if direction == "up" else (down, reverse_up)
    _begin(direction)
    dies(there, first, "before")
    found: list[int] = []
    with noting(found):
        back()
    return found


def _whole_and_back(
    there: Callable[[], None], back: Callable[[], None], direction: str
) -> dict[str, Any]:
    """What is to be there in the end: as the whole file applied, or undone, leaves it."""
    if direction == "down":
        return state()
    there()
    back()
    return state()


def _reverse_and_compare(
    report: dict[str, Any], place: str, back: Callable[[], None], wanted: dict[str, Any]
) -> None:
    try:
        back()
        found = state()
        report["reversed"] += 1
        in_flight = read_state(connections["default"]).in_flight  # type: ignore[union-attr]
        assert in_flight is None
        report["skipped"].append(_skipped())
    except Exception as error:
        found = {"raised": f"{type(error).__name__}: {error}"}
    if found != wanted:
        difference = {
            key: [wanted.get(key), found.get(key)]
            for key in wanted.keys() | found.keys()
            if wanted.get(key) != found.get(key)
        }
        report["differences"].append([place, difference])


def _skipped() -> int:
    with connections["default"].cursor() as cursor:
        cursor.execute("SELECT COUNT(*) FROM nestflux_statement WHERE state = 'skipped'")
        return int(cursor.fetchone()[0])


def _steps() -> int:
    """Of the file's way up."""
    with connections["default"].cursor() as cursor:
        cursor.execute("SELECT MAX(ordinal) FROM nestflux_statement WHERE direction = 'up'")
        return int(cursor.fetchone()[0])
