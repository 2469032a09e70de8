"""What the named locks of a database are called (Manual 14.14, "Locking Functions")."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from nestflux.database.server import schema_name

if TYPE_CHECKING:
    from django.db.backends.base.base import BaseDatabaseWrapper

_LONGEST = 64  # Manual 14.14: "a maximum length of 64 characters on lock names"
DEPLOY = "nestflux"


def lock_name(schema: str, *, folds: bool, purpose: str = DEPLOY) -> str:
    """The lock of one database. A digest stands for a long name, and for one with capitals: MySQL
    compares lock names without case, and ``App`` and ``app`` may be two databases.

    Args:
        folds: the server compares names of databases without case: they are one.
        purpose: what the name begins with; 15 characters at the most.
    """
    schema = schema.lower() if folds else schema
    name = f"{purpose}:{schema}"
    if len(name) <= _LONGEST and schema == schema.lower():
        return name
    return f"{purpose}:{hashlib.sha256(schema.encode()).hexdigest()[:48]}"


def lock_of(connection: BaseDatabaseWrapper, purpose: str = DEPLOY) -> str:
    """The name of the lock of a connection's database."""
    folds = bool(connection.features.ignores_table_name_case)
    return lock_name(schema_name(connection), folds=folds, purpose=purpose)
