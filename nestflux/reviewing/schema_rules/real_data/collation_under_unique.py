"""A column under a unique key gets another collation."""

from __future__ import annotations

from collections.abc import Iterator

from nestflux.reviewing.findings import Finding, Severity
from nestflux.reviewing.reviewed import ReviewedFile
from nestflux.reviewing.rule import rule
from nestflux.reviewing.schema_rule import Group, SchemaRule
from nestflux.reviewing.schema_rules.real_data.rows_at_stake import (
    by_rows,
    has_values,
    parts_changed,
)
from nestflux.schema.objects import COLUMN
from nestflux.schema.transform.queries import duplicates
from nestflux.schema.transform.tables import TableSchema, is_unique
from nestflux.sql.definitions import KeyParts, column_parts, key_parts

# Stands for the database's own, which no file states: both servers have it, and few collations
# tell less apart.
_DEFAULT = "utf8mb4_unicode_ci"

RULE = SchemaRule(
    "collation-under-unique",
    Severity.ADVICE,
    "values that differed, as é and e or A and a, may be the same in it, and stop the deploy with "
    "error 1062",
    group=Group.REAL_DATA,
    summary="A column under a unique key gets another collation.",
    source="MySQL Manual 12.8.5, The binary Collation Compared to _bin Collations; 12.10.1, "
    "Unicode Character Sets",
    bad="""\
slug = models.SlugField(unique=True)  # it had db_collation="utf8mb4_bin"
""",
    good="""\
SELECT CONVERT(slug USING utf8mb4) COLLATE utf8mb4_general_ci, COUNT(*) FROM blog_post
  GROUP BY 1 HAVING COUNT(*) > 1;
-- once it finds none on the real database, change the collation
""",
)


@rule(ReviewedFile)
def collations_under_unique_keys(file: ReviewedFile) -> Iterator[Finding]:
    for step in file.steps:
        for table, column, before, after in parts_changed(step, COLUMN):
            if not before or not after or not has_values(file, table, (column,)):
                continue
            old, new = column_parts(before), column_parts(after)
            if not old.textual or not new.textual or not _may_merge(old.collation, new.collation):
                continue
            for key in _unique_keys(step.after[table], column):
                finding = RULE.speaks(
                    f"The column {column} of {table} gets the collation "
                    f"{new.collation or 'of the database'}, in which rows may be the same to the "
                    f"unique key {key.name or 'PRIMARY'}.",
                    about=f"{table}.{column}",
                    fix="look for such rows on the real database: "
                    f"{duplicates(table, key.text, new.collation or _DEFAULT)}",
                )
                yield from by_rows(step, table, finding)


def _may_merge(old: str, new: str) -> bool:
    """Can two values that differ in the old collation be the same in the new one?"""
    return old != new and not new.endswith("_bin")


def _unique_keys(table: TableSchema, column: str) -> list[KeyParts]:
    texts = [*table.indexes.values(), *([table.primary] if table.primary else [])]
    return [key for text in texts if is_unique(text) and column in (key := key_parts(text)).named]
