"""The reader of a column's definition against the server that printed it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from nestflux.database.session import PINNED, pin
from nestflux.schema.printed_table import table_parts
from nestflux.sql.definitions import column_parts, unescaped

if TYPE_CHECKING:
    from django.db.backends.base.base import BaseDatabaseWrapper

COLUMNS = r"""
id bigint unsigned NOT NULL AUTO_INCREMENT PRIMARY KEY COMMENT 'GENERATED ALWAYS AS (1)'
`NOT NULL` int NULL
kind enum('a,b', 'it''s (x)', 'unsigned', ')') NOT NULL DEFAULT 'a,b'
flags set('x','y') CHARACTER SET ascii NULL
title varchar(80) COLLATE utf8mb4_bin NOT NULL DEFAULT 'it''s, (a) "NOT NULL"'
old varchar(20) CHARACTER SET latin1 COLLATE latin1_swedish_ci NULL COMMENT 'AUTO_INCREMENT=3'
amount decimal(9,2) unsigned NOT NULL DEFAULT 1.50
filled int unsigned zerofill NULL DEFAULT 5
bits bit(5) NOT NULL DEFAULT b'10101'
raw_ varbinary(4) DEFAULT NULL
data json NULL
made datetime(6) NOT NULL DEFAULT CURRENT_TIMESTAMP(6) ON UPDATE CURRENT_TIMESTAMP(6)
moved timestamp NULL DEFAULT NULL ON UPDATE CURRENT_TIMESTAMP
computed text DEFAULT (concat('a' COLLATE utf8mb4_bin, ')')) COMMENT 'it''s\nCOLLATE x'
added int DEFAULT (1 + 2)
known int DEFAULT (5 IS NOT NULL)
doubled decimal(10,2) AS (amount * 2) STORED
shouted varchar(90) AS (concat(upper(title), ')', ',')) VIRTUAL COMMENT 'STORED'
hidden int INVISIBLE
place point NOT NULL
checked int CHECK (checked IS NOT NULL OR ')' = 'NOT NULL')
"""
ONLY = {
    "mariadb": """
packed text COMPRESSED CHARACTER SET latin1 COLLATE latin1_bin
number uuid NOT NULL DEFAULT uuid()
""",
    "mysql": """
where_ point NOT NULL SRID 4326
stored_ int COLUMN_FORMAT FIXED COMMENT 'x'
""",
}


def test_what_is_read_of_a_column_is_what_the_server_says(
    scratch: BaseDatabaseWrapper, family: str
) -> None:
    pin(scratch, PINNED)
    lines = (COLUMNS + ONLY[family]).strip().replace("\n\n", "\n").split("\n")
    with scratch.cursor() as cursor:
        cursor.execute(f"CREATE TABLE t ({', '.join(lines)})")
        cursor.execute("SHOW CREATE TABLE t")
        printed, _, _ = table_parts(cursor.fetchone()[1])

    said = dict(_said(scratch))

    assert len(said) == len(lines)
    assert {name: _read(definition) for name, definition in printed.items()} == said


def _read(definition: str) -> dict[str, object]:
    parts = column_parts(definition)
    return {
        "type": parts.type,
        "collation": parts.collation,
        "nullable": parts.nullable,
        "counts": parts.auto_increment,
        "computed": parts.computed,
        "default": parts.default not in ("", "NULL"),
        "on update": bool(parts.on_update),
        "comment": unescaped(parts.comment),
    }


def _said(connection: BaseDatabaseWrapper) -> Iterator[tuple[str, dict[str, object]]]:
    """The same of information_schema. A collation is printed where it is not the table's."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT COLUMN_NAME, COLUMN_TYPE, COLLATION_NAME, IS_NULLABLE, EXTRA, COLUMN_DEFAULT, "
            "COLUMN_COMMENT, @@collation_database FROM information_schema.COLUMNS "
            "WHERE TABLE_SCHEMA = DATABASE() ORDER BY ORDINAL_POSITION"
        )
        rows = cursor.fetchall()
    for name, kind, collation, nullable, extra, default, comment, usual in rows:
        computed = re.search(r"(VIRTUAL|STORED) GENERATED", extra)
        yield (
            name,
            {
                "type": re.sub(r" ?/\*.*?\*/", "", kind),
                "collation": collation if collation and collation != usual else "",
                "nullable": nullable == "YES",
                "counts": "auto_increment" in extra,
                "computed": computed[1] if computed else "",
                "default": default not in (None, "NULL"),
                "on update": "on update" in extra.lower(),
                "comment": comment,
            },
        )
