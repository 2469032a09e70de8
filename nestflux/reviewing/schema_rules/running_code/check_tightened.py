"""A check is added to a table, or becomes another one."""

from __future__ import annotations

from collections.abc import Iterator

from nestflux.reviewing.findings import Finding, Severity
from nestflux.reviewing.reviewed import ReviewedFile
from nestflux.reviewing.rule import rule
from nestflux.reviewing.schema_rule import Group, SchemaRule
from nestflux.reviewing.table_changes import TableChange
from nestflux.schema.transform.tables import names_in
from nestflux.sql.definitions import without_name

RULE = SchemaRule(
    "check-tightened",
    Severity.WARNING,
    "code that is still running writes values that break it, and fails with error 3819 or 4025",
    group=Group.RUNNING_CODE,
    summary="A check is added to a table, or becomes another one.",
    source="MySQL Manual 15.1.20.6, CHECK Constraints",
    bad="""\
constraints = [
    models.CheckConstraint(name="price_positive", condition=models.Q(price__gt=0)),
]  # while the code still writes 0
""",
    good="""\
# 1. Release code that writes no such value, and correct the rows that have one.
# 2. Add the constraint in the next release.
""",
)


@rule(ReviewedFile)
def tightened_checks(file: ReviewedFile) -> Iterator[Finding]:
    for table in file.changes.tables:
        known = {without_name(text) for text in table.before_renamed.checks.values()}
        for name, text in table.after.checks.items():
            columns = names_in(without_name(text))
            if without_name(text) in known or _is_of_new(columns, table):
                continue
            is_other = name in table.before.checks
            yield RULE.speaks(
                f"The check {name} of {table.name} "
                f"{'becomes another one' if is_other else 'is new'}.",
                about=f"{table.name}.{name}",
                fix="release code that keeps it first, correct the rows that break it, and add it "
                "in the next release",
            )


def _is_of_new(columns: tuple[str, ...], table: TableChange) -> bool:
    """Is it about new columns alone, or the check of a column that became unsigned, of which
    narrow-column speaks?"""
    unsigned = {
        new
        for new, column in zip(table.origins, table.kept, strict=True)
        if column.after.unsigned and not column.before.unsigned
    }
    return bool(columns) and set(columns) <= {*table.added, *unsigned}
