"""What the rows that are there have to say, before statements run that they may refuse."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import TYPE_CHECKING

from django.db.utils import Error

from nestflux.schema.introspection import table_names
from nestflux.sql.lexer import quoted

if TYPE_CHECKING:
    from django.db.backends.base.base import BaseDatabaseWrapper


def filled_tables(connection: BaseDatabaseWrapper, names: Collection[str]) -> Iterator[str]:
    """Those of the tables that are there and hold a row."""
    with connection.cursor() as cursor:
        for table in table_names(connection):
            if table in names:
                cursor.execute(f"SELECT 1 FROM {quoted(table)} LIMIT 1")
                if cursor.fetchone() is not None:
                    yield table


def finds_rows(connection: BaseDatabaseWrapper, query: str) -> bool:
    """Does a query of ``schema/transform`` find rows? It counts them, in its last column. Of a
    column that is not there yet it says nothing, nor do the rows."""
    with connection.cursor() as cursor:
        try:
            cursor.execute(query)
        except Error:
            return False
        return any(row[-1] for row in cursor.fetchall())
