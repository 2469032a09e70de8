"""For tasks, background work and views: which reads may go to replicas, and what was written."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from functools import wraps
from typing import Any

from asgiref.sync import iscoroutinefunction
from django.db import DEFAULT_DB_ALIAS, connections

from nestflux.replicas.context import Context, Scope, current, entered
from nestflux.replicas.noticing import watch
from nestflux.replicas.remembering import recalled, remembered


class _Block:
    """A context manager, and a decorator of functions and coroutine functions."""

    def __init__(self, scope: Callable[[], Scope | None]) -> None:
        self._scope = scope
        self._entered: list[AbstractContextManager[None]] = []

    def __call__(self, function: Any) -> Any:
        """Each call has a block of its own."""
        if iscoroutinefunction(function):

            @wraps(function)
            async def later(*args: Any, **kwargs: Any) -> Any:
                with _Block(self._scope):
                    return await function(*args, **kwargs)

            return later

        @wraps(function)
        def now(*args: Any, **kwargs: Any) -> Any:
            with _Block(self._scope):
                return function(*args, **kwargs)

        return now

    def __enter__(self) -> None:
        watch()
        self._entered.append(entered(self._scope()))
        self._entered[-1].__enter__()

    def __exit__(self, *exception: Any) -> None:
        self._entered.pop().__exit__(*exception)


def reading_from_replicas(behind: str = "") -> _Block:
    """Let reads go to replicas while a block or a function lasts: of a task, of background work, or
    of a view that only reads and is asked by POST. Writes in it are noticed, and reads behind them
    see them.

        @app.task
        @reading_from_replicas()
        def report(): …

        with reading_from_replicas(behind=text): …

    Within a request or another such block it shares what that one wrote.

    Args:
        behind: what ``written`` gave elsewhere, so that a task sees what the request wrote that
            started it. Forged or old text says nothing.
    """

    def scope() -> Scope:
        around = current()
        context = around.context if around else Context()
        context.behind.update(recalled(behind))
        return Scope(context)

    return _Block(scope)


def reading_from_primary() -> _Block:
    """Let reads go to the primary while a block or a function lasts: before a write that depends on
    what was read. Outside of a request or task they go there anyway."""

    def scope() -> Scope | None:
        around = current()
        return Scope(around.context, lambda: False) if around else None

    return _Block(scope)


def wrote(using: str = DEFAULT_DB_ALIAS) -> None:
    """Say that the current request or task wrote to a primary, where no statement shows it: a
    SELECT of a function that writes, ``cursor.callproc``, another program."""
    if (scope := current()) is not None:
        scope.context.note_write(connections[using])


def written() -> str:
    """What the current request or task wrote, as text for ``reading_from_replicas(behind=…)``
    somewhere else; empty where it wrote nothing. Asks the primary, and is to be called behind the
    commit: in ``transaction.on_commit``, for example."""
    scope = current()
    return remembered(scope.context.positions()) if scope and scope.context.wrote else ""
