"""A Python step loops over a whole table at once."""

from __future__ import annotations

from collections.abc import Iterator

from nestflux.reviewing.findings import Finding, Severity
from nestflux.reviewing.reviewed import ReviewedStep
from nestflux.reviewing.rule import rule
from nestflux.reviewing.schema_rule import Group, SchemaRule
from nestflux.reviewing.step_queries import StepQueries

RULE = SchemaRule(
    "step-loads-whole-table",
    Severity.WARNING,
    "a queryset that is looped over keeps every row in memory, and the deploy may be killed in "
    "the middle of it",
    group=Group.PYTHON,
    summary="A Python step loops over a whole table at once.",
    source="Django documentation, QuerySet API reference: iterator()",
    bad="""\
for post in Post.objects.all():
    ...
""",
    good="""\
for post in Post.objects.iterator(chunk_size=2000):
    ...
""",
)
# So many rows are no burden.
_FEW = 10_000
# Tables of Django itself that are always small.
_SMALL = {"django_content_type", "django_site", "auth_permission", "auth_group"}


@rule(ReviewedStep)
def steps_that_load_tables(step: ReviewedStep) -> Iterator[Finding]:
    if step.source is None or not step.source.is_own:
        return
    for query in StepQueries(step.source).looped_over():
        rows = step.rows(query.table)
        is_small = query.table in _SMALL or (rows is not None and rows < _FEW)
        if query.is_of_all_rows and step.is_live(query.table) and not is_small:
            how = f" ({rows:,} rows)" if rows is not None else ""
            yield RULE.speaks(
                f"The step {step.source.code.name} loads all of {query.table}{how} into memory.",
                about=query.table,
                fix="end the query with .iterator(chunk_size=2000), and write with bulk_update() "
                "a chunk at a time",
            )
