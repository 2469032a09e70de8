"""Rows that refer to no row. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from nestflux.sql.lexer import quoted


def orphans(table: str, columns: Sequence[str], parent: str, parent_columns: Sequence[str]) -> str:
    """What follows FROM in a query for the rows that a foreign key refuses: of ``table``, called c.
    A NULL among the columns refers to nothing and is right."""
    refers = " AND ".join(
        f"p.{quoted(theirs)} = c.{quoted(own)}"
        for own, theirs in zip(columns, parent_columns, strict=True)
    )
    filled = " AND ".join(f"c.{quoted(own)} IS NOT NULL" for own in columns)
    return (
        f"{quoted(table)} c WHERE {filled} AND NOT EXISTS "
        f"(SELECT 1 FROM {quoted(parent)} p WHERE {refers})"
    )
