"""What a savepoint that is gone says, error by error."""

from __future__ import annotations

from typing import Any

import pytest
from django.db.utils import OperationalError

from nestflux.applying.run.transactions import Sentinel


class Driver:
    """A server that has lost the savepoint, with ``innodb_rollback_on_timeout`` as given (it can
    only be set when a server starts)."""

    def __init__(self, rollback_on_timeout: int) -> None:
        self.answer = rollback_on_timeout

    def query(self, sql: str) -> None:
        if sql.startswith("RELEASE"):
            raise OperationalError(1305, "SAVEPOINT nestflux_sentinel does not exist")

    def store_result(self) -> Any:
        return self

    def fetch_row(self, count: int) -> tuple[tuple[bytes]]:
        return ((str(self.answer).encode(),),)


class Connection:
    def __init__(self, driver: Driver) -> None:
        self.connection = driver
        self.execute_wrappers: list[Any] = []


@pytest.mark.parametrize(
    ("number", "rollback_on_timeout", "lost"),
    [(1213, 0, False), (1205, 1, False), (1205, 0, True), (1062, 1, True)],
)
def test_a_transaction_that_the_server_rolled_back_has_not_committed(
    number: int, rollback_on_timeout: int, lost: bool
) -> None:
    sentinel = Sentinel(Connection(Driver(rollback_on_timeout)))  # type: ignore[arg-type]

    with pytest.raises(OperationalError), sentinel:
        raise OperationalError(number, "no")

    assert sentinel.was_lost is lost
