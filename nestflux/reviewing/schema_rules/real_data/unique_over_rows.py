"""A unique key is added over rows that are there."""

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
from nestflux.schema.objects import INDEX, PRIMARY_KEY
from nestflux.schema.transform.queries import duplicates
from nestflux.schema.transform.tables import TableSchema, is_unique
from nestflux.sql.definitions import key_parts

RULE = SchemaRule(
    "unique-over-rows",
    Severity.ADVICE,
    "two rows of the same values stop the deploy with error 1062, and empty databases of tests "
    "have none",
    group=Group.REAL_DATA,
    summary="A unique key is added over rows that are there.",
    source="MySQL Manual 15.1.15, CREATE INDEX Statement: unique indexes",
    bad="""\
slug = models.SlugField(unique=True)  # it was not, and nobody looked for duplicates
""",
    good="""\
SELECT slug, COUNT(*) FROM blog_post WHERE slug IS NOT NULL GROUP BY slug HAVING COUNT(*) > 1;
-- once it finds none on the real database:
ALTER TABLE blog_post ADD UNIQUE KEY slug (slug);
""",
)


@rule(ReviewedFile)
def unique_keys_over_rows(file: ReviewedFile) -> Iterator[Finding]:
    for step in file.steps:
        for kind in (INDEX, PRIMARY_KEY):
            for table, name, before, after in parts_changed(step, kind):
                key = key_parts(after or "")
                if not is_unique(key.text) or not has_values(file, table, key.named):
                    continue
                if _is_implied(file.before[table], key.named) or (before and is_unique(before)):
                    continue
                finding = RULE.speaks(
                    f"The unique key {name or 'PRIMARY'} of {table} refuses rows that have the "
                    f"same {' and '.join(key.named)}.",
                    about=f"{table}.{name}" if name else table,
                    fix=f"look for such rows on the real database: {duplicates(table, key.text)}",
                )
                yield from by_rows(step, table, finding)


def _is_implied(table: TableSchema, columns: tuple[str, ...]) -> bool:
    """Did a unique key of fewer or the same columns stand before?"""
    texts = [*table.indexes.values(), *([table.primary] if table.primary else [])]
    keys = (key_parts(text) for text in texts if is_unique(text))
    return any(key.columns and set(key.columns) <= set(columns) for key in keys)
