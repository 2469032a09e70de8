"""The replicas of a database, as a deploy sees them: how far each is, and the wait for its schema.

A replica has the schema of its primary once its copy of the ledger says what the primary's says:
the ledger's row of a file is written behind the file's last statement, and a replica runs what
changes one schema in that order. So this takes no GTIDs and no privilege but reading the ledger,
and holds for replicas that copy no binary log. The lag is asked where the user may.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.db.utils import Error

from nestflux.conf import replicas
from nestflux.database.connection_copy import copy_of
from nestflux.database.errors import connect, message_of
from nestflux.database.replication import ReplicaState, replica_state
from nestflux.database.server import connection_for
from nestflux.exceptions import NestFluxError, Refused, ReplicasBehind, ServerUnavailable
from nestflux.ledger.rows import LedgerState, read_state
from nestflux.wording import for_database, listed

if TYPE_CHECKING:
    from django.db.backends.base.base import BaseDatabaseWrapper

    from nestflux.applying.target import Target

_TIMEOUTS = {"connect_timeout": 3}  # seconds, where OPTIONS do not say
_PAUSE = 0.2  # seconds between two looks
_RIGHT = {"mysql": "REPLICATION CLIENT", "mariadb": "REPLICA MONITOR"}


@dataclass(frozen=True)
class Replica:
    """One replica. ``state``: None where it cannot be asked, for the reason ``problem``.
    ``lacks``: the files, by name, that are not there as they are on the primary. ``is_behind``:
    its ledger is not as far as the primary's, in files or in what follows them."""

    alias: str
    state: ReplicaState | None = None
    problem: str = ""
    family: str = "mysql"
    lacks: tuple[str, ...] = ()
    is_behind: bool = True

    @property
    def halted(self) -> str:
        """Why it gets no further by itself; empty where it may."""
        state = self.state
        if state is None or not (state.visible and state.configured) or state.sql_running:
            return ""
        return state.last_error or "its SQL thread is stopped"

    @property
    def is_well(self) -> bool:
        """Does it have everything, and go on?"""
        return not (self.is_behind or self.halted or self._writable)

    @property
    def description(self) -> str:
        """How it is, for a person."""
        if self.state is None:
            return f"{self.alias} cannot be asked: {self.problem}"
        if self.halted:
            return f"{self.alias} no longer follows ({self._has}): {self.halted}"
        return f"{self.alias} {self._has}, {self._lag}{self._writable}"

    def to_json(self) -> dict[str, Any]:
        state = self.state
        return {
            "database": self.alias,
            "up_to_date": not self.is_behind,
            "lacks": list(self.lacks),
            "lag": state.lag if state else None,
            "read_only": state.read_only if state else None,
            "problem": self.problem or self.halted,
        }

    @property
    def _has(self) -> str:
        if self.lacks:
            return f"lacks {listed(self.lacks)}"
        return "lacks the last rows of the ledger" if self.is_behind else "has every file"

    @property
    def _lag(self) -> str:
        state = self.state or ReplicaState()
        if not state.visible:
            return f"lag not known (that takes {_RIGHT[self.family]})"
        if state.configured and not state.io_running:
            return f"not connected to its source {state.source}"
        return "lag not known" if state.lag is None else f"{state.lag:g} s behind"

    @property
    def _writable(self) -> str:
        state = self.state or ReplicaState(read_only=True)
        return ", and takes writes" if state.configured and not state.read_only else ""


@dataclass(frozen=True)
class WaitOptions:
    """For how many seconds replicas are waited for, and who is told how they are: after each look,
    and of each that has arrived, with the seconds that it took."""

    seconds: float
    looked: Callable[[Sequence[Replica]], None]
    arrived: Callable[[Replica, float], None]


def look_at_replicas(target: Target) -> tuple[Replica, ...]:
    """The replicas that the settings name of a database, against what it has now."""
    aliases = _aliases(target)
    here = _ledger(target.connection) if aliases else LedgerState()
    return tuple(_look(alias, here) for alias in aliases)


