"""Defaults that are zero dates, which a strict session takes in no statement. Pure.

NO_ZERO_DATE and NO_ZERO_IN_DATE judge every default of a table that is altered, whatever the
statement is about (error 1067): all of a table's go in one statement, and before any other.
"""

from __future__ import annotations

import re
from dataclasses import replace

from nestflux.schema.objects import COLUMN
from nestflux.schema.transform.changes import Change, ChangeKey, Phase
from nestflux.schema.transform.tables import TableSchema
from nestflux.sql.definitions import column_parts, has_zero_date
from nestflux.sql.lexer import quoted


def cleared(before: TableSchema, after: TableSchema) -> tuple[TableSchema, list[Change]]:
    """The table without such defaults, and the statement that takes them away."""
    columns, clauses = dict(before.columns), []
    for name, text in before.columns.items():
        parts = column_parts(text)
        if not has_zero_date(parts):
            continue
        stated = re.escape(f" DEFAULT {parts.default}")
        given = " DEFAULT NULL" if parts.nullable else ""
        columns[name] = re.sub(stated, given, text, count=1)
        what = "SET DEFAULT NULL" if parts.nullable else "DROP DEFAULT"
        clauses.append(f"ALTER COLUMN {quoted(name)} {what}")
    if not clauses:
        return before, []
    settled = (
        after.key_of(COLUMN, name)
        for name, text in columns.items()
        if text != before.columns[name] and text == after.columns.get(name)
    )
    change = Change(
        ChangeKey(before.key, "zero dates"),
        Phase.ZERO_DATES,
        f"ALTER TABLE {quoted(before.name)}\n  " + ",\n  ".join(clauses),
        tuple(settled),
    )
    return replace(before, columns=columns), [change]
