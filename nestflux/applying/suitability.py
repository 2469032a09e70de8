"""May a run begin on this server? Said by whatever runs, and by whatever only shows or plans."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from nestflux.database.errors import connect
from nestflux.database.server import Server, connection_for, server_of
from nestflux.database.setup import Setup, setup_of
from nestflux.exceptions import Refused

if TYPE_CHECKING:
    from django.db.backends.base.base import BaseDatabaseWrapper

    from nestflux.applying.target import Target


@dataclass(frozen=True)
class Suitability:
    """``refusals``: why a run would not begin, the first of which it would raise. ``warnings``:
    what a run says and goes on."""

    refusals: tuple[Refused, ...] = ()
    warnings: tuple[str, ...] = ()

    def lines(self) -> Iterator[str]:
        """For a person who looks or plans."""
        for refusal in self.refusals:
            yield f"A run is refused here: {refusal.what}"
            if refusal.then:
                yield f"  Next: {refusal.then}"
        yield from (f"Warning: {warning}" for warning in self.warnings)

    def to_json(self) -> dict[str, Any]:
        return {
            "refused": [{"what": each.what, "next": each.then} for each in self.refusals],
            "warnings": list(self.warnings),
        }


def suitability(target: Target) -> Suitability:
    """Of the server, and of this process's session on it. Changes nothing."""
    connection = target.connection
    of_server = server_suitability(connection, target.server)
    return Suitability((*_of_process(connection), *of_server.refusals), of_server.warnings)


def server_suitability(connection: BaseDatabaseWrapper, server: Server) -> Suitability:
    """Of the server alone: for a look from another process than the one that will run."""
    return judged(setup_of(connection), server.name)


def judged(setup: Setup, server: str) -> Suitability:
    """What a setup means for a run. Pure.

    Args:
        server: its name, for people.
    """
    return Suitability(tuple(_of_setup(setup, server)), tuple(_warnings(setup, server)))


def suitability_behind(alias: str) -> Suitability:
    """As ``server_suitability``, of an alias. Raises NestFluxError where it cannot be asked."""
    connection = connection_for(alias)
    connect(connection)
    return server_suitability(connection, server_of(connection))


def refuse_unsuitable(target: Target, warn: Callable[[str], None] = lambda warning: None) -> None:
    """Raises Refused where a run may not begin; says otherwise what there is to say."""
    found = suitability(target)
    if found.refusals:
        raise found.refusals[0]
    for warning in found.warnings:
        warn(warning)


def _of_process(connection: BaseDatabaseWrapper) -> Iterator[Refused]:
    if connection.in_atomic_block:
        yield _refused(
            "A transaction is open: DDL would commit it.",
            "run it outside of transaction.atomic (in a test: TransactionTestCase)",
        )
    elif not connection.get_autocommit():
        yield _refused(
            f"The database {connection.alias!r} has AUTOCOMMIT off: what a run records would be "
            "rolled back at its end.",
            "let this alias, or another one for deploys, have AUTOCOMMIT on",
        )


def _of_setup(setup: Setup, server: str) -> Iterator[Refused]:
    if setup.read_only:
        yield _refused(
            f"{server} is read-only: a replica, or super_read_only is set.",
            "point the database alias at the primary",
        )
    if setup.multi_primary:
        yield _refused(
            f"{server} is a node of a multi-primary cluster, whose nodes do not share "
            "GET_LOCK: two deploys could run the same statement.",
            "point the alias at a server that alone takes writes; docs/servers.md",
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
            f"statements (binlog_format=STATEMENT), and this session is {setup.isolation}.",
            "let an administrator of the server run: SET GLOBAL binlog_format = 'ROW'; or give the "
            'alias OPTIONS["isolation_level"] = "repeatable read"',
        )


def _warnings(setup: Setup, server: str) -> Iterator[str]:
    if setup.replica_of and not setup.read_only:
        errant = ", and its GTIDs are errant ones" if setup.logs else ""
        yield (
            f"{server} is a replica of {setup.replica_of} and takes writes all the same: its "
            f"source never gets what runs here{errant}. Point the database alias at the primary."
        )


def _refused(what: str, then: str) -> Refused:
    return Refused(what, stands="nothing was run", then=then)
