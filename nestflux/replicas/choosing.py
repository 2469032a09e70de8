"""Where a read goes."""

from __future__ import annotations

import asyncio
import random
import sys
from collections.abc import Iterable

from django.db import connections

from nestflux.conf import replicas
from nestflux.replicas.context import Behind, Context, Scope, current, in_transaction
from nestflux.replicas.health import known


def alias_for_read(primary: str) -> str:
    """The alias that a read of a primary goes to, in the current context."""
    scope = current()
    if scope is None or not replicas().of.get(primary) or not scope.may_use_replicas():
        return primary
    if is_test_run() or _is_in_event_loop():
        return primary
    return _chosen(scope, primary)


def is_test_run() -> bool:
    """Does Django's test environment last? What a test writes is in no request, so a client's
    request would look for it on a replica too early."""
    if "django.test.utils" not in sys.modules:  # no site imports it
        return False
    from nestflux.django_compat import tests_are_running  # imports all of Django's migrations

    return tests_are_running()


def _is_in_event_loop() -> bool:
    """No server is asked there, and no query runs there: Django asks for an alias's settings
    (``QuerySet.aiterator``), and for the alias again in the thread that runs the query."""
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return False
    return True


def _chosen(scope: Scope, primary: str) -> str:
    context, own = scope.context, connections[primary]
    if in_transaction(own):
        context.saw(own)
        return primary
    behind = context.settle(primary)
    if behind is not None and not behind.position:
        return primary
    alias = context.chosen.get(primary) or _any_of(replicas().of[primary], primary)
    if alias != primary and not _will_do(context, alias, behind):
        alias = primary
    context.chosen[primary] = alias
    return alias


def _any_of(aliases: Iterable[str], primary: str) -> str:
    """One that is well; the primary where none is."""
    well = [alias for alias in aliases if known(alias).is_well]
    return random.choice(well) if well else primary  # noqa: S311 nothing is secret


def _will_do(context: Context, alias: str, behind: Behind | None) -> bool:
    """Is it well, does it answer, and does it have what this context has seen?"""
    replica, connection = known(alias), connections[alias]
    if not replica.is_well:
        return False
    if connection not in context.checked or connection.connection is None:
        if not replica.connects(connection):
            return False
        context.checked.add(connection)
    if behind is None or (alias, behind.position) in context.reached:
        return True
    # A transaction that is open there may show what was before the position came.
    if in_transaction(connection) or not replica.has(connection, behind.position):
        return False
    context.reached.add((alias, behind.position))
    return True
