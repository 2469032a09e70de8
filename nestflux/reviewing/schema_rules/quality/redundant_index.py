"""An index is the beginning of another."""

from __future__ import annotations

from collections.abc import Iterator

from nestflux.reviewing.findings import Finding, Severity
from nestflux.reviewing.reviewed import ReviewedSchema
from nestflux.reviewing.rule import rule
from nestflux.reviewing.schema_rule import Group, SchemaRule
from nestflux.reviewing.schema_rules.quality.keys import keys_of

RULE = SchemaRule(
    "redundant-index",
    Severity.ADVICE,
    "the longer index serves the same queries, and every write keeps both",
    group=Group.QUALITY,
    summary="An index is the beginning of another.",
    source="MySQL Manual 10.3.6, Multiple-Column Indexes: any leftmost prefix",
    bad="""\
indexes = [
    models.Index(fields=["section"], name="post_section"),
    models.Index(fields=["section", "created"], name="post_section_created"),
]
""",
    good="""\
indexes = [models.Index(fields=["section", "created"], name="post_section_created")]
""",
)


@rule(ReviewedSchema)
def redundant_indexes(schema: ReviewedSchema) -> Iterator[Finding]:
    for table in schema.own_tables:
        keys = [key for key in keys_of(table) if key.is_plain]
        for key in keys:
            if key.kind != "KEY" or key.name in table.left_to_server:
                continue
            size = len(key.columns)
            longer = next(
                (k for k in keys if len(k.columns) > size and k.columns[:size] == key.columns), None
            )
            if longer:
                yield RULE.speaks(
                    f"The index {key.name} of {table.name} is the beginning of "
                    f"{longer.name or 'the primary key'}.",
                    about=f"{table.name}.{key.name}",
                    fix=f"drop {key.name}: leave it out of Meta.indexes, or say db_index=False",
                )
