"""The queries that show which rows are at stake. They are written, never run."""

from __future__ import annotations

import re

from nestflux.schema.transform.tables import TableForeignKey, undirected_parts
from nestflux.sql import orphans as sql_orphans
from nestflux.sql.column_types import ColumnType, integer_range
from nestflux.sql.lexer import quoted

_PREFIX = re.compile(r"^(`(?:[^`]|``)+`)\((\d+)\)$")


def rows_of(table: str) -> str:
    return f"SELECT COUNT(*) FROM {quoted(table)}"


def values_of(table: str, column: str) -> str:
    return f"{rows_of(table)} WHERE {quoted(column)} IS NOT NULL"


def nulls_of(table: str, column: str) -> str:
    return f"{rows_of(table)} WHERE {quoted(column)} IS NULL"


def breaking(table: str, expression: str) -> str:
    """Rows that a check refuses; one that is neither true nor false passes."""
    return f"{rows_of(table)} WHERE NOT {expression}"


def orphans(key: TableForeignKey) -> str:
    """Rows that refer to no row."""
    missing = sql_orphans.orphans(key.table, key.columns, key.parent, key.parent_columns)
    return f"SELECT COUNT(*) FROM {missing}"


def duplicates(table: str, key: str, collation: str = "") -> str:
    """Groups of rows that a unique key refuses. Of a prefix the beginnings count.

    Args:
        collation: compare in this one, which the columns do not have yet.
    """
    values = []
    for part in undirected_parts(key):
        prefix = _PREFIX.match(part)
        text = f"LEFT({prefix[1]}, {prefix[2]})" if prefix else part
        charset = collation.split("_", 1)[0]
        values.append(f"CONVERT({text} USING {charset}) COLLATE {collation}" if collation else text)
    filled = " AND ".join(f"{part} IS NOT NULL" for part in values)
    groups = ", ".join(values)
    return (
        f"SELECT {groups}, COUNT(*) FROM {quoted(table)} WHERE {filled} "
        f"GROUP BY {groups} HAVING COUNT(*) > 1"
    )


def not_fitting(table: str, column: str, narrower: ColumnType) -> str:
    """Rows whose value the narrower type does not hold as it is; all values where no simple
    condition says so."""
    name = quoted(column)
    match narrower.name:
        case "char" | "varchar":
            return f"{rows_of(table)} WHERE CHAR_LENGTH({name}) > {narrower.length}"
        case "binary" | "varbinary":
            return f"{rows_of(table)} WHERE LENGTH({name}) > {narrower.length}"
        case "tinyint" | "smallint" | "mediumint" | "int" | "bigint":
            low, high = integer_range(narrower)
            return f"{rows_of(table)} WHERE {name} NOT BETWEEN {low} AND {high}"
        case "enum":
            return f"{rows_of(table)} WHERE {name} NOT IN ({', '.join(narrower.arguments)})"
        case "datetime" | "time" | "decimal":
            digits = f"({', '.join(narrower.arguments)})" if narrower.arguments else ""
            cast = f"CAST({name} AS {narrower.name.upper()}{digits})"
            return f"{rows_of(table)} WHERE {name} <> {cast}"
    return values_of(table, column)
