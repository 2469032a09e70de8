"""A text column becomes a JSON column."""

from __future__ import annotations

from collections.abc import Iterator

from nestflux.reviewing.column_kinds import kind_of_values
from nestflux.reviewing.findings import Finding, Severity
from nestflux.reviewing.reviewed import ReviewedFile
from nestflux.reviewing.rule import rule
from nestflux.reviewing.schema_rule import Group, SchemaRule

RULE = SchemaRule(
    "text-becomes-json",
    Severity.WARNING,
    "a row whose text is no JSON stops the file (3140, 4025), and so does an empty text; code "
    "that is still running writes text, which new code reads as a str",
    group=Group.RUNNING_CODE,
    summary="A text column becomes a JSON column.",
    source="MySQL Manual 13.5, The JSON Data Type",
    bad="""\
options = models.JSONField()  # it was a TextField
""",
    good="""\
-- Nothing: then the text can be converted.
SELECT id FROM blog_post WHERE NOT JSON_VALID(options);
""",
)


@rule(ReviewedFile)
def texts_become_json(file: ReviewedFile) -> Iterator[Finding]:
    for table in file.changes.tables:
        for column in table.kept:
            kinds = kind_of_values(column.before), kind_of_values(column.after)
            if kinds == ("text", "json"):
                yield RULE.speaks(
                    f"The text of {column.name} in {table.name} becomes JSON.",
                    about=column.about,
                    fix="look for rows that are no JSON first: SELECT COUNT(*) FROM "
                    f"{table.name} WHERE NOT JSON_VALID({column.name})",
                )
