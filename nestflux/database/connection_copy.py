"""Another connection to the database of an alias."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from django.db.backends.base.base import BaseDatabaseWrapper

NONE: Mapping[str, Any] = {}


def copy_of(
    connection: BaseDatabaseWrapper,
    *,
    options: Mapping[str, Any] = NONE,
    usual: Mapping[str, Any] = NONE,
) -> BaseDatabaseWrapper:
    """A connection with the same settings, not yet connected. It belongs to the thread that makes
    it, and who makes it closes it (django/db/backends/base/base.py, ``copy``).

    Args:
        options: OPTIONS in place of those that the alias has.
        usual: OPTIONS that the alias may state otherwise.
    """
    own = connection.copy()
    had = own.settings_dict.get("OPTIONS") or {}
    own.settings_dict["OPTIONS"] = {**usual, **had, **options}
    return own
