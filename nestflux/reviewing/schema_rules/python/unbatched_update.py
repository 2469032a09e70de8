"""One statement changes every row of a live table."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from django.db.migrations import AddField

from nestflux.reviewing.findings import Finding, Severity
from nestflux.reviewing.reviewed import ReviewedStep
from nestflux.reviewing.rule import rule
from nestflux.reviewing.schema_rule import Group, SchemaRule
from nestflux.reviewing.step_queries import StepQueries
from nestflux.sql.statement_parts import table_changed_whole

RULE = SchemaRule(
    "unbatched-update",
    Severity.WARNING,
    "it locks every row until it commits, so that code waits and fails with error 1205, and "
    "replicas lag behind by as long",
    group=Group.PYTHON,
    summary="One statement changes every row of a live table.",
    source="MySQL Manual 17.7.3, Locks Set by Different SQL Statements in InnoDB",
    bad="""\
migrations.RunSQL("UPDATE blog_post SET state = 'draft'")
""",
    good="""\
def fill(apps, schema_editor):  # in a migration with atomic = False
    posts = apps.get_model("blog", "Post").objects
    while ids := list(posts.filter(state="").values_list("pk", flat=True)[:2000]):
        posts.filter(pk__in=ids).update(state="draft")
""",
)
_MANY = 10_000  # rows, of which a person notices the wait
_FIX = "update some thousand rows at a time, each in a transaction of its own (atomic = False)"


@rule(ReviewedStep)
def unbatched_updates(step: ReviewedStep) -> Iterator[Finding]:
    verb, table = table_changed_whole(step.sql)
    # Of a new text on MySQL, which Django fills like that, required-column-without-default speaks.
    if verb == "UPDATE" and step.is_live(table) and not isinstance(step.operation, AddField):
        rows = step.rows(table)
        if rows is None or rows >= _MANY:
            yield RULE.speaks(
                f"One UPDATE changes every row of {table}{_counted(rows)}.", about=table, fix=_FIX
            )


@rule(ReviewedStep)
def unbatched_updates_of_python(step: ReviewedStep) -> Iterator[Finding]:
    """Advice alone, and of tables that are known to be large: no code is sure to run."""
    if step.source is None or not step.source.is_own:
        return
    for query in StepQueries(step.source).updates():
        rows = step.rows(query.table) or 0
        if rows >= _MANY and query.is_of_all_rows and step.is_live(query.table):
            found = RULE.speaks(
                f"The step {step.source.code.name} updates every row of {query.table}"
                f"{_counted(rows)} at once.",
                about=query.table,
                fix=_FIX,
            )
            yield replace(found, severity=Severity.ADVICE)


def _counted(rows: int | None) -> str:
    return "" if rows is None else f" ({rows:,} of them)"
