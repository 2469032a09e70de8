"""A table has neither a primary key nor a unique key without NULL."""

from __future__ import annotations

from collections.abc import Iterator

from nestflux.reviewing.findings import Finding, Severity
from nestflux.reviewing.reviewed import ReviewedSchema
from nestflux.reviewing.rule import rule
from nestflux.reviewing.schema_rule import Group, SchemaRule
from nestflux.reviewing.schema_rules.quality.keys import keys_of
from nestflux.schema.transform.tables import TableSchema
from nestflux.sql.definitions import column_parts

RULE = SchemaRule(
    "no-primary-key",
    Severity.WARNING,
    "a replica looks through the whole table for each changed row, and no row can be named",
    group=Group.QUALITY,
    summary="A table has neither a primary key nor a unique key without NULL.",
    source="MySQL Manual 17.6.2.1, Clustered and Secondary Indexes; 20.3.1, Group Replication "
    "Requirements",
    bad="""\
CREATE TABLE blog_view (post_id bigint NOT NULL, seen datetime(6) NOT NULL);
""",
    good="""\
CREATE TABLE blog_view (
  id bigint NOT NULL AUTO_INCREMENT PRIMARY KEY, post_id bigint NOT NULL, seen datetime(6) NOT NULL
);
""",
)


@rule(ReviewedSchema)
def tables_without_a_key(schema: ReviewedSchema) -> Iterator[Finding]:
    for table in schema.own_tables:
        if not _names_its_rows(table):
            yield RULE.speaks(
                f"The table {table.name} has no primary key.",
                about=table.name,
                fix="add one: id bigint NOT NULL AUTO_INCREMENT PRIMARY KEY",
            )


def _names_its_rows(table: TableSchema) -> bool:
    unique = [key.columns for key in keys_of(table) if key.kind in ("PRIMARY", "UNIQUE")]
    return any(
        columns and all(column_parts(table.columns[c]).not_null for c in columns)
        for columns in unique
    )
