"""Is it still the same transaction? A statement may commit it implicitly.

MariaDB has ``@@in_transaction``, MySQL has nothing of the kind. But an implicit commit deletes
every savepoint on both (Manual 15.3.4), so a savepoint set at the beginning tells.
"""

from __future__ import annotations

from collections.abc import Collection
from types import TracebackType
from typing import TYPE_CHECKING, Any

from nestflux.database.errors import number_of
from nestflux.database.numbers import DEADLOCK, LOCK_WAIT_TIMEOUT, NO_SUCH_SAVEPOINT

if TYPE_CHECKING:
    from django.db.backends.base.base import BaseDatabaseWrapper


class Sentinel:
    """A savepoint that is gone once something has committed; ``was_lost`` says so afterwards.
    It hears errors too: after a deadlock the whole transaction is gone, and a Python step that
    catches the error would go on in a new one.

    Entered *inside* ``transaction.atomic``, so that it looks before Django rolls back. It speaks
    to the driver itself: after an error Django may refuse every query of the transaction.
    """

    def __init__(self, connection: BaseDatabaseWrapper) -> None:
        self.connection = connection
        self.was_lost = False
        self._is_set = False
        self._undone_by: Exception | None = None

    def __enter__(self) -> Sentinel:
        self._raw("SAVEPOINT nestflux_sentinel")
        self._is_set = True
        self.connection.execute_wrappers.append(self._hear)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.connection.execute_wrappers.remove(self._hear)
        if isinstance(error, Exception) and not self._rolled_back(error):
            self.is_lost()

    def _hear(self, execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        try:
            return execute(sql, params, many, context)
        except Exception as error:
            if self._rolled_back(error):
                self._undone_by = error
            raise

    def require_whole(self) -> None:
        """Raises the error at which the server undid the transaction, if somebody caught that."""
        if self._undone_by is not None:
            raise self._undone_by

    def _rolled_back(self, error: Exception) -> bool:
        """Did the server roll the whole transaction back by itself? A row lock's timeout does so
        only under ``innodb_rollback_on_timeout`` (Manual 17.14; off by default)."""
        if number_of(error) != LOCK_WAIT_TIMEOUT:
            return number_of(error) == DEADLOCK
        driver: Any = self.connection.connection
        try:
            driver.query("SELECT @@innodb_rollback_on_timeout")
            ((value,),) = driver.store_result().fetch_row(0)
        except Exception:  # the connection is gone: a savepoint says nothing either
            return False
        return str(value.decode() if isinstance(value, bytes) else value) == "1"

    def is_lost(self) -> bool:
        """Has anything committed since it was entered? Ends the watch."""
        if self._is_set:
            self._is_set = False
            try:
                self._raw("RELEASE SAVEPOINT nestflux_sentinel")
            except Exception as error:
                self.was_lost = number_of(error) == NO_SUCH_SAVEPOINT
        return self.was_lost

    def _raw(self, sql: str) -> None:
        driver: Any = self.connection.connection
        driver.query(sql)


def untransactional(connection: BaseDatabaseWrapper, names: Collection[str]) -> str:
    """Why a data statement that names these tables cannot be undone here; empty if it can.

    What counts is the engine on the *target*: the same table may be InnoDB where it was recorded
    and MyISAM where it was made ten years ago.
    """
    if not names:
        return ""
    marks = ", ".join(["%s"] * len(names))
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT t.TABLE_NAME, t.ENGINE FROM information_schema.TABLES t "
            "JOIN information_schema.ENGINES e ON e.ENGINE = t.ENGINE "
            "WHERE t.TABLE_SCHEMA = DATABASE() AND COALESCE(e.TRANSACTIONS, 'NO') <> 'YES' "
            f"AND t.TABLE_NAME IN ({marks}) ORDER BY t.TABLE_NAME",
            sorted(names),
        )
        found = cursor.fetchone()
    return f"the table {found[0]} is {found[1]}, which knows no transactions" if found else ""
