"""A refused statement, what can be asked about it, and the register of explanations."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.db.utils import Error

from nestflux.database import foreign_keys
from nestflux.sql import statement_parts
from nestflux.sql.definitions import ColumnParts
from nestflux.sql.statement_parts import ForeignKey

if TYPE_CHECKING:
    from django.db.backends.base.base import BaseDatabaseWrapper


# ``for column `shop`.`shop_log`.`at` at row 1``, ``for column 'at'``, ``for column '#sql-1.at'``.
_COLUMN = re.compile(r"for column .*?([^'`.]+)['`](?: at row|\.?$)")
_QUOTED = re.compile(r"(?<!\w)'(.*?)'(?!\w)|`([^`]+)`", re.DOTALL)


@dataclass(frozen=True)
class Failure:
    """A refused statement. ``connection`` may be asked, ``sql`` may be empty; ``sent``: the bytes
    that the driver was sending, 0 where that is not known."""

    number: int
    message: str
    sql: str = ""
    connection: BaseDatabaseWrapper | None = None
    sent: int = 0

    @property
    def table(self) -> str:
        """The statement's table, for people."""
        return statement_parts.table_of(self.sql) or "the table"

    @property
    def quoted(self) -> list[str]:
        """What the server's message puts into quotes, in its order. A quote within is not doubled:
        ``Check constraint 'it's' is violated``. One that ends stands before no letter."""
        return [a or b for a, b in _QUOTED.findall(self.message)]

    def first(self) -> str:
        return self.quoted[0] if self.quoted else ""

    @property
    def where(self) -> str:
        """``shop_product.name``: the statement's table and the first quoted name."""
        column = self.first().split(".")[-1]
        return f"{self.table}.{column}" if column else self.table

    @property
    def altered(self) -> tuple[str, ColumnParts] | None:
        """The column that the message is about, as the statement defines it; where the message
        names none, the only one that the statement defines."""
        defined = statement_parts.columns(self.sql)
        about = _COLUMN.search(self.message)
        name = about[1] if about else ""
        if not name and len(defined) == 1:
            (name,) = defined
        return (name, defined[name]) if name in defined else None

    @property
    def makes(self) -> bool:
        """Is it DDL, which meets rows that are there, and not a row that meets a rule?"""
        return self.sql.lstrip().upper().startswith(("ALTER", "CREATE"))

    def ask(self, sql: str, *params: str) -> list[tuple[Any, ...]]:
        """Ask the server; nothing where there is none or it does not answer."""
        if self.connection is None:
            return []
        try:
            with self.connection.cursor() as cursor:
                cursor.execute(sql, params)
                return list(cursor.fetchall())
        except Error:
            return []

    def foreign_keys(self) -> list[ForeignKey]:
        """The foreign keys that touch the statement's table."""
        if self.connection is None:
            return []
        try:
            return foreign_keys.referring(self.connection, self.table)
        except Error:
            return []

    def index_columns(self, index: str) -> list[str]:
        rows = self.ask(
            "SELECT COLUMN_NAME FROM information_schema.STATISTICS WHERE TABLE_SCHEMA = DATABASE()"
            " AND TABLE_NAME = %s AND INDEX_NAME = %s ORDER BY SEQ_IN_INDEX",
            self.table,
            index,
        )
        return [str(row[0]) for row in rows]

    def columns_of(self, table: str) -> list[str]:
        rows = self.ask(
            "SELECT COLUMN_NAME FROM information_schema.COLUMNS WHERE TABLE_SCHEMA = DATABASE() "
            "AND TABLE_NAME = %s ORDER BY ORDINAL_POSITION",
            table,
        )
        return [str(row[0]) for row in rows]

    def type_of(self, column: str) -> str:
        """The type that the statement gives a column, or else its live one; else empty."""
        if definition := statement_parts.columns(self.sql).get(column):
            return definition.type
        rows = self.ask(
            "SELECT COLUMN_TYPE FROM information_schema.COLUMNS WHERE TABLE_SCHEMA = DATABASE() "
            "AND TABLE_NAME = %s AND COLUMN_NAME = %s",
            self.table,
            column,
        )
        return str(rows[0][0]) if rows else ""


Explanation = Callable[[Failure], str]
EXPLANATIONS: dict[int, Explanation] = {}


def explains(*numbers: int) -> Callable[[Explanation], Explanation]:
    """Register a function for error numbers."""

    def register(function: Explanation) -> Explanation:
        for number in numbers:
            EXPLANATIONS[number] = function
        return function

    return register
