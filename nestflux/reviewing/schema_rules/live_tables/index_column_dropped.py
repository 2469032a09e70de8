"""A dropped column shortens an index of a live table."""

from __future__ import annotations

from collections.abc import Iterator

from nestflux.reviewing.findings import Finding, Severity
from nestflux.reviewing.reviewed import ReviewedStep
from nestflux.reviewing.rule import rule
from nestflux.reviewing.schema_rule import Group, SchemaRule
from nestflux.schema.objects import INDEX
from nestflux.schema.transform.tables import is_unique
from nestflux.sql.definitions import key_parts

RULE = SchemaRule(
    "index-column-dropped",
    Severity.WARNING,
    "the server takes the column out of the index and reports nothing: queries lose what they "
    "used, and a unique key refuses rows that it had allowed",
    group=Group.LIVE_TABLES,
    summary="A dropped column shortens an index of a live table.",
    source="MySQL Manual 15.1.9, ALTER TABLE Statement: dropped columns are removed from indexes",
    bad="""\
ALTER TABLE blog_post DROP COLUMN slug;  -- and the index (author_id, slug) becomes (author_id)
""",
    good="""\
ALTER TABLE blog_post DROP INDEX blog_post_author_slug, DROP COLUMN slug;
""",
)


@rule(ReviewedStep)
def shortened_indexes(step: ReviewedStep) -> Iterator[Finding]:
    gone = set(step.delta.lost_columns(step.sql))
    for key, (before, after) in step.delta.changes.items():
        if key.kind != INDEX or not before or not after or not step.is_live(key.table):
            continue
        lost = [c for c in key_parts(before).named if (key.table, c) in gone]
        if lost:
            kind = "unique key" if is_unique(before) else "index"
            left = ", ".join(key_parts(after).named)
            yield RULE.speaks(
                f"Dropping {lost[0]} of {key.table} shortens the {kind} {key.name} to ({left}).",
                about=f"{key.table}.{key.name}",
                fix=f"drop {key.name} in the same statement, and make the index that is meant",
            )
