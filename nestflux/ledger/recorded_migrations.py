"""Rows of ``django_migrations``, as Django's MigrationRecorder writes them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

from django.utils import timezone

if TYPE_CHECKING:
    from django.db.backends.base.base import BaseDatabaseWrapper

_AT_ONCE = 50
# A row that is there stays. To ask for it first would be a packet more.
_UNLESS_THERE = (
    "SELECT %s, %s, %s FROM DUAL "
    "WHERE NOT EXISTS (SELECT 1 FROM django_migrations WHERE app = %s AND name = %s)"
)


def inserts(
    migrations: Iterable[str], connection: BaseDatabaseWrapper
) -> Iterator[tuple[str, list[Any]]]:
    """The statements that record migrations as applied now, with their parameters."""
    keys = [key.split(".", 1) for key in dict.fromkeys(migrations)]
    applied = connection.ops.adapt_datetimefield_value(timezone.now())
    for first in range(0, len(keys), _AT_ONCE):
        some = keys[first : first + _AT_ONCE]
        yield (
            "INSERT INTO django_migrations (app, name, applied) "
            + " UNION ALL ".join([_UNLESS_THERE] * len(some)),
            [value for key in some for value in (*key, applied, *key)],
        )
