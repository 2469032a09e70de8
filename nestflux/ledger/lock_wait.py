"""What a waiter missed: how long it waited, for whom, and what that one did, by the ledger."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from django.db.utils import Error

if TYPE_CHECKING:
    from django.db.backends.base.base import BaseDatabaseWrapper

_WORDS = {
    "applied": "applied",
    "loaded": "loaded schema.sql:",
    "taken_over": "took over",
    "marked": "marked as applied",
    "rolled_back": "rolled back",
    "stopped_in": "stopped in",
}
_BY_ORIGIN = {
    "snapshot": "loaded",
    "baseline": "taken_over",
    "marked": "marked",
    "booked": "marked",  # by a version 0.1
    "squashed": "marked",
}
_NAMED = 3  # of more files the first and the last are named


@dataclass(frozen=True)
class EarlierRun:
    """A run that was waited for. ``files``: their names, by what it did with them (``applied``,
    ``loaded``, ``taken_over``, ``marked``, ``rolled_back``, ``stopped_in``)."""

    command: str
    host: str
    pid: int
    outcome: str
    files: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    def __str__(self) -> str:
        done = [f"{_WORDS[what]} {_named(names)}" for what, names in self.files.items()]
        if not done:
            done = ["applied nothing" if self.outcome == "done" else "failed"]
        return f"{self.command} on {self.host}, pid {self.pid}, which {' and '.join(done)}"


@dataclass(frozen=True)
class Wait:
    """A wait for the lock that is over. ``holder`` is who held it when somebody last looked;
    ``runs`` are those that went on or ended meanwhile, in their order."""

    seconds: float
    holder: str
    runs: tuple[EarlierRun, ...] = ()

    def __str__(self) -> str:
        seen = [str(run) for run in self.runs] or [f"{self.holder}, which recorded nothing"]
        return f"{self.seconds:.1f} s for {'; then for '.join(seen)}"

    def to_json(self) -> dict[str, Any]:
        return {
            "seconds": round(self.seconds, 3),
            "holder": self.holder,
            "runs": [vars(run) for run in self.runs],
        }


def _named(names: tuple[str, ...]) -> str:
    if len(names) <= _NAMED:
        return ", ".join(f"{name}.sql" for name in names)
    return f"{names[0]}.sql … {names[-1]}.sql ({len(names)} files)"


def runs_since(
    connection: BaseDatabaseWrapper, since: str, connection_ids: Collection[int]
) -> tuple[EarlierRun, ...]:
    """The runs that began or ended since a time, and those of a connection that died in one.

    Args:
        since: UTC, by the server's clock.
        connection_ids: the connections that were seen to hold the lock, one at the least.
    """
    marks = ", ".join(["%s"] * len(connection_ids))
    with connection.cursor() as cursor:
        try:
            cursor.execute(
                "SELECT r.id, r.command, r.host, r.pid, r.outcome, m.name, m.state, m.origin "
                "FROM nestflux_run r LEFT JOIN nestflux_sql_migration m ON m.run_id = r.id "
                "WHERE r.started_at >= %s OR r.finished_at >= %s "
                f"OR (r.finished_at IS NULL AND r.connection_id IN ({marks})) "
                "ORDER BY r.id, m.number",
                [since, since, *connection_ids],
            )
        except Error:  # no ledger yet; a lost connection is reported by its next use
            return ()
        rows = cursor.fetchall()
    runs: dict[int, EarlierRun] = {}
    for identity, command, host, pid, outcome, name, state, origin in rows:
        run = runs.get(identity) or EarlierRun(command, host, pid, outcome)
        if name is not None:
            what = _done(state, origin)
            names = (*run.files.get(what, ()), name)
            run = EarlierRun(command, host, pid, outcome, {**run.files, what: names})
        runs[identity] = run
    return tuple(runs.values())


def _done(state: str, origin: str) -> str:
    if state in ("applied", "replaced"):
        return _BY_ORIGIN.get(origin, "applied")
    return "rolled_back" if state == "rolled_back" else "stopped_in"
