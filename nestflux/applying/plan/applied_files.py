"""Which files of a history a database has, where they are its first ones. Pure."""

from __future__ import annotations

from nestflux.exceptions import LedgerConflict
from nestflux.history.journal import Entry, Journal
from nestflux.ledger.ledger import LedgerState


def applied_entries(journal: Journal, state: LedgerState) -> tuple[Entry, ...]:
    """The files that the ledger says are applied, which are to be the first of the history."""
    if begun := state.in_flight:
        command = "db_rollback" if begun.direction == "down" else "db_migrate, or db_rollback"
        raise LedgerConflict(
            f"{begun.name} is half {'rolled back' if begun.direction == 'down' else 'applied'}: "
            "what the schema is to be is not known before it is whole.",
            stands="nothing was changed",
            then=f"python manage.py {command}",
        )
    applied = {file.id for file in state.applied}
    entries = tuple(entry for entry in journal.entries if entry.id in applied)
    if entries != journal.entries[: len(entries)] or len(entries) < len(applied):
        raise LedgerConflict(
            "What is applied is not the beginning of this history: files of another branch, or a "
            "file before the last one is pending.",
            stands="nothing was changed",
            then="python manage.py db_status",
        )
    return entries
