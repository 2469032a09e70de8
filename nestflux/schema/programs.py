"""Views, triggers, routines and events: the order in which they can be made. Pure."""

from __future__ import annotations

from collections.abc import Mapping

from nestflux.schema.objects import VIEW, ObjectKey
from nestflux.sql.lexer import identifiers
from nestflux.sql.ordering import parents_first


def views_in_order(create: Mapping[ObjectKey, str]) -> list[ObjectKey]:
    """The views among CREATE statements by object, each after those that it names."""
    names = {key.name: identifiers(sql) for key, sql in create.items() if key.kind == VIEW}
    return [ObjectKey(VIEW, name) for name in parents_first(names).order]


def programs_in_order(create: Mapping[ObjectKey, str]) -> list[ObjectKey]:
    """Routines, then views, each after those that it names, then triggers and events."""
    routines = [key for key in create if key.kind in ("function", "procedure")]
    others = [key for key in create if key.kind in ("trigger", "event")]
    return [*routines, *views_in_order(create), *others]
