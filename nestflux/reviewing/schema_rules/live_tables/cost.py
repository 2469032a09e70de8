"""Which live table a statement works on, what it changes there, and whether that takes long."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache

from nestflux.reviewing.reviewed import ReviewedStep
from nestflux.sql.statement_parts import table_of

# A copy of fewer rows is over before anybody has waited: about a second.
MANY_ROWS = 100_000
# What to do where no other statement does the same without a copy.
BY_COPYING_ELSEWHERE = (
    "run it while nobody writes, or with gh-ost or pt-online-schema-change, which copy the table "
    "while it is written"
)

_table_of = lru_cache(maxsize=64)(table_of)  # each rule asks for that of the same step


def large_live_table(step: ReviewedStep) -> str:
    """The live table that a statement alters and leaves there; empty where it is none, or known to
    be small."""
    if step.record.kind != "ddl":
        return ""
    table = _table_of(step.sql)
    rows = step.rows(table) if step.is_live(table) and table in step.after else 0
    return table if rows is None or rows >= MANY_ROWS else ""


def changes(step: ReviewedStep, kind: str) -> Iterator[tuple[str, str | None, str | None]]:
    """The parts of one kind that a step changes in its table: name, before and after."""
    table = _table_of(step.sql)
    for key, (before, after) in step.delta.changes.items():
        if key.kind == kind and key.holder_name == table:
            yield key.name, before, after