def refuse_to_wait(target: Target) -> None:
    """Raises Refused where a wait for the replicas would be in vain; before anything has run."""
    if not _aliases(target):
        raise Refused(
            f"The settings name no replica of {target.alias!r} to wait for.",
            stands="nothing was run",
            then=f'NESTFLUX["REPLICAS"] = {{"OF": {{"{target.alias}": ["replica_1"]}}}}   (in the '
            "settings)",
        )
    for replica in look_at_replicas(target):
        if replica.state is None or replica.halted:
            raise Refused(
                f"A wait for the replicas would be in vain: {replica.description}.",
                stands="nothing was run",
                then="fix it, remove it from the settings, or leave --wait-for-replicas out",
            )


def wait_for_replicas(target: Target, options: WaitOptions) -> tuple[Replica, ...]:
    """Until every replica has what the database has now. Gives them as they are then.

    Raises ReplicasBehind where one does not come so far in time, or no longer follows.
    """
    here, began = _ledger(target.connection), time.monotonic()
    waiting, there = list(_aliases(target)), dict[str, Replica]()
    while True:
        seconds = time.monotonic() - began
        found = [_look(alias, here) for alias in waiting]
        for replica in found:
            if not replica.is_behind:
                there[replica.alias] = replica
                options.arrived(replica, seconds)
        left = [replica for replica in found if replica.is_behind]
        if not left:
            return tuple(there[alias] for alias in _aliases(target))
        halted = [replica for replica in left if replica.halted]
        if halted or seconds >= options.seconds:
            raise _behind(target, halted or left, seconds)
        options.looked(left)
        waiting = [replica.alias for replica in left]
        time.sleep(_PAUSE)


def lacking(here: LedgerState, there: LedgerState | None) -> tuple[str, ...]:
    """The files of one ledger that another one has not, or has in an earlier state. Pure."""
    known = {file.id: file for file in there.files} if there else {}
    return tuple(
        file.name
        for file in here.files
        if (copy := known.get(file.id)) is None
        or copy.attempt < file.attempt
        or (copy.attempt == file.attempt and copy.state != file.state)
    )


def is_behind(here: LedgerState, there: LedgerState | None) -> bool:
    """Has another ledger not yet all that this one has? Pure."""
    if there is None:
        return here != LedgerState()
    return bool(lacking(here, there)) or (
        # What a run does behind its files: rows of post_migrate are there once it was sent.
        (there.signals_pending and not here.signals_pending)
        or not here.recorded_migrations <= there.recorded_migrations
    )


def _aliases(target: Target) -> tuple[str, ...]:
    return replicas().of.get(target.alias, ())


def _ledger(connection: BaseDatabaseWrapper) -> LedgerState:
    return read_state(connection) or LedgerState()


def _look(alias: str, here: LedgerState) -> Replica:
    try:
        with closing(copy_of(connection_for(alias), usual=_TIMEOUTS)) as connection:
            connect(connection)
            there, state = read_state(connection), replica_state(connection)
            mariadb = getattr(connection, "mysql_is_mariadb", False)
    except ServerUnavailable as error:
        return Replica(alias, problem=error.what.rstrip("."))
    except (NestFluxError, Error) as error:
        return Replica(alias, problem=message_of(error).rstrip("."))
    return Replica(
        alias,
        state,
        family="mariadb" if mariadb else "mysql",
        lacks=lacking(here, there),
        is_behind=is_behind(here, there),
    )


def _behind(target: Target, left: Sequence[Replica], seconds: float) -> ReplicasBehind:
    halted = any(replica.halted for replica in left)
    said = "; ".join(replica.description for replica in left)
    what = "A replica will not get" if halted else f"After {seconds:.0f} s a replica still lacks"
    again = f"python manage.py db_migrate{for_database(target.alias)} --wait-for-replicas"
    return ReplicasBehind(
        f"{what} the schema of {target.alias!r}: {said}.",
        stands=f"{target.alias!r} has it; code that reads from a replica may meet the schema "
        "before it",
        then=f"let its replication go on, then: {again}" if halted else f"{again}   (goes on)",
    )
