"""The rows of a schema, read byte for byte and written as literals."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, cast

from nestflux.schema.introspection import table_names
from nestflux.schema.names import names_of
from nestflux.sql.definitions import BYTES, SPATIAL
from nestflux.sql.lexer import quoted
from nestflux.sql.literals import literal

if TYPE_CHECKING:
    from django.db.backends.base.base import BaseDatabaseWrapper

_BINARY = BYTES | SPATIAL  # written as hex literals
_NUMERIC = {"tinyint", "smallint", "mediumint", "int", "bigint", "decimal", "float", "double"}


@dataclass(frozen=True)
class Column:
    """A column that an INSERT names; generated ones are not among them. ``referenced``: a foreign
    key refers to it; ``counted``: AUTO_INCREMENT."""

    name: str
    data_type: str
    in_key: bool
    unique: bool
    referenced: bool
    counted: bool = False


@dataclass(frozen=True)
class TableRows:
    """A table's rows in the order of its primary key, each value a SQL literal.

    ``keys`` are the columns of each unique key, the primary key first; ``references`` the table
    and column that a column's foreign key refers to.
    """

    table: str
    columns: tuple[Column, ...]
    rows: tuple[tuple[str, ...], ...]
    keys: tuple[tuple[str, ...], ...] = ()
    references: tuple[tuple[str, tuple[str, str]], ...] = ()


def read_rows(
    connection: BaseDatabaseWrapper, tables: Collection[str] | None = None
) -> dict[str, TableRows]:
    """Every table that has rows, the own tables of Django and NestFlux left out.

    A connection of its own reads them without conversions, so that a zero date or a byte that is
    no UTF-8 arrives as it is.
    """
    wanted = table_names(connection) if tables is None else sorted(tables)
    described = _described(connection)
    raw = _raw_connection(connection)
    try:
        found = {}
        for table in wanted:
            if rows := _rows_of(raw, table, described[table].columns):
                found[table] = replace(described[table], rows=rows)
        return found
    finally:
        raw.close()


def _raw_connection(connection: BaseDatabaseWrapper) -> Any:
    backend = cast("Any", connection)
    parameters = dict(backend.get_connection_params())
    parameters["conv"] = {}
    raw = backend.Database.connect(**parameters)
    raw.query("SET NAMES utf8mb4")
    return raw


def _described(connection: BaseDatabaseWrapper) -> dict[str, TableRows]:
    """Every table, as yet without rows."""
    written = names_of(connection).written
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT TABLE_NAME, COLUMN_NAME, DATA_TYPE, COLUMN_KEY, EXTRA "
            "FROM information_schema.COLUMNS WHERE TABLE_SCHEMA = DATABASE() "
            "ORDER BY TABLE_NAME, ORDINAL_POSITION"
        )
        described = [(written(table), *column) for table, *column in cursor.fetchall()]
        cursor.execute(
            "SELECT TABLE_NAME, COLUMN_NAME, REFERENCED_TABLE_NAME, REFERENCED_COLUMN_NAME "
            "FROM information_schema.KEY_COLUMN_USAGE "
            "WHERE TABLE_SCHEMA = DATABASE() AND REFERENCED_TABLE_NAME IS NOT NULL"
        )
        references = {
            (written(table), name): (written(parent), key) for table, name, parent, key in cursor
        }
    referenced = set(references.values())
    columns: dict[str, list[Column]] = {}
    for table, name, data_type, key, extra in described:
        extra = extra.upper()
        if "GENERATED" in extra.replace("DEFAULT_GENERATED", ""):
            continue
        columns.setdefault(table, []).append(
            Column(
                name,
                data_type.lower(),
                key == "PRI",
                key == "UNI",
                (table, name) in referenced,
                "AUTO_INCREMENT" in extra,
            )
        )
    keys = _unique_keys(connection)
    return {
        table: TableRows(
            table,
            tuple(found),
            (),
            tuple(keys.get(table, ())),
            tuple(
                (c.name, references[table, c.name]) for c in found if (table, c.name) in references
            ),
        )
        for table, found in columns.items()
    }


def _unique_keys(connection: BaseDatabaseWrapper) -> dict[str, list[tuple[str, ...]]]:
    """By table, the columns of its unique keys; those over an expression or a prefix left out."""
    written = names_of(connection).written
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT TABLE_NAME, INDEX_NAME, COLUMN_NAME, SUB_PART "
            "FROM information_schema.STATISTICS WHERE TABLE_SCHEMA = DATABASE() AND NON_UNIQUE = 0 "
            "ORDER BY TABLE_NAME, INDEX_NAME <> 'PRIMARY', INDEX_NAME, SEQ_IN_INDEX"
        )
        listed = [(written(table), *of_index) for table, *of_index in cursor.fetchall()]
    partial = {(table, index) for table, index, name, part in listed if name is None or part}
    found: dict[tuple[str, str], list[str]] = {}
    for table, index, name, _ in listed:
        if (table, index) not in partial:
            found.setdefault((table, index), []).append(name)
    keys: dict[str, list[tuple[str, ...]]] = {}
    for (table, _), names in found.items():
        keys.setdefault(table, []).append(tuple(names))
    return keys


def _rows_of(raw: Any, table: str, columns: tuple[Column, ...]) -> tuple[tuple[str, ...], ...]:
    listed = ", ".join(quoted(column.name) for column in columns)
    order = ", ".join(quoted(c.name) for c in columns if c.in_key) or listed
    # A float is printed with six digits only; as a double it is printed exactly.
    selected = ", ".join(
        f"{quoted(c.name)} + 0e0" if c.data_type == "float" else quoted(c.name) for c in columns
    )
    raw.query(f"SELECT {selected} FROM {quoted(table)} ORDER BY {order}")
    fetched = raw.store_result().fetch_row(maxrows=0)
    return tuple(
        tuple(_literal(value, column) for value, column in zip(row, columns, strict=True))
        for row in fetched
    )


def _literal(value: bytes | str | None, column: Column) -> str:
    if value is None:
        return "NULL"
    data = value.encode() if isinstance(value, str) else value
    if column.data_type in _BINARY:
        return f"X'{data.hex()}'"
    if column.data_type in _NUMERIC:
        return data.decode()
    return literal(data.decode())


def insert_statements(rows: TableRows, *, batch: int = 200) -> Iterator[str]:
    """INSERTs of ``batch`` rows each."""
    names = ", ".join(quoted(column.name) for column in rows.columns)
    for start in range(0, len(rows.rows), batch):
        lines = (f"  ({', '.join(row)})" for row in rows.rows[start : start + batch])
        yield f"INSERT INTO {quoted(rows.table)} ({names}) VALUES\n" + ",\n".join(lines)
