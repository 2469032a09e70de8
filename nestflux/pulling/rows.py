"""What only rows can tell: does a ``tinyint(1)`` hold more than yes and no?

Nothing else is asked of them, and no value leaves the server.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import TYPE_CHECKING

from django.db.utils import Error

from nestflux.pulling.describing import DescribedTable, Live
from nestflux.sql.lexer import quoted

if TYPE_CHECKING:
    from django.db.backends.base.base import BaseDatabaseWrapper

SECONDS = 5  # that a table is read for


def with_rows_seen(
    connection: BaseDatabaseWrapper, live: Live, tables: Iterable[str]
) -> tuple[Live, list[str]]:
    """The schema with what rows say of these tables; and those of them that could not be read to
    the end, for their size or for a missing grant."""
    found, unread = dict(live.tables), []
    for name in tables:
        table = live.tables[name]
        asked = [column.name for column in table.columns if column.parts.type == "tinyint(1)"]
        if not asked:
            continue
        try:
            more = _holding_more(connection, live.family, table, asked)
        except Error:
            unread.append(name)
            continue
        columns = (replace(each, holds_more=each.name in more) for each in table.columns)
        found[name] = replace(table, columns=tuple(columns))
    return replace(live, tables=found), unread


def _holding_more(
    connection: BaseDatabaseWrapper, family: str, table: DescribedTable, columns: list[str]
) -> set[str]:
    """Those of the columns with a value that is neither 0 nor 1. Raises Error where the server
    stops the query or refuses it."""
    asked = ", ".join(f"MAX({quoted(name)} NOT IN (0, 1))" for name in columns)
    rest = f"{asked} FROM {quoted(table.name)}"
    if family == "mariadb":
        sql = f"SET STATEMENT max_statement_time = {SECONDS} FOR SELECT {rest}"
    else:
        sql = f"SELECT /*+ MAX_EXECUTION_TIME({SECONDS * 1000}) */ {rest}"
    with connection.cursor() as cursor:
        cursor.execute(sql)
        answers = cursor.fetchone()
    return {name for name, answer in zip(columns, answers, strict=True) if answer}
