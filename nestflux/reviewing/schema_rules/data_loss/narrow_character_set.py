"""A table's text is converted to a smaller character set."""

from __future__ import annotations

from collections.abc import Iterator

from nestflux.reviewing.findings import Finding, Severity
from nestflux.reviewing.reviewed import ReviewedFile
from nestflux.reviewing.rule import rule
from nestflux.reviewing.schema_rule import Group, SchemaRule
from nestflux.reviewing.table_changes import KeptColumn
from nestflux.sql.column_types import column_type, holds_characters
from nestflux.sql.definitions import TEXTUAL

RULE = SchemaRule(
    "narrow-character-set",
    Severity.WARNING,
    "a character that it does not have stops the file in strict mode (1366) and becomes ? "
    "without it, and so does each later INSERT",
    group=Group.DATA_LOSS,
    summary="A table's text is converted to a smaller character set.",
    source="MySQL Manual 12.7, Column Character Set Conversion",
    bad="""\
ALTER TABLE blog_post CONVERT TO CHARACTER SET latin1;
""",
    good="""\
ALTER TABLE blog_post CONVERT TO CHARACTER SET utf8mb4;
""",
)


@rule(ReviewedFile)
def narrowed_character_sets(file: ReviewedFile) -> Iterator[Finding]:
    for table in file.changes.tables:
        if found := [column for column in table.kept if _loses_characters(column)]:
            charset = column_type(found[0].definitions[1]).charset or "the schema's default"
            names = ", ".join(sorted(column.name for column in found))
            yield RULE.speaks(
                f"The text of {table.name} ({names}) is converted to {charset}, which has fewer "
                "characters.",
                about=table.name if len(found) > 1 else found[0].about,
                fix="leave the character set as it is: utf8mb4 holds every character",
            )


def _loses_characters(column: KeptColumn) -> bool:
    both_text = {column.before.type_name, column.after.type_name} <= TEXTUAL
    old, new = (column_type(text) for text in column.definitions)
    return both_text and not holds_characters(new.charset, old.charset)
