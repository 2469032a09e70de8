"""The frame of every run that changes a database: refusals, the lock, the run's row."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace
from typing import TYPE_CHECKING

from django.db.utils import Error

from nestflux.applying.run.context import Context, Options
from nestflux.applying.run.events import HolderEnded, HolderSpared, Waited, Waiting
from nestflux.applying.run.failures import ledger_failed, ledger_locked
from nestflux.applying.run.progress import watched
from nestflux.applying.target import Target
from nestflux.database.blockers import blockers_of
from nestflux.database.errors import MISSING_GRANT, number_of, unavailable
from nestflux.database.numbers import LOCK_WAIT_TIMEOUT
from nestflux.database.session import limited_session
from nestflux.database.several import packets_of
from nestflux.exceptions import NestFluxError
from nestflux.graph.loader import load
from nestflux.ledger.heartbeat import beating
from nestflux.ledger.ledger import Ledger
from nestflux.ledger.lock import DatabaseLock
from nestflux.ledger.tables import ensure_ledger
from nestflux.schema.introspection import OWN_TABLES

if TYPE_CHECKING:
    from django.db.backends.base.base import BaseDatabaseWrapper

    from nestflux.graph.loader import ExtendedLoader


@contextmanager
def lock_held(connection: BaseDatabaseWrapper, options: Options) -> Iterator[DatabaseLock]:
    """The database's lock, waited for and given back. Raises LockUnavailable."""
    lock = DatabaseLock(
        connection,
        options.lock,
        on_wait=lambda holder: options.on_event(Waiting(str(holder))),
        on_kill=lambda holder: options.on_event(HolderEnded(str(holder))),
        on_spare=lambda holder, why: options.on_event(HolderSpared(str(holder), why)),
    )
    try:
        lock.acquire()
        if lock.waited:
            options.on_event(Waited(lock.waited))
        yield lock
    finally:
        lock.release()


@contextmanager
def run_opened(
    target: Target,
    lock: DatabaseLock,
    options: Options,
    order: Sequence[str],
    ledger_version: int,
) -> Iterator[Context]:
    """A run with its row in the ledger, its heartbeat, and its outcome written at the end.

    A run that is killed leaves its row open; the next one closes it.

    Args:
        order: every migration of the history, in the frozen order.
        ledger_version: the version that was read under this lock; 0: there is none.
    """
    timeout = options.retry.ddl_lock_timeout
    with limited_session(target.connection, timeout) as callers_lock_wait:
        yield from _opened(target, lock, options, order, ledger_version, callers_lock_wait)


def _opened(
    target: Target,
    lock: DatabaseLock,
    options: Options,
    order: Sequence[str],
    ledger_version: int,
    callers_lock_wait: int,
) -> Iterator[Context]:
    connection = target.connection
    ledger = Ledger(connection)
    try:
        with _explain_first_writes(connection):
            packets = packets_of(connection)
            ensure_ledger(connection, ledger_version, packets)
            run_id = ledger.open_run(options.command, lock.connection_id)
        context = Context(
            target=target,
            ledger=ledger,
            lock=lock,
            options=options,
            order=tuple(order),
            load=lambda: _load(connection, order),
            packets=packets,
            callers_lock_wait=callers_lock_wait,
        )
        with beating(connection, run_id, every=options.lock.beat), _watched(context):
            try:
                yield context
            except Exception:
                with suppress(Error, NestFluxError):
                    context.outbox.send()  # what is done is done
                raise
            with context.write():
                ledger.close_run("done")
    except Exception as error:
        with suppress(Error, NestFluxError):
            lock.require()
            ledger.close_run("failed", f"{type(error).__name__}: {error}")
        if isinstance(error, Error):
            raise ledger_failed(error) from error
        raise


@contextmanager
def _watched(context: Context) -> Iterator[None]:
    """Long steps are looked at while they run, where a person looks on."""
    options = context.options
    if not options.watched:
        yield
        return

    family = context.server.family
    with watched(context.connection, family, context.lock, options.on_event) as on_event:
        context.options = replace(options, on_event=on_event)
        yield


@contextmanager
def _explain_first_writes(connection: BaseDatabaseWrapper) -> Iterator[None]:
    """The first writes of a run: a user who may not make them is refused, with the GRANT; and
    where they wait for a lock, it is said who has it."""
    try:
        yield
    except Error as error:
        if number_of(error) in MISSING_GRANT:
            raise unavailable(error, connection) from None
        if number_of(error) == LOCK_WAIT_TIMEOUT:
            raise ledger_locked(error, blockers_of(connection, OWN_TABLES)) from None
        raise


def _load(connection: BaseDatabaseWrapper, order: Sequence[str]) -> ExtendedLoader:

    return load(connection, order=order)
