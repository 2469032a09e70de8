"""An ENUM or SET loses values."""

from __future__ import annotations

from collections.abc import Iterator

from nestflux.reviewing.column_kinds import removed_values
from nestflux.reviewing.findings import Finding, Severity
from nestflux.reviewing.reviewed import ReviewedFile
from nestflux.reviewing.rule import rule
from nestflux.reviewing.schema_rule import Group, SchemaRule

RULE = SchemaRule(
    "enum-values-removed",
    Severity.WARNING,
    "a row that holds such a value stops the file in strict mode (1265) and gets an empty text "
    "without it",
    group=Group.DATA_LOSS,
    summary="An ENUM or SET loses values.",
    source="MySQL Manual 13.3, String Data Types: The ENUM Type",
    bad="""\
ALTER TABLE blog_post MODIFY state ENUM('draft', 'public') NOT NULL;
""",
    good="""\
-- Once no code writes 'hidden' any more:
UPDATE blog_post SET state = 'draft' WHERE state = 'hidden';
ALTER TABLE blog_post MODIFY state ENUM('draft', 'public') NOT NULL;
""",
)


@rule(ReviewedFile)
def enum_values_removed(file: ReviewedFile) -> Iterator[Finding]:
    for table in file.changes.tables:
        for column in table.kept:
            if gone := removed_values(column):
                kind = column.before.type_name.upper()
                yield RULE.speaks(
                    f"The {kind} {column.name} of {table.name} loses {', '.join(gone)}.",
                    about=column.about,
                    fix="release code that no longer writes them, give the rows that hold them "
                    f"another value (UPDATE {table.name} SET {column.name} = … WHERE "
                    f"{column.name} IN ({', '.join(gone)})), and then remove them",
                )
