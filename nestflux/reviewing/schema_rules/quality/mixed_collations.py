"""Two columns that are joined have different collations."""

from __future__ import annotations

from collections.abc import Iterator

from nestflux.reviewing.findings import Finding, Severity
from nestflux.reviewing.reviewed import ReviewedSchema
from nestflux.reviewing.rule import rule
from nestflux.reviewing.schema_rule import Group, SchemaRule
from nestflux.reviewing.schema_rules.quality.joins import joins

RULE = SchemaRule(
    "mixed-collations",
    Severity.WARNING,
    "a comparison of both fails with error 1267, or converts each row and uses no index",
    group=Group.QUALITY,
    summary="Two columns that are joined have different collations.",
    source="MySQL Manual 12.8.4, Collation Coercibility in Expressions",
    bad="""\
code = models.CharField(max_length=8, primary_key=True, db_collation="utf8mb4_bin")
# and a foreign key to it without a constraint, in the database's own collation
""",
    good="""\
ALTER TABLE blog_price MODIFY COLUMN currency_id varchar(8) COLLATE utf8mb4_bin NOT NULL;
""",
)


@rule(ReviewedSchema)
def collations_of_joins(schema: ReviewedSchema) -> Iterator[Finding]:
    for join in joins(schema):
        own, theirs = join.own, join.theirs
        if own.textual and theirs.textual and own.collation != theirs.collation:
            yield RULE.speaks(
                f"{join.table}.{join.column} has the collation {_said(own.collation)}, and "
                f"{join.parent}.{join.parent_column}, which it refers to, "
                f"{_said(theirs.collation)}.",
                about=f"{join.table}.{join.column}",
                fix="give both the same: db_collation on the parent's field, for its foreign keys "
                "follow it",
            )


def _said(collation: str) -> str:
    return collation or "of the database"
