"""What stock Django does to a database of its own. Runs in a fork, inside the project."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

Moves = Sequence[tuple[str, Sequence[str]]]


def move(moves: Moves) -> None:
    """Apply and unapply migrations with Django's own executor, a file's at a time.

    Args:
        moves: ``up`` or ``down``, and a file's migrations in its order (``shop.0001_initial``).
    """
    import django

    django.setup()
    from django.db import connection
    from django.db.migrations.executor import MigrationExecutor

    for way, names in moves:
        executor = MigrationExecutor(connection)
        applied = executor.loader.applied_migrations
        nodes = executor.loader.graph.nodes
        keys = [(app, name) for app, _, name in (full.partition(".") for full in names)]
        plan: list[Any]
        if way == "down":
            plan = [(nodes[key], True) for key in reversed(keys) if key in applied]
        else:
            plan = [(nodes[key], False) for key in keys if key not in applied]
        state = None
        if way == "up":
            state = executor._create_project_state(with_applied_migrations=True)  # type: ignore[attr-defined]
        if plan:
            executor.migrate(None, plan=plan, state=state)
