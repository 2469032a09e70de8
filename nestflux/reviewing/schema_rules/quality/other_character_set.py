"""A table or column has a character set that cannot hold every text."""

from __future__ import annotations

from collections.abc import Iterator

from nestflux.reviewing.findings import Finding, Severity
from nestflux.reviewing.reviewed import ReviewedSchema
from nestflux.reviewing.rule import rule
from nestflux.reviewing.schema_rule import Group, SchemaRule
from nestflux.sql.definitions import column_parts
from nestflux.sql.table_options import option_parts

# What holds every text, and what holds none but is meant so: identifiers, digests.
_MEANT = frozenset({"", "utf8mb4", "utf16", "utf16le", "utf32", "gb18030", "binary", "ascii"})

RULE = SchemaRule(
    "other-character-set",
    Severity.WARNING,
    "a text with a sign that it does not have, as an emoji, stops the request with error 1366, and "
    "joins with other columns use no index",
    group=Group.QUALITY,
    summary="A table or column has a character set that cannot hold every text.",
    source="MySQL Manual 12.9.2, The utf8mb3 Character Set; 12.7, Column Character Set Conversion",
    bad="""\
CREATE TABLE blog_note (id bigint PRIMARY KEY, body longtext) DEFAULT CHARSET=utf8mb3;
""",
    good="""\
CREATE TABLE blog_note (id bigint PRIMARY KEY, body longtext) DEFAULT CHARSET=utf8mb4;
""",
)


@rule(ReviewedSchema)
def other_character_sets(schema: ReviewedSchema) -> Iterator[Finding]:
    for table in schema.own_tables:
        own = option_parts(table.options).settings.get("CHARSET", "").lower()
        if own not in _MEANT:
            yield RULE.speaks(
                f"The character set of {table.name} is {own}.",
                about=table.name,
                fix=f"ALTER TABLE {table.name} CONVERT TO CHARACTER SET utf8mb4",
            )
            continue
        for name, text in table.columns.items():
            charset = column_parts(text).charset.lower()
            if charset not in _MEANT:
                yield RULE.speaks(
                    f"The character set of the column {name} of {table.name} is {charset}.",
                    about=f"{table.name}.{name}",
                    fix="make it utf8mb4, or ascii where it holds identifiers",
                )
