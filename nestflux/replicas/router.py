"""The router: ``DATABASE_ROUTERS = ["nestflux.replicas.Router"]``, in front of all others."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.db import DEFAULT_DB_ALIAS, router

from nestflux.conf import replicas
from nestflux.replicas.choosing import alias_for_read
from nestflux.replicas.context import current
from nestflux.replicas.noticing import watch

if TYPE_CHECKING:
    from django.db.models import Model


class Router:
    """Sends reads to replicas where the context lets them, and all else to the primary.

    Which primary a model belongs to is for the other routers to say; without one it is the
    database of the ``instance`` that Django gives as a hint, or ``default``.
    """

    def __init__(self) -> None:
        watch()

    def db_for_read(self, model: type[Model], **hints: Any) -> str:
        primary = self._primary("db_for_read", model, hints)
        # An object of the primary may refer to rows that no replica has yet.
        if current() is None or _database_of(hints.get("instance")) == primary:
            return primary
        return alias_for_read(primary)

    def db_for_write(self, model: type[Model], **hints: Any) -> str:
        return self._primary("db_for_write", model, hints)

    def allow_relation(self, one: Model, other: Model, **hints: Any) -> bool | None:
        """Objects of a primary and of its replicas are of one database."""
        databases = {_primary_of(_database_of(each)) for each in (one, other)}
        return True if len(databases) == 1 and databases <= {*replicas().of} else None

    def allow_migrate(self, db: str, app_label: str, **hints: Any) -> bool | None:
        """A replica gets its tables from its primary."""
        return False if db in replicas().aliases else None

    def _primary(self, action: str, model: type[Model], hints: dict[str, Any]) -> str:
        for other in router.routers:
            method = getattr(other, action, None)
            if isinstance(other, Router) or method is None:
                continue
            if chosen := method(model, **hints):
                return _primary_of(chosen)
        return _primary_of(_database_of(hints.get("instance")) or DEFAULT_DB_ALIAS)


def _database_of(instance: Any) -> str:
    return getattr(getattr(instance, "_state", None), "db", None) or ""


def _primary_of(alias: str) -> str:
    """The primary of a replica; any other alias itself."""
    return replicas().primary_of(alias) or alias
