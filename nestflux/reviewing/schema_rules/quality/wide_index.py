"""An index has more than five columns."""

from __future__ import annotations

from collections.abc import Iterator

from nestflux.reviewing.findings import Finding, Severity
from nestflux.reviewing.reviewed import ReviewedSchema
from nestflux.reviewing.rule import rule
from nestflux.reviewing.schema_rule import Group, SchemaRule
from nestflux.reviewing.schema_rules.quality.keys import keys_of

_MOST = 5

RULE = SchemaRule(
    "wide-index",
    Severity.ADVICE,
    "queries seldom use more than its first columns, and each change of one of them writes to it",
    group=Group.QUALITY,
    summary="An index has more than five columns.",
    source="MySQL Manual 10.3.6, Multiple-Column Indexes",
    bad="""\
models.Index(fields=["site", "section", "author", "state", "created", "title"], name="post_list")
""",
    good="""\
models.Index(fields=["site", "section", "created"], name="post_list")
""",
)


@rule(ReviewedSchema)
def wide_indexes(schema: ReviewedSchema) -> Iterator[Finding]:
    for table in schema.own_tables:
        for key in keys_of(table):
            if len(key.parts) > _MOST:
                yield RULE.speaks(
                    f"The index {key.name or 'PRIMARY'} of {table.name} has {len(key.parts)} "
                    "columns.",
                    about=f"{table.name}.{key.name}" if key.name else table.name,
                    fix="keep the columns that tell most rows apart, or store a hash of all",
                )
