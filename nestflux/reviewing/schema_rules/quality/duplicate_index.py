"""Two indexes of a table hold the same columns."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations

from nestflux.reviewing.findings import Finding, Severity
from nestflux.reviewing.reviewed import ReviewedSchema
from nestflux.reviewing.rule import rule
from nestflux.reviewing.schema_rule import Group, SchemaRule
from nestflux.reviewing.schema_rules.quality.keys import keys_of

RULE = SchemaRule(
    "duplicate-index",
    Severity.WARNING,
    "one of them serves no query that the other does not, and every write keeps both",
    group=Group.QUALITY,
    summary="Two indexes of a table hold the same columns.",
    source="MySQL Manual 15.1.15, CREATE INDEX Statement; error 1831, ER_DUP_INDEX",
    bad="""\
slug = models.SlugField(unique=True)
class Meta:
    indexes = [models.Index(fields=["slug"], name="post_slug")]
""",
    good="""\
slug = models.SlugField(unique=True)
""",
)


@rule(ReviewedSchema)
def duplicate_indexes(schema: ReviewedSchema) -> Iterator[Finding]:
    for table in schema.own_tables:
        keys = [key for key in keys_of(table) if key.is_plain]
        for one, other in combinations(keys, 2):
            if one.columns == other.columns:
                # Of an index and a unique key the unique key says more.
                kept, gone = (other, one) if one.kind == "KEY" != other.kind else (one, other)
                yield RULE.speaks(
                    f"The index {gone.name} of {table.name} holds the same columns as "
                    f"{kept.name or 'the primary key'}.",
                    about=f"{table.name}.{gone.name}",
                    fix=f"drop {gone.name}",
                )
