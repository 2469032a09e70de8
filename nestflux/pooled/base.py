"""What Django loads for ``ENGINE = "nestflux.pooled"``: its own MySQL backend over a pool."""

from __future__ import annotations

import atexit
import os
import sys
import threading
from contextlib import suppress
from typing import TYPE_CHECKING, Any, cast
from weakref import WeakSet

from django.db.backends.base.base import NO_DB_ALIAS, BaseDatabaseWrapper
from django.db.backends.mysql import base as mysql
from django.utils.asyncio import async_unsafe
from django.utils.functional import cached_property

from nestflux.exceptions import PoolMisconfigured
from nestflux.pooled.bypass import is_bypassed
from nestflux.pooled.creation import DatabaseCreation
from nestflux.pooled.options import PoolOptions, pool_options
from nestflux.pooled.session import Session

if TYPE_CHECKING:
    from sqlalchemy.pool import PoolProxiedConnection

    from nestflux.pooled.pool import ConnectionPool


class DatabaseWrapper(mysql.DatabaseWrapper):
    """A connection of Django's MySQL backend that comes from a pool and goes back when it is
    closed, which Django does at the end of each request.

    ``connection`` is the driver's own, as with Django's backend; ``_held`` is the pool's hold on
    it, None where the connection is of no pool.
    """

    creation_class = DatabaseCreation

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._is_copy = False
        self._held: PoolProxiedConnection | None = None
        self._held_from: ConnectionPool | None = None
        self._holders: WeakSet[DatabaseWrapper] | None = None

    # ---- the pool ----------------------------------------------------------------------------

    @property
    def is_pooled(self) -> bool:
        """Is it connected, by a connection of a pool?"""
        return self._held is not None

    @property
    def pool(self) -> ConnectionPool | None:
        """The pool that the next connection comes from; None where it is made for itself.

        Raises PoolMisconfigured.
        """
        if self.alias == NO_DB_ALIAS or self._is_copy or is_bypassed():
            return None
        options = self._pool_options()
        if options is None:
            return None
        return self._pool(options, self.get_connection_params())

    def end_pool(self) -> None:
        """Close the idle connections of the pool, and begin anew with the next one.

        Not ``close_pool``, as Django's PostgreSQL backend has it: celery's prefork children call
        that before and after each task (celery 5.7.0, fixups/django.py), because psycopg's pool has
        threads, which no fork survives. This one may stay.
        """
        if self.pool is not None:
            _pool_module().forget(self.pool)

    def _pool(self, options: PoolOptions, parameters: dict[str, Any]) -> ConnectionPool:
        where = self._where
        module = _pool_module(where)
        session = Session.of(
            parameters,
            isolation_level=self.isolation_level,
            autocommit=self.settings_dict["AUTOCOMMIT"],
            where=where,
        )
        recipe = module.Recipe(self.alias, parameters, session, options)
        return cast("ConnectionPool", module.pool_of(recipe))

    def _pool_options(self) -> PoolOptions | None:
        options = pool_options(self.settings_dict["OPTIONS"].get("pool"), self._where)
        age = self.settings_dict["CONN_MAX_AGE"]
        if options is not None and age != 0:
            raise PoolMisconfigured(
                f"A connection pool and CONN_MAX_AGE = {age!r} exclude one another: a connection "
                "that is kept after a request is none that others can have.",
                where=f'DATABASES["{self.alias}"]["CONN_MAX_AGE"]',
                stands="nothing was connected",
                then="set CONN_MAX_AGE to 0, or take it out",
            )
        return options

    @property
    def _where(self) -> str:
        return f'DATABASES["{self.alias}"]["OPTIONS"]["pool"]'

    # ---- what Django calls -------------------------------------------------------------------

    def get_connection_params(self) -> dict[str, Any]:
        parameters: dict[str, Any] = super().get_connection_params()
        parameters.pop("pool", None)
        return parameters

    @async_unsafe
    def get_new_connection(self, conn_params: dict[str, Any]) -> Any:
        pool = self.pool
        if pool is None:
            return super().get_new_connection(conn_params)
        self._held_from, self._held = pool, pool.acquire()
        self._holders = _of_this_thread.holders
        self._holders.add(self)
        return self._held.dbapi_connection

    def init_connection_state(self) -> None:
        if self._held is None:
            super().init_connection_state()
        else:  # what the MySQL backend sets here is set already, when the connection was returned
            BaseDatabaseWrapper.init_connection_state(self)

    def _close(self) -> None:
        if self._held is None:
            super()._close()  # type: ignore[misc]  # not in the stubs
        else:
            with self.wrap_database_errors:
                self._give_back()

    def _give_back(self) -> None:
        """Return the connection. ``connection`` is None at once, as in Django's PostgreSQL
        backend: code that goes on in an atomic block must not use another request's connection."""
        pool, held = self._held_from, self._held
        self._let_go()
        if pool is not None and held is not None:
            pool.release(held)

    def _let_go(self) -> None:
        if self._holders is not None:
            self._holders.discard(self)
        self.connection = self._held = self._held_from = self._holders = None

    def is_usable(self) -> bool:
        """Asked after ``close`` as well: there is no connection then, not a closed one."""
        return self.connection is not None and super().is_usable()

    def copy(self, alias: str | None = None) -> DatabaseWrapper:
        """A copy has a connection of its own: it is not in ``django.db.connections``, so no end of
        a request returns it."""
        copied: DatabaseWrapper = super().copy(alias)
        copied._is_copy = True
        return copied

    @cached_property
    def mysql_server_data(self) -> dict[str, Any]:
        """Asked once a pool and not once a request: under ASGI each has a thread, and so a
        ``DatabaseWrapper``, of its own."""
        pool = self.pool
        if pool is None:
            return super().mysql_server_data
        if pool.server_data is None:
            pool.server_data = super().mysql_server_data
        return pool.server_data

    # ---- threads and processes that end ------------------------------------------------------

    def _thread_ended(self) -> None:
        """Nobody can close it any more, unless other threads were let in (LiveServerTestCase).
        Without this it would be in use until Python looks for cycles of garbage."""
        if not self.allow_thread_sharing:
            self._give_back()

    def _forked(self) -> None:
        """The connection is the parent's. A transaction that it was in cannot go on."""
        _pool_module().keep_for_parent((self._held, self.connection))
        self._let_go()
        if self.in_atomic_block:
            self.closed_in_transaction = self.needs_rollback = True


