"""Test databases."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from django.db.backends.mysql import creation

if TYPE_CHECKING:
    from nestflux.pooled.base import DatabaseWrapper


class DatabaseCreation(creation.DatabaseCreation):
    """A test database is one of its own to a pool, which ends with it."""

    def _destroy_test_db(self, test_database_name: str, verbosity: int) -> None:
        cast("DatabaseWrapper", self.connection).end_pool()
        super()._destroy_test_db(test_database_name, verbosity)  # type: ignore[misc]  # no stub
