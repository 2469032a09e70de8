"""Which columns tell a row of a table from every other: what Django may take for its key. Pure.

``save`` and ``delete`` of an object are statements with ``WHERE key = …``. A column that two rows
may share is no key: deleting one object would delete the others too.
"""

from __future__ import annotations

import re

from nestflux.pulling.describing import DescribedTable
from nestflux.sql.definitions import KeyParts


def identity(table: DescribedTable) -> tuple[str, ...]:
    """The columns of the primary key, otherwise of the shortest unique key without NULL; none
    where two rows may be equal in all that a key could hold."""
    keys = [key for key in table.keys if key.kind in ("PRIMARY", "UNIQUE")]
    found = [(key.kind != "PRIMARY", len(key.parts), _columns(key)) for key in keys]
    good = [each for each in found if each[2] and all(_holds(table, c) for c in each[2])]
    return min(good, key=lambda each: each[:2])[2] if good else ()


def stand_in(table: DescribedTable) -> str:
    """The column that Django reads as the key of a table without identity; nothing is written by
    it. A foreign key there would be a relation to one object, so any other column comes first."""
    related = {column for key in table.foreign_keys for column in key.columns}
    own = [column for column in table.columns if not column.parts.generated] or table.columns
    return min(own, key=lambda column: column.name in related).name


def _columns(key: KeyParts) -> tuple[str, ...]:
    """What a key holds, whole or a prefix: rows that differ in the prefix differ in the column. No
    expression, and no period, of which two rows may hold the same columns otherwise."""
    only_columns = all(
        re.fullmatch(r"`(?:[^`]|``)+`(?:\(\d+\))?(?: ASC| DESC)?", p) for p in key.parts
    )
    return key.named if only_columns else ()


def _holds(table: DescribedTable, name: str) -> bool:
    """Can the column be in a key of Django's: has every row a value, which the server does not
    make?"""
    parts = table.column(name).parts
    return parts.not_null and not parts.generated
