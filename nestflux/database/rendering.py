"""Statements as the driver sends them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from django.db.backends.base.base import BaseDatabaseWrapper


def rendered(connection: BaseDatabaseWrapper, sql: str, params: Sequence[Any] | None) -> str:
    """A statement with its parameters in it, escaped for the session as it is now
    (``NO_BACKSLASH_ESCAPES``)."""
    if not params:
        return sql
    with connection.cursor() as cursor:
        driver: Any = cursor
        return str(driver.mogrify(sql, params))
