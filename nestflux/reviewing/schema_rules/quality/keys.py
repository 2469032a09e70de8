"""The keys of a table, and what they serve."""

from __future__ import annotations

from nestflux.schema.transform.tables import TableSchema
from nestflux.sql.definitions import KeyParts, column_parts, key_parts

# Types of which a key can hold a prefix only (MySQL Manual 10.3.5, "Column Indexes").
UNBOUNDED = frozenset(
    f"{size}{kind}" for size in ("tiny", "", "medium", "long") for kind in ("text", "blob")
)


def keys_of(table: TableSchema) -> list[KeyParts]:
    """All of a table, the primary key first."""
    primary = [table.primary] if table.primary else []
    return [key_parts(text) for text in (*primary, *table.indexes.values())]


def lacks_index(table: TableSchema, column: str) -> bool:
    """Could an index begin with the column, and does none?"""
    if column not in table.columns or column_parts(table.columns[column]).type_name in UNBOUNDED:
        return False
    return not any(key.named[:1] == (column,) for key in keys_of(table))
