"""One db_seed at a time in a database: a named lock of the server's, which ends with its
connection, however that ends (MySQL manual 14.14, "Locking Functions")."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any

from django.db.utils import Error

from nestflux.database.lock_names import lock_of
from nestflux.database.session import may_be_idle
from nestflux.exceptions import Refused

if TYPE_CHECKING:
    from django.db.backends.base.base import BaseDatabaseWrapper


@contextmanager
def alone(connection: BaseDatabaseWrapper) -> Iterator[None]:
    """Keep other runs out while the block lasts: both would give their rows the same keys.

    Raises Refused where there is one. It is not waited for: the rows that this one would make
    depend on those of the other.
    """
    name = lock_of(connection, "nestflux_seed")
    got, holder, idle = _row(
        connection,
        "SELECT GET_LOCK(%s, 0), IS_USED_LOCK(%s), @@SESSION.wait_timeout",
        [name, name],
    )
    if got != 1:
        raise Refused(
            "Another db_seed is making or removing rows in this database"
            + (f": connection {holder}." if holder else "."),
            where=str(connection.settings_dict["NAME"]),
            then="wait until it has ended, then run the command again",
        )
    may_be_idle(connection, idle)  # other connections do the writing
    try:
        yield
    finally:
        with suppress(Error):  # the server frees it with the connection
            _row(connection, "SELECT RELEASE_LOCK(%s)", [name])


def _row(connection: BaseDatabaseWrapper, sql: str, params: list[Any]) -> tuple[Any, ...]:
    with connection.cursor() as cursor:
        cursor.execute(sql, params)
        return tuple(cursor.fetchone())
