"""A check is added over values that are there."""

from __future__ import annotations

from collections.abc import Iterator

from nestflux.reviewing.findings import Finding, Severity
from nestflux.reviewing.reviewed import ReviewedFile
from nestflux.reviewing.rule import rule
from nestflux.reviewing.schema_rule import Group, SchemaRule
from nestflux.reviewing.schema_rules.real_data.rows_at_stake import (
    by_rows,
    has_values,
    parts_changed,
)
from nestflux.schema.objects import CONSTRAINT
from nestflux.schema.transform.queries import breaking
from nestflux.schema.transform.tables import is_foreign_key, names_in
from nestflux.sql.brackets import apart
from nestflux.sql.lexer import text_of, tokens

RULE = SchemaRule(
    "check-over-rows",
    Severity.ADVICE,
    "a row that breaks it stops the deploy with error 3819, on MariaDB 4025",
    group=Group.REAL_DATA,
    summary="A check is added over values that are there.",
    source="MySQL Manual 15.1.20.6, CHECK Constraints",
    bad="""\
constraints = [models.CheckConstraint(condition=Q(rating__lte=5), name="rating_up_to_5")]
""",
    good="""\
SELECT COUNT(*) FROM blog_post WHERE NOT (rating <= 5);
-- once it finds none on the real database, add the check
""",
)


@rule(ReviewedFile)
def checks_over_rows(file: ReviewedFile) -> Iterator[Finding]:
    for step in file.steps:
        for table, name, before, after in parts_changed(step, CONSTRAINT):
            if not after or after == before or is_foreign_key(after):
                continue
            expression = _expression(after)
            columns = tuple(c for c in names_in(expression) if c in step.after[table].columns)
            if has_values(file, table, columns) and expression not in _held_before(file, table):
                finding = RULE.speaks(
                    f"The check {name} of {table} refuses rows that break it.",
                    about=f"{table}.{name}",
                    fix="look for such rows on the real database: "
                    f"{breaking(table, f'({expression})')}",
                )
                yield from by_rows(step, table, finding)


def _held_before(file: ReviewedFile, table: str) -> set[str]:
    return {_expression(text) for text in file.before[table].checks.values()}


def _expression(check: str) -> str:
    """What a check's brackets hold."""
    return text_of(apart(list(tokens(check)))[1])
