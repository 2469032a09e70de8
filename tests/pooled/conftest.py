"""Connections of ``nestflux.pooled`` to an empty database, each with a pool of the test's own."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from pytest_django.plugin import DjangoDbBlocker

from nestflux.pooled import pool as pools
from nestflux.pooled.base import DatabaseWrapper
from tests.scenario import TestServer

Pooled = Callable[..., DatabaseWrapper]


@pytest.fixture
def database(server: TestServer) -> Iterator[str]:
    """An empty database with a table of one row: ``item (id, name)``."""
    name = f"nf_{secrets.token_hex(5)}"
    server.sql(f"CREATE DATABASE `{name}` CHARACTER SET utf8mb4")
    server.sql("CREATE TABLE item (id int PRIMARY KEY, name varchar(40))", database=name)
    server.sql("INSERT INTO item VALUES (1, 'lamp')", database=name)
    try:
        yield name
    finally:
        server.drop_all(name)


@pytest.fixture
def pooled(
    server: TestServer, database: str, django_db_blocker: DjangoDbBlocker
) -> Iterator[Pooled]:
    """Makes a ``DatabaseWrapper`` as ``django.db.connections`` does for each thread:
    ``pooled({"max_size": 2}, USER="clerk", OPTIONS={"sql_mode": ""})``. The alias is the test's, so
    that wrappers with the same settings share a pool."""
    made: list[DatabaseWrapper] = []

    def make(pool: Any = True, **settings: Any) -> DatabaseWrapper:
        options = {**settings.pop("OPTIONS", {}), "pool": pool}
        entry = {**server.settings, "NAME": database, "CONN_MAX_AGE": 0, **settings}
        made.append(DatabaseWrapper({**entry, "OPTIONS": options}, database))
        return made[-1]

    with django_db_blocker.unblock():
        yield make
        for wrapper in made:
            wrapper.inc_thread_sharing()  # whichever thread it was made in
            wrapper.close()
        pools.close_all()


def ask(wrapper: DatabaseWrapper, sql: str) -> Any:
    """The first column of the first row."""
    with wrapper.cursor() as cursor:
        cursor.execute(sql)
        row = cursor.fetchone()
        return row[0] if row else None


def identity(wrapper: DatabaseWrapper) -> int:
    return int(ask(wrapper, "SELECT CONNECTION_ID()"))