class _Guard:
    """Dies with its thread, and returns what the thread did not."""

    def __init__(self) -> None:
        self.holders: WeakSet[DatabaseWrapper] = WeakSet()

    def __del__(self) -> None:
        if not sys.is_finalizing():
            for holder in list(self.holders):
                with suppress(Exception):  # there is nobody to raise it to
                    holder._thread_ended()


class _OfThisThread(threading.local):
    def __init__(self) -> None:
        self._guard = _Guard()

    @property
    def holders(self) -> WeakSet[DatabaseWrapper]:
        """The wrappers that hold a connection which this thread took from a pool."""
        return self._guard.holders


_of_this_thread = _OfThisThread()


def _pool_module(where: str = "") -> Any:
    """The module that needs SQLAlchemy, which a site without a pool does without."""
    try:
        from nestflux.pooled import pool
    except ImportError as error:
        if (error.name or "").partition(".")[0] != "sqlalchemy":
            raise
        raise PoolMisconfigured(
            f"A connection pool needs SQLAlchemy, which Python cannot load: {error}.",
            where=where or sys.executable,
            stands="nothing was connected",
            then=f'{sys.executable} -m pip install "nestflux[pool]"',
        ) from error
    return pool


def _after_fork_in_child() -> None:
    if (pool := sys.modules.get("nestflux.pooled.pool")) is not None:
        for holder in list(_of_this_thread.holders):
            holder._forked()
        pool.after_fork_in_child()


def _at_exit() -> None:
    """Say goodbye, or the server counts each as aborted and logs it."""
    if (pool := sys.modules.get("nestflux.pooled.pool")) is not None:
        for holder in list(_of_this_thread.holders):
            with suppress(Exception):
                holder._give_back()
        pool.close_all()


os.register_at_fork(after_in_child=_after_fork_in_child)
atexit.register(_at_exit)
