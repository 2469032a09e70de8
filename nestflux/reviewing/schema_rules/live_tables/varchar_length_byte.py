"""A varchar grows past 255 bytes on a live table."""

from __future__ import annotations

from collections.abc import Iterator

from nestflux.database.verdicts import copies_table
from nestflux.reviewing.findings import Finding, Severity
from nestflux.reviewing.reviewed import ReviewedStep
from nestflux.reviewing.rule import rule
from nestflux.reviewing.schema_rule import Group, SchemaRule
from nestflux.reviewing.schema_rules.live_tables.cost import (
    BY_COPYING_ELSEWHERE,
    changes,
    large_live_table,
)
from nestflux.schema.objects import COLUMN
from nestflux.sql.column_types import ColumnType, column_type

# Bytes that a value may take at the most before its length needs a second byte.
_ONE_BYTE = 255
# Bytes of a character at the most; of a character set that is not stated it is utf8mb4's.
_BYTES = {"latin1": 1, "ascii": 1, "utf8": 3, "utf8mb3": 3, "ucs2": 2, "": 4}

RULE = SchemaRule(
    "varchar-length-byte",
    Severity.WARNING,
    "from 256 bytes on each value is stored with a length of two bytes, so the server copies the "
    "table, and writes to it wait that long",
    group=Group.LIVE_TABLES,
    summary="A varchar grows past 255 bytes on a live table.",
    source="MySQL Manual 17.12.1, Online DDL Operations: extending VARCHAR column size; MariaDB "
    "documentation, InnoDB Online DDL: at once where the old length is at most 127 bytes",
    bad="""\
title = models.CharField(max_length=100)  # it was 60: 240 bytes in utf8mb4
""",
    good="""\
title = models.CharField(max_length=63)  # 252 bytes; or 64 and more from the beginning
""",
)


@rule(ReviewedStep)
def crossing_varchars(step: ReviewedStep) -> Iterator[Finding]:
    table = large_live_table(step)
    for name, old, new in crossings(step) if table and copies_table(step.record.verdict) else ():
        yield RULE.speaks(
            f"The column {name} of {table} grows from {old} to {new}, past 255 bytes, and the "
            "table is copied.",
            about=f"{table}.{name}",
            fix=f"stay within {_ONE_BYTE // _bytes(new)} characters, or {BY_COPYING_ELSEWHERE}",
        )


def crossings(step: ReviewedStep) -> list[tuple[str, ColumnType, ColumnType]]:
    """The columns of a statement's table whose values need a second byte for their length."""
    pairs = [
        (name, column_type(before), column_type(after))
        for name, before, after in changes(step, COLUMN)
        if before and after
    ]
    return [
        (name, old, new)
        for name, old, new in pairs
        if old.name == new.name == "varchar"
        and old.charset == new.charset
        and old.length * _bytes(old) <= _ONE_BYTE < new.length * _bytes(new)
    ]


def _bytes(one: ColumnType) -> int:
    return _BYTES.get(one.charset, 4)
