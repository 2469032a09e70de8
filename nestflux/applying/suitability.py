"""May a run begin on this server? Said by whatever runs, and by whatever only shows or plans."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from nestflux.applying.run.failures import file_of
from nestflux.conf import replicas
from nestflux.database.errors import connect
from nestflux.database.server import Server, connection_for, server_of
from nestflux.database.setup import Setup, setup_of
from nestflux.exceptions import Refused
from nestflux.history.snapshots import statements_of
from nestflux.history.sqlfile import Statement
from nestflux.sql.statements import differs_on_a_replica

if TYPE_CHECKING:
    from django.db.backends.base.base import BaseDatabaseWrapper

    from nestflux.applying.plan.tasks import Work
    from nestflux.applying.target import Target

_FORMAT = "binlog_format=STATEMENT"


@dataclass(frozen=True)
class Suitability:
    """``refusals``: why a run would not begin, the first of which it would raise."""

    refusals: tuple[Refused, ...] = ()

    def lines(self) -> Iterator[str]:
        """For a person who looks or plans."""
        for refusal in self.refusals:
            yield f"A run is refused here: {refusal.what}"
            if refusal.then:
                yield f"  Next: {refusal.then}"

    def to_json(self) -> dict[str, Any]:
        return {"refused": [{"what": each.what, "next": each.then} for each in self.refusals]}


def suitability(target: Target, works: Iterable[Work] = ()) -> Suitability:
    """Of the server, and of this process's session on it, for any run or for one that would do
    ``works``. Changes nothing."""
    connection = target.connection
    setup, name = setup_of(connection), target.server.name
    found = judged(setup, name, takes_writes=_takes_writes(connection))
    return Suitability((*_of_process(connection), *found.refusals, *_of_works(setup, name, works)))


def server_suitability(connection: BaseDatabaseWrapper, server: Server) -> Suitability:
    """Of the server alone: for a look from another process than the one that will run."""
    return judged(setup_of(connection), server.name, takes_writes=_takes_writes(connection))


def judged(setup: Setup, server: str, *, takes_writes: bool = False) -> Suitability:
    """What a setup means for a run. Pure.

    Args:
        server: its name, for people.
        takes_writes: somebody said that it is meant to, though it is a replica.
    """
    return Suitability(tuple(_of_setup(setup, server, takes_writes)))


def _takes_writes(connection: BaseDatabaseWrapper) -> bool:
    return connection.alias in replicas().writable


def suitability_behind(alias: str) -> Suitability:
    """As ``server_suitability``, of an alias. Raises NestFluxError where it cannot be asked."""
    connection = connection_for(alias)
    connect(connection)
    return server_suitability(connection, server_of(connection))


def refuse_unsuitable(target: Target) -> None:
    """Raises Refused where a run may not begin."""
    for refusal in suitability(target).refusals:
        raise refusal


def refuse_unsafe_to_log(target: Target, works: Iterable[Work]) -> None:
    """Raises Refused where a replica would get other rows than the server: its log holds the text
    of statements, and one of ``works`` asks the server for a value of its own."""
    works = tuple(works)
    if any(_unsafe(works)):
        for refusal in _of_works(setup_of(target.connection), target.server.name, works):
            raise refusal


def why_replay(target: Target) -> tuple[str, ...]:
    """Why the snapshot may not be loaded on the server: as for ``refuse_unsafe_to_log``."""
    statements = statements_of(target.folder.snapshot())
    function = next(filter(None, map(differs_on_a_replica, statements)), "")
    if function and setup_of(target.connection).statement_log:
        return (f"its rows come from {function}, which a replica would ask anew ({_FORMAT})",)
    return ()


def _of_works(setup: Setup, server: str, works: Iterable[Work]) -> Iterator[Refused]:
    if not setup.statement_log:
        return
    for place, function in _unsafe(works):
        yield _refused(
            f"{place} asks {function}, and {server} gives its replicas the text ({_FORMAT}): they "
            "would get other rows.",
            "let an administrator of the server run: SET GLOBAL binlog_format = 'ROW';",
        )


def _unsafe(works: Iterable[Work]) -> Iterator[tuple[str, str]]:
    """The statements to run that ask for a value of one server: place, and function."""
    for work in works:
        for task in work.to_run:
            if isinstance(task.step, Statement) and (asked := differs_on_a_replica(task.text)):
                file = file_of(work.file.name, work.direction)
                yield f"{file}, statement {task.ordinal} of {len(work.tasks)},", asked


def _of_process(connection: BaseDatabaseWrapper) -> Iterator[Refused]:
    if connection.in_atomic_block:
        yield _refused(
            "A transaction is open: DDL would commit it.",
            "call it outside of transaction.atomic()",
        )
    elif not connection.get_autocommit():
        yield _refused(
            f"The database {connection.alias!r} has AUTOCOMMIT off: what a run records would be "
            "rolled back at its end.",
            "let this alias, or another one for deploys, have AUTOCOMMIT on",
        )


def _of_setup(setup: Setup, server: str, takes_writes: bool) -> Iterator[Refused]:
    if setup.read_only:
        yield _refused(
            f"{server} is read-only: a replica, or super_read_only is set.",
            "point the database alias at the primary",
        )
    elif setup.replica_of and not takes_writes:
        errant = ", and its GTIDs would be errant ones" if setup.logs else ""
        yield _refused(
            f"{server} is a replica of {setup.replica_of} that takes writes: its source would "
            f"never get what runs here{errant}.",
            "point the database alias at the primary; if this is the primary now, let an "
            "administrator of the server run: RESET REPLICA ALL; if it is meant to be both, say so "
            'in NESTFLUX["REPLICAS"]["WRITABLE"]',
        )
    if setup.multi_primary:
        yield _refused(
            f"{server} is a node of a multi-primary cluster, whose nodes do not share "
            "GET_LOCK: two deploys could run the same statement.",
            "use a server that is no such cluster's; NestFlux does not support them yet",
        )
    if setup.read_only_session:
        yield _refused(
            f"On {server} the transactions of this session take no writes (transaction_read_only).",
            "let an administrator of the server run: SET GLOBAL transaction_read_only = OFF; or "
            "take it out of the alias's init_command",
        )
    if setup.statement_log and setup.isolation in ("READ-COMMITTED", "READ-UNCOMMITTED"):
        yield _refused(
            f"{server} would refuse every write to InnoDB (1665): its binary log keeps the text of "
            f"statements ({_FORMAT}), and this session is {setup.isolation}.",
            "let an administrator of the server run: SET GLOBAL binlog_format = 'ROW'; or give the "
            'alias OPTIONS["isolation_level"] = "repeatable read"',
        )


def _refused(what: str, then: str) -> Refused:
    return Refused(what, stands="nothing was run", then=then)
