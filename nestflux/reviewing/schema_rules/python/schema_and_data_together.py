"""A migration changes a live table and its rows together."""

from __future__ import annotations

from collections.abc import Iterator

from nestflux.reviewing.findings import Finding, Severity
from nestflux.reviewing.reviewed import ReviewedFile, ReviewedStep
from nestflux.reviewing.rule import rule
from nestflux.reviewing.schema_rule import Group, SchemaRule

RULE = SchemaRule(
    "schema-and-data-together",
    Severity.ADVICE,
    "MySQL commits each DDL statement by itself: where the data step fails, the schema has "
    "changed, and running code meets it until somebody has corrected the step",
    group=Group.PYTHON,
    summary="A migration changes a live table and its rows together.",
    source="MySQL Manual 15.3.3, Statements That Cause an Implicit Commit; Django documentation, "
    "Migrations: MySQL",
    bad="""\
migrations.AddField("post", "slug", models.SlugField(null=True)),
migrations.RunPython(fill_slugs, migrations.RunPython.noop),
""",
    good="""\
# 0004_post_slug.py: migrations.AddField(…)
# 0005_fill_slugs.py: migrations.RunPython(…), released and run after it
""",
)


@rule(ReviewedFile)
def schema_and_data(file: ReviewedFile) -> Iterator[Finding]:
    found: dict[str, list[ReviewedStep]] = {}
    for step in file.steps:
        if step.source and step.source.is_own:
            found.setdefault(step.source.name, []).append(step)
    for migration, steps in found.items():
        changed = [table for step in steps for table in step.live_tables]
        if changed and any(step.record.kind == "python" for step in steps):
            yield RULE.speaks(
                f"The migration {migration} changes {changed[0]} and runs a Python step.",
                about=migration,
                fix="make two migrations of it: the schema in one, the rows in the next",
            )
