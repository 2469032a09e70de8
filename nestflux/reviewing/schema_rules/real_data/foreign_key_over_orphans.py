"""A foreign key is added over values that are there."""

from __future__ import annotations

from collections.abc import Iterator

from nestflux.reviewing.findings import Finding, Severity
from nestflux.reviewing.reviewed import ReviewedFile, ReviewedStep
from nestflux.reviewing.rule import rule
from nestflux.reviewing.schema_rule import Group, SchemaRule
from nestflux.reviewing.schema_rules.real_data.rows_at_stake import (
    by_rows,
    has_values,
    parts_changed,
)
from nestflux.schema.objects import CONSTRAINT
from nestflux.schema.transform.queries import orphans
from nestflux.schema.transform.tables import TableForeignKey, is_foreign_key

RULE = SchemaRule(
    "foreign-key-over-orphans",
    Severity.ADVICE,
    "a row whose parent is missing stops the deploy with error 1452",
    group=Group.REAL_DATA,
    summary="A foreign key is added over values that are there.",
    source="MySQL Manual 15.1.20.5, FOREIGN KEY Constraints: foreign key checks",
    bad="""\
author = models.ForeignKey(User, models.CASCADE)  # it was an IntegerField, or db_constraint=False
""",
    good="""\
SELECT COUNT(*) FROM blog_post c WHERE c.author_id IS NOT NULL
  AND NOT EXISTS (SELECT 1 FROM identity_user p WHERE p.id = c.author_id);
-- once it finds none on the real database, add the foreign key
""",
)


@rule(ReviewedFile)
def foreign_keys_over_orphans(file: ReviewedFile) -> Iterator[Finding]:
    for step in file.steps:
        for table, name, _, after in parts_changed(step, CONSTRAINT):
            if not is_foreign_key(after or ""):
                continue
            key = TableForeignKey.of(table, name, after or "")
            if has_values(file, table, key.columns) and not _held_before(file, step, key):
                finding = RULE.speaks(
                    f"The foreign key {name} of {table} refuses rows whose "
                    f"{' and '.join(key.columns)} {key.parent} does not have.",
                    about=f"{table}.{name}",
                    fix=f"look for such rows on the real database: {orphans(key)}",
                )
                yield from by_rows(step, table, finding)


def _held_before(file: ReviewedFile, until: ReviewedStep, key: TableForeignKey) -> bool:
    """Did a foreign key hold the same columns before the file, or before a step of it? One that is
    dropped and made anew around a change of type, or a renaming, finds what it left."""
    return any(
        (each.columns, each.parent) == (key.columns, key.parent)
        for step in file.steps
        if step.ordinal <= until.ordinal and key.table in step.before
        for each in step.before[key.table].foreign_keys.values()
    )
