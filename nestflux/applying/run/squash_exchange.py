"""A squash is recorded in place of the files that it replaces, or they in its place."""

from __future__ import annotations

from collections.abc import Sequence

from nestflux.applying.plan.files import MigrationFile
from nestflux.applying.plan.squashes import Exchange
from nestflux.applying.run.context import Context
from nestflux.applying.run.events import Exchanged


def exchange(context: Context, exchanges: Sequence[Exchange]) -> tuple[Exchange, ...]:
    """Write it in one commit, under the lock. What cannot be is left, and is not returned."""
    possible = tuple(each for each in exchanges if not each.problem)
    if not possible:
        return ()
    with context.write():
        for each in possible:
            rows = [MigrationFile.on_disk(context.target, entry).row for entry in each.put]
            context.ledger.exchange_files(
                rows,
                since=each.moment,
                out=[file.id for file in each.out],
                back=[file.id for file in each.back],
            )
    for each in possible:
        context.tell(Exchanged(each.names, tuple(sorted(file.name for file in each.out))))
    return possible
