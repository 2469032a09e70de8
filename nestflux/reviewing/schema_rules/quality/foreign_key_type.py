"""A foreign key without a constraint is of another type than its parent."""

from __future__ import annotations

from collections.abc import Iterator

from nestflux.reviewing.findings import Finding, Severity
from nestflux.reviewing.reviewed import ReviewedSchema
from nestflux.reviewing.rule import rule
from nestflux.reviewing.schema_rule import Group, SchemaRule
from nestflux.reviewing.schema_rules.quality.joins import joins
from nestflux.sql.definitions import ColumnParts

RULE = SchemaRule(
    "foreign-key-type",
    Severity.WARNING,
    "it cannot hold each of the parent's values, no constraint can be added, and joins may not use "
    "an index",
    group=Group.QUALITY,
    summary="A foreign key without a constraint is of another type than its parent.",
    source="MySQL Manual 15.1.20.5, FOREIGN KEY Constraints: similar data types",
    bad="""\
author = models.ForeignKey(User, models.DO_NOTHING, db_constraint=False)
# the column is int, and identity_user.id bigint
""",
    good="""\
ALTER TABLE blog_post MODIFY COLUMN author_id bigint NOT NULL;
""",
)


@rule(ReviewedSchema)
def types_of_foreign_keys(schema: ReviewedSchema) -> Iterator[Finding]:
    for join in joins(schema):
        if _kind(join.own) != _kind(join.theirs):
            yield RULE.speaks(
                f"{join.table}.{join.column} is {join.own.type}, and {join.parent}."
                f"{join.parent_column}, which it refers to, {join.theirs.type}.",
                about=f"{join.table}.{join.column}",
                fix=f"make it {join.theirs.type}",
            )


def _kind(parts: ColumnParts) -> tuple[str, bool]:
    """What a foreign key minds. Texts may have any length, and be char or varchar."""
    is_text = parts.type_name in ("char", "varchar")
    return "text" if is_text else parts.type_name, parts.unsigned
