"""What a fresh database gets, in the words of ``db_generate``. Pure."""

from __future__ import annotations

from nestflux.history.journal import Journal

_SHOWN = 3  # tables by name


def fresh_database_lines(journal: Journal, verbosity: int = 1) -> tuple[str, ...]:
    """Nothing where ``schema.sql`` is all that a fresh database gets; else a line, and from
    verbosity 2 on a line a table or reason more."""
    after = journal.after_snapshot
    if reasons := journal.replay_because:
        more = f" (and {len(reasons) - 1} more)" if len(reasons) > 1 and verbosity < 2 else ""
        line = f"Fresh databases replay the files, because {reasons[0]}{more}."
        return (line, *(f"  {reason}" for reason in reasons[1:] if verbosity > 1))
    if not after:
        return ()
    steps = f"{len(after.steps)} Python step{'' if len(after.steps) == 1 else 's'}"
    tables = sorted(after.tables)
    rest = len(tables) - _SHOWN
    named = ", ".join(tables[:_SHOWN]) + (f" and {rest} more" if rest > 0 else "")
    line = f"Fresh databases load schema.sql and then run {steps} (rows of {named} vary)."
    if verbosity < 2:
        return (line,)
    return (
        line,
        *(f"  {step}" for step in after.steps),
        *(f"  {name}: {after.tables[name].because}" for name in tables),
    )
