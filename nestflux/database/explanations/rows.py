"""Rows that a rule refuses: duplicates, NULLs, values that do not fit, checks."""

from __future__ import annotations

import re

from nestflux.database.explanations.failure import Failure, explains
from nestflux.database.explanations.misfits import misfits
from nestflux.sql import statement_parts
from nestflux.sql.definitions import ColumnParts
from nestflux.sql.lexer import quoted


@explains(1062, 1586)  # ER_DUP_ENTRY, ER_DUP_ENTRY_WITH_KEY_NAME
def _duplicate(failure: Failure) -> str:
    value, key = [*failure.quoted, "", ""][:2]
    key = key.split(".")[-1]
    columns = statement_parts.key_columns(failure.sql) or tuple(failure.index_columns(key))
    listed = ", ".join(columns) or f"the key {key}"
    words = f"{failure.table} would hold {value!r} twice in {listed}, which must be unique."
    if columns and failure.makes:
        names = ", ".join(map(quoted, columns))
        words += (
            f" Find the duplicates: SELECT {names}, COUNT(*) FROM {quoted(failure.table)} "
            f"GROUP BY {names} HAVING COUNT(*) > 1; and remove or change them, then go on."
        )
    return words


@explains(1048)  # ER_BAD_NULL_ERROR
def _null_given(failure: Failure) -> str:
    return f"{failure.where} may not be NULL, and the statement gives it NULL. Give it a value."


@explains(1138)  # ER_INVALID_USE_OF_NULL
def _null_stands(failure: Failure) -> str:
    defined = statement_parts.columns(failure.sql)
    columns = [name for name, column in defined.items() if not column.nullable]
    return _nulls(failure.table, columns) if columns else ""


@explains(1265)  # WARN_DATA_TRUNCATED: on MariaDB also NULLs before NOT NULL
def _truncated(failure: Failure) -> str:
    column = failure.first()
    definition = statement_parts.columns(failure.sql).get(column)
    if definition is not None and not definition.nullable and _has_null(failure, column):
        return _nulls(failure.table, [column])
    if definition is None:
        return (
            f"A value does not fit into {failure.where} and would be cut. Find the values that do "
            "not fit and change them first."
        )
    rows = misfits(failure.table, column, definition)
    find = f"Find the rows: {rows} and change them first" if rows else "Change the rows first"
    return (
        f"A value does not fit into {failure.where} as {definition.type} and would be cut. {find}."
    )


def _nulls(table: str, columns: list[str]) -> str:
    where = " OR ".join(f"{quoted(name)} IS NULL" for name in columns)
    first = columns[0]
    return (
        f"{table}.{', '.join(columns)} becomes NOT NULL and rows of it hold NULL. Fill them first: "
        f"UPDATE {quoted(table)} SET {quoted(first)} = … WHERE {where};"
    )


@explains(1364)  # ER_NO_DEFAULT_FOR_FIELD
def _no_default(failure: Failure) -> str:
    return (
        f"{failure.where} has no default and the statement gives it no value. Give one, or a "
        "default in the database (db_default)."
    )


@explains(1406)  # ER_DATA_TOO_LONG
def _too_long(failure: Failure) -> str:
    column = failure.first()
    definition = statement_parts.columns(failure.sql).get(column)
    kind = failure.type_of(column)
    words = f"A value is too long for {failure.where}" + (f", which is {kind}." if kind else ".")
    if definition is not None and (size := re.search(r"\((\d+)\)", kind)):
        return (
            f"{words} Find the rows: SELECT * FROM {quoted(failure.table)} WHERE "
            f"CHAR_LENGTH({quoted(column)}) > {size[1]}; and shorten them, or keep the column "
            "longer."
        )
    return f"{words} Shorten the value or make the column longer."


@explains(1264)  # ER_WARN_DATA_OUT_OF_RANGE
def _out_of_range(failure: Failure) -> str:
    column = failure.first()
    kind = failure.type_of(column)
    return (
        f"A value is outside the range of {failure.where}"
        + (f", which is {kind}." if kind else ".")
        + f" Look at SELECT MIN({quoted(column)}), MAX({quoted(column)}) "
        f"FROM {quoted(failure.table)}; and use a "
        "wider type or correct the value."
    )


# ER_TRUNCATED_WRONG_VALUE, ER_TRUNCATED_WRONG_VALUE_FOR_FIELD, ER_INVALID_JSON_TEXT
@explains(1292, 1366, 3140)
def _wrong_value(failure: Failure) -> str:
    if failure.makes and (altered := failure.altered):
        return _becomes(failure, *altered)
    return f"{failure.message}. The value does not belong to that column's type; correct it."


def _becomes(failure: Failure, column: str, definition: ColumnParts) -> str:
    given = _VALUE.search(failure.message)
    value = repr(given[1]) if given else "a value of it"
    words = f"{failure.table}.{column} becomes {definition.type}, and {value} is none."
    rows = misfits(failure.table, column, definition)
    return f"{words} Find the rows: {rows} and correct them, then go on." if rows else words


# Not MySQL's ``Incorrect DECIMAL value: '0' for column '' at row -1``, which it says of any value.
_VALUE = re.compile(r"value: '(.*?)'(?: for column .[^']|\.?$)", re.DOTALL)


# ER_CHECK_CONSTRAINT_VIOLATED; MariaDB ER_CONSTRAINT_FAILED; ER_CHECK_CONSTRAINT_… in ALTER
@explains(3819, 4025)
def _check_violated(failure: Failure) -> str:
    name = failure.first()
    if failure.number == 4025:  # MariaDB calls the check of a column `table.column`
        name = name.removeprefix(f"{failure.table}.")
        column = statement_parts.columns(failure.sql).get(name)
        if failure.makes and column is not None and column.type_name == "json":
            return _becomes(
                failure, name, column
            )  # json is longtext, and a check that is not written
    clause = _check_clause(failure, name)
    words = f"A row of {failure.table} breaks the check {name}"
    if not clause:
        return f"{words}. Correct the row first."
    if failure.makes:
        return (
            f"{words}: {clause}. Find the rows: SELECT * FROM {quoted(failure.table)} WHERE NOT "
            f"({clause}); and correct them, then go on."
        )
    return f"{words}: {clause}. Give values that satisfy it."


def _has_null(failure: Failure, column: str) -> bool:
    name = column.replace("`", "``")
    table = failure.table.replace("`", "``")
    return bool(failure.ask(f"SELECT 1 FROM {quoted(table)} WHERE {quoted(name)} IS NULL LIMIT 1"))


def _check_clause(failure: Failure, name: str) -> str:
    if stated := statement_parts.check_of(failure.sql, name):
        return stated
    if (column := statement_parts.columns(failure.sql).get(name)) and column.check:
        return column.check.removeprefix("(").removesuffix(")")
    rows = failure.ask(
        "SELECT CHECK_CLAUSE FROM information_schema.CHECK_CONSTRAINTS "
        "WHERE CONSTRAINT_SCHEMA = DATABASE() AND CONSTRAINT_NAME = %s",
        name,
    )
    return str(rows[0][0]) if rows else ""
