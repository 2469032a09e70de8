"""A table or column is not called in snake_case."""

from __future__ import annotations

import re
from collections.abc import Iterator

from nestflux.reviewing.findings import Finding, Severity
from nestflux.reviewing.reviewed import ReviewedSchema
from nestflux.reviewing.rule import rule
from nestflux.reviewing.schema_rule import Group, SchemaRule

RULE = SchemaRule(
    "not-snake-case",
    Severity.ADVICE,
    "names of tables differ by their case on one system and not on another, and other signs need "
    "backquotes everywhere",
    group=Group.QUALITY,
    summary="A table or column is not called in snake_case.",
    source="MySQL Manual 11.2.3, Identifier Case Sensitivity",
    bad="""\
class Meta:
    db_table = "BlogPosts"
""",
    good="""\
class Meta:
    db_table = "blog_posts"
""",
)
_SNAKE_CASE = re.compile(r"[a-z_][a-z0-9_]*")


@rule(ReviewedSchema)
def names_of_other_cases(schema: ReviewedSchema) -> Iterator[Finding]:
    for table in schema.own_tables:
        if not _SNAKE_CASE.fullmatch(table.name):
            yield RULE.speaks(
                f"The table {table.name} is not called in snake_case.",
                about=table.name,
                fix="give the model a db_table in lower case with underscores",
            )
        for name in table.columns:
            if not _SNAKE_CASE.fullmatch(name):
                yield RULE.speaks(
                    f"The column {name} of {table.name} is not called in snake_case.",
                    about=f"{table.name}.{name}",
                    fix="give the field a name in lower case with underscores, or such a db_column",
                )
