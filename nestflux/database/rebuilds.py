"""Did MySQL, which did a statement in place, write the whole table anew?

``ALGORITHM=INPLACE`` stands for both: an index that is added beside the rows, and a table that is
rebuilt with all of its rows and indexes. A rebuilt table has another id and another tablespace in
``information_schema.INNODB_TABLES``, which is for users with PROCESS. For others the manual's table
decides (17.12.1, "Online DDL Operations"). MariaDB is asked instead: what it does with INPLACE and
refuses to do with NOCOPY is a rebuild.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING

from django.db.utils import Error

from nestflux.database.errors import MISSING_GRANT, number_of
from nestflux.database.server import schema_name
from nestflux.sql.brackets import split
from nestflux.sql.lexer import Token, significant
from nestflux.sql.statement_parts import table_of

if TYPE_CHECKING:
    from django.db.backends.base.base import BaseDatabaseWrapper

# Of a table or a partition, by its name: the id, and the tablespace.
Identities = Mapping[str, tuple[int, int]]

_IDENTITIES = (
    "SELECT NAME, TABLE_ID, SPACE FROM information_schema.INNODB_TABLES WHERE NAME LIKE %s"
)
# The tables that InnoDB keeps for a full-text index come and go with it.
_OF_FULL_TEXT = re.compile(r"/fts_[0-9a-f]{16}_", re.IGNORECASE)
_NULLABLE = """
SELECT IS_NULLABLE FROM information_schema.COLUMNS
 WHERE TABLE_SCHEMA = DATABASE() AND TABLE_NAME = %s ORDER BY ORDINAL_POSITION"""
# What a clause of ALTER TABLE begins with, that InnoDB rebuilds the table for wherever it does it
# in place: the manual's rows with "Rebuilds Table: Yes" (of a full-text index only the first one).
_REBUILDING = (
    *(("FORCE",), ("ENGINE",), ("ROW_FORMAT",), ("KEY_BLOCK_SIZE",)),
    *(("ADD", "PRIMARY"), ("DROP", "PRIMARY"), ("ADD", "FULLTEXT")),
)


class Watched:
    """A table before a statement, to be compared with it afterwards."""

    def __init__(self, connection: BaseDatabaseWrapper, sql: str) -> None:
        self._connection = connection
        self._sql = sql
        self._identities = _identities(connection)
        self._nullable = _nullable(connection, sql) if self._identities is None else []

    def is_rebuilt(self) -> bool:
        """Was it rebuilt by the statement, which was done in place?"""
        if self._identities is not None:
            return differ(self._identities, _identities(self._connection) or {})
        nullable = _nullable(self._connection, self._sql)
        return nullable != self._nullable or rebuilds_by_the_manual(self._sql)


def differ(before: Identities, after: Identities) -> bool:
    """Is a table or partition another one? A partition that is gone by name was dropped; a table
    is under another name what it was. Pure."""
    there = set(after.values())
    return any(
        identity not in there and (name in after or "#p#" not in name.lower())
        for name, identity in before.items()
    )


def rebuilds_by_the_manual(sql: str) -> bool:
    """Does a statement that is done in place rebuild the table, as far as its text tells? That a
    column is added, dropped, or made NULL or NOT NULL shows in the columns. Pure."""
    found = significant(sql)
    if [token.text.upper() for token in found[:2]] != ["ALTER", "TABLE"]:
        return "FULLTEXT" in (token.text.upper() for token in found[:3])
    return any(_rebuilds(clause) for clause in split(_behind_the_name(found)))


def _behind_the_name(found: list[Token]) -> list[Token]:
    start = 3
    while start + 1 < len(found) and found[start].text == ".":
        start += 2
    return found[start:]


def _rebuilds(clause: list[Token]) -> bool:
    words = [token.text.upper() for token in clause]
    if words[:1] in (["MODIFY"], ["CHANGE"]):  # at another place
        return "FIRST" in words or "AFTER" in words
    if words[:2] == ["ADD", "CONSTRAINT"]:
        words = ["ADD", *words[2 + (words[2:3] not in (["PRIMARY"], ["UNIQUE"])) :]]
    return any(tuple(words[: len(begins)]) == begins for begins in _REBUILDING)


def _identities(connection: BaseDatabaseWrapper) -> Identities | None:
    """Of all tables of the schema; None where the user lacks PROCESS, or the schema's name is not
    ASCII: the names are encoded as those of files (Manual 11.2.4), for which there is no function.
    """
    schema = schema_name(connection)
    if not schema.isascii():
        return None
    encoded = re.sub(r"\W", lambda found: f"@{ord(found[0]):04x}", schema, flags=re.ASCII)
    try:
        with connection.cursor() as cursor:
            cursor.execute(_IDENTITIES, [encoded.replace("_", r"\_") + "/%"])
            return {
                str(name): (int(table), int(space))
                for name, table, space in cursor.fetchall()
                if not _OF_FULL_TEXT.search(str(name))
            }
    except Error as error:
        if number_of(error) not in MISSING_GRANT:
            raise
        return None


def _nullable(connection: BaseDatabaseWrapper, sql: str) -> list[str]:
    with connection.cursor() as cursor:
        cursor.execute(_NULLABLE, [table_of(sql)])
        return [str(answer) for (answer,) in cursor.fetchall()]
