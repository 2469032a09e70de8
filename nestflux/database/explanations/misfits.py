"""Which rows hold a value that a column's new type refuses: a query for a person. Pure."""

from __future__ import annotations

from nestflux.sql.definitions import ColumnParts
from nestflux.sql.lexer import quoted

_WHOLE = frozenset({"tinyint", "smallint", "mediumint", "int", "integer", "bigint", "bool"})
_DECIMAL = frozenset({"decimal", "numeric", "float", "double", "real"})
_MOMENTS = {"date": "DATE", "datetime": "DATETIME", "timestamp": "DATETIME", "time": "TIME"}


def misfits(table: str, column: str, new: ColumnParts) -> str:
    """``SELECT * FROM `shop_order` WHERE …`` over the values as they are now, text or not; empty
    where no simple condition says which do not fit."""
    name = quoted(column)
    kind = new.type_name
    condition = ""
    if kind in _WHOLE:
        condition = f"{name} NOT REGEXP '^[-+]?[0-9]+$'"
    elif kind in _DECIMAL:
        condition = f"{name} NOT REGEXP '^[-+]?[0-9]*[.]?[0-9]+$'"
    elif kind in _MOMENTS:
        condition = f"{name} IS NOT NULL AND CAST({name} AS {_MOMENTS[kind]}) IS NULL"
    elif kind == "json":
        condition = f"NOT JSON_VALID({name})"
    elif kind == "uuid":
        condition = f"REPLACE({name}, '-', '') NOT REGEXP '^[0-9A-Fa-f]{{32}}$'"
    elif kind in ("char", "varchar") and new.arguments:
        condition = f"CHAR_LENGTH({name}) > {new.arguments[0]}"
    elif kind in ("binary", "varbinary") and new.arguments:
        condition = f"LENGTH({name}) > {new.arguments[0]}"
    elif kind == "enum":
        condition = f"{name} NOT IN ({', '.join(new.arguments)})"
    return f"SELECT * FROM {quoted(table)} WHERE {condition};" if condition else ""
