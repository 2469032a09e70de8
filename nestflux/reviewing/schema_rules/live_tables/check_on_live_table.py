"""A check is added to a live table, which is copied for it."""

from __future__ import annotations

from collections.abc import Iterator

from nestflux.database.verdicts import copies_table
from nestflux.reviewing.findings import Finding, Severity
from nestflux.reviewing.reviewed import ReviewedStep
from nestflux.reviewing.rule import rule
from nestflux.reviewing.schema_rule import Group, SchemaRule
from nestflux.reviewing.schema_rules.live_tables.cost import (
    BY_COPYING_ELSEWHERE,
    changes,
    large_live_table,
)
from nestflux.schema.objects import COLUMN, CONSTRAINT
from nestflux.sql.definitions import column_parts, foreign_key_parts

RULE = SchemaRule(
    "check-on-live-table",
    Severity.WARNING,
    "the server copies the table to check each of its rows, and writes to it wait that long",
    group=Group.LIVE_TABLES,
    summary="A check is added to a live table, which is copied for it.",
    source="MySQL Manual 17.12.1, Online DDL Operations: adding a CHECK constraint",
    bad="""\
class Post(models.Model):
    class Meta:
        constraints = [models.CheckConstraint(condition=Q(rating__lte=5), name="rating_up_to_5")]
""",
    good="""\
class Post(models.Model):
    rating = models.IntegerField(validators=[MaxValueValidator(5)])  # full_clean() looks at it
""",
)


@rule(ReviewedStep)
def checked_live_tables(step: ReviewedStep) -> Iterator[Finding]:
    table = large_live_table(step)
    for name in checks_added(step) if table and copies_table(step.record.verdict) else ():
        what = "check of the column" if name in step.after[table].columns else "check"
        yield RULE.speaks(
            f"The {what} {name} is added to {table}, which is copied to look at its rows.",
            about=f"{table}.{name}",
            fix=BY_COPYING_ELSEWHERE,
        )


def checks_added(step: ReviewedStep) -> list[str]:
    """The checks that a statement adds to its table; of one within a column the column's name."""
    own = [
        name
        for name, before, after in changes(step, CONSTRAINT)
        if after and after != before and not foreign_key_parts(after)
    ]
    within = [
        name
        for name, before, after in changes(step, COLUMN)
        if after and column_parts(after).check not in ("", column_parts(before or "").check)
    ]
    return own + within
